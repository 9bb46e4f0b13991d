import { TCP } from '../../../net/index.ts';
import { always, type Constraint, invertIf, tcpFlags } from '../../../packet/index.ts';
import { allMeanings, type Bad, bad, badValue, type Given, given, type Match, opaque, type Use } from '../../extension.ts';
import { options } from '../../option.ts';
import { behindProtocol, ports } from './transport.ts';

/** Every flag of the header but ECN's, as `ALL` says. */
const names: Readonly<Record<string, number>> = { ...tcpFlags, ALL: 63, NONE: 0 };

/**
 * net/netfilter/xt_tcpudp.c, tcp_mt: a later fragment never matches, whatever is inverted. The kernel refuses the match
 * without `-p tcp`; iptables-nft takes `! -p tcp -m tcp`, which then compares bytes of other protocols' headers.
 */
export const tcp: Match = {
  kind: 'match',
  name: 'tcp',
  families: [4, 6],
  impliedBy: ['tcp'],
  options: options(
    '! --sport|--source-port PORTS',
    '! --dport|--destination-port PORTS',
    '! --tcp-flags MASK COMP',
    '! --syn',
    '! --tcp-option NUMBER',
  ),
  meaning(use) {
    return behindProtocol(use, 'tcp', TCP, () => tcpMeaning(use));
  },
};

function tcpMeaning(use: Use): Constraint | Bad {
  const option = given(use, '--tcp-option');
  return allMeanings(
    ports(use, 'old'),
    flags(given(use, '--tcp-flags')),
    synOnly(given(use, '--syn')),
    option === undefined ? always : (optionNumber(option) ?? opaque(use, 'pure')),
  );
}

function synOnly(one: Given | undefined): Constraint {
  if (one === undefined) return always;
  const mask = tcpFlags.SYN | tcpFlags.RST | tcpFlags.ACK | tcpFlags.FIN;
  return invertIf(one.inverted, { kind: 'bits', field: 'flags', mask, value: tcpFlags.SYN });
}

function flags(one: Given | undefined): Constraint | Bad {
  if (one === undefined) return always;
  const [mask, value] = one.values.map(flagBits);
  if (mask === undefined || value === undefined)
    return badValue(one, 'write two lists of SYN,ACK,FIN,RST,URG,PSH, or ALL or NONE');
  return invertIf(one.inverted, { kind: 'bits', field: 'flags', mask, value });
}

function flagBits(text: string): number | undefined {
  let bits = 0;
  for (const name of text.split(',')) {
    const upper = name.toUpperCase();
    if (!Object.hasOwn(names, upper)) return undefined;
    bits |= names[upper] as number;
  }
  return bits;
}

function optionNumber(one: Given): Bad | undefined {
  const number = Number(one.values[0]);
  return Number.isInteger(number) && number > 0 && number < 256
    ? undefined
    : bad('--tcp-option cannot take this value', 'write a number from 1 to 255', '--tcp-option');
}
