import type { Family } from '../net/index.ts';
import { always, type Constraint, invertIf, never } from '../packet/index.ts';
import { type Bad, bad } from './extension.ts';
import type { Condition } from './rule.ts';
import { addressHint, readNetwork } from './values/address.ts';
import { readProtocol } from './values/protocol.ts';

/** What one of the rule's own conditions says of a packet (net/ipv4/netfilter/ip_tables.c, ip_packet_match). */
export function conditionMeaning(condition: Condition, family: Family): Constraint | Bad {
  const { kind, inverted, value } = condition;
  switch (kind) {
    case 'fragment':
      return invertIf(inverted, { kind: 'number', field: 'fragment', ranges: [[1, 1]] });
    case 'proto': {
      const number = readProtocol(value);
      if (number === undefined) return bad(`"${value}" is no protocol that palisade knows`, 'write its number');
      return number === 0 ? always : invertIf(inverted, { kind: 'number', field: 'proto', ranges: [[number, number]] });
    }
    case 'src':
    case 'dst': {
      const within = readNetwork(value, family);
      if (within === undefined) return bad(`"${value}" is no IPv${family} address`, addressHint(family));
      if (within !== null) return invertIf(inverted, { kind: 'address', field: kind, ranges: within });
      const text = `${inverted ? '! ' : ''}-${kind === 'src' ? 's' : 'd'} ${value}`;
      return { kind: 'opaque', text, nature: 'pure', hotdrop: false, unknown: false };
    }
    case 'in':
    case 'out':
      return interfaceMeaning(value, kind, inverted);
  }
}

/** `eth+` is every name that begins so, `+` every packet whether it has such an interface or not. */
function interfaceMeaning(value: string, field: 'in' | 'out', inverted: boolean): Constraint | Bad {
  if (value === '') return bad('the interface has no name', 'write one such as eth0');
  if (value.length > 15) return bad(`"${value}" is too long for an interface`, 'Linux allows 15 bytes');
  const prefix = value.endsWith('+');
  if (value === '+') return inverted ? never : always;
  return invertIf(inverted, { kind: 'interface', field, name: prefix ? value.slice(0, -1) : value, prefix });
}
