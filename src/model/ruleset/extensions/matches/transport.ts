import { formatProtocol } from '../../../net/index.ts';
import { always, type Constraint, invertIf, type NumberField } from '../../../packet/index.ts';
import { allMeanings, type Backend, type Bad, bad, badValue, type Given, given, opaque, type Use } from '../../extension.ts';
import { type PortStyle, portHint, readPortRange } from '../../values/port.ts';
import { numberWithin } from '../within.ts';

/** The packet is not a later fragment: those have no transport header. */
export const firstPart: Constraint = { kind: 'number', field: 'fragment', ranges: [[0, 0]] };

/**
 * A match that the kernel takes behind `-p` of its protocol only. iptables-nft also takes tcp and udp behind the inverted
 * protocol; it then compares bytes of whatever header is there, which no field of a packet tells.
 */
export function behindProtocol(use: Use, name: string, proto: number, meaning: () => Constraint | Bad): Constraint | Bad {
  if (use.proto === proto) return meaning();
  if (use.notProto === proto && (name === 'tcp' || name === 'udp')) return opaque(use, 'pure');
  return bad(`-m ${name} stands without -p ${formatProtocol(proto)}`, `write -p ${formatProtocol(proto)} before it`);
}

/** `--sport` and `--dport` of a transport match. */
export function ports(use: Use, style: PortStyle): Constraint | Bad {
  return allMeanings(firstPart, portField(use, '--sport', 'sport', style), portField(use, '--dport', 'dport', style));
}

/** A port option: one port or one range. */
export function portField(use: Use, name: string, field: NumberField, style: PortStyle): Constraint | Bad {
  const one = given(use, name);
  if (one === undefined) return always;
  const range = readPortRange(one.values[0] ?? '', style);
  return range === undefined ? badValue(one, portHint) : invertIf(one.inverted, numberWithin(field, range));
}

/** Ports that hold every number do not print. */
export function withoutEveryPort(spelled: readonly Given[]): readonly Given[] {
  return spelled.filter((one) => !isEveryPort(one) || one.inverted);
}

function isEveryPort(one: Given): boolean {
  return (one.name === '--sport' || one.name === '--dport') && one.values[0] === '0:65535';
}

/**
 * Ports of tcp and udp, which iptables-nft turns into expressions of nft and back. Every port inverted prints as nothing by
 * either backend, by iptables-nft not even the match: read again the rule matches every port (iptables 1.8.9).
 */
export function savedPorts(backend: Backend, spelled: readonly Given[]): readonly Given[] | null {
  const kept = spelled.filter((one) => !isEveryPort(one));
  if (backend === 'legacy') return kept;
  if (kept.length === 0 && spelled.some((one) => one.inverted)) return null;
  return kept.map((one) => {
    const end =
      one.inverted && (one.name === '--sport' || one.name === '--dport') ? /^0:(\d+)$/.exec(one.values[0] ?? '')?.[1] : undefined;
    if (end === undefined) return one;
    const rest = Number(end) + 1;
    return { name: one.name, inverted: false, values: [rest === 65_535 ? '65535' : `${rest}:65535`] };
  });
}
