import { formatProtocol } from '../../../net/index.ts';
import { always, type Constraint, invertIf, type NumberField } from '../../../packet/index.ts';
import { allMeanings, type Bad, bad, badValue, given, opaque, type Use } from '../../extension.ts';
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
