import { TCP } from '../../../net/index.ts';
import { always, type Constraint, invertIf, tcpFlags } from '../../../packet/index.ts';
import {
  allMeanings,
  type Backend,
  type Bad,
  bad,
  badValue,
  type Given,
  given,
  type Match,
  type Use,
  type ValueType,
} from '../../extension.ts';
import { options } from '../../option.ts';
import { readNumber, u8, whole } from '../../values/number.ts';
import { portRange } from '../../values/port.ts';
import { behindProtocol, ports, savedPorts } from './transport.ts';

/** Every flag of the header but ECN's, as `ALL` says. */
const names: Readonly<Record<string, number>> = { ...tcpFlags, ALL: 63, NONE: 0 };

function tcpMeaning(use: Use): Constraint | Bad {
  return allMeanings(
    ports(use, 'old'),
    flags(given(use, '--tcp-flags')),
    synOnly(given(use, '--syn')),
    hasOption(given(use, '--tcp-option')),
  );
}

/** Each of the 255 options is there or not, and that is one thing whatever else a rule asks. */
function hasOption(one: Given | undefined): Constraint | Bad {
  if (one === undefined) return always;
  const number = readNumber(one.values[0] ?? '', 255);
  if (number === undefined || number === 0)
    return bad('--tcp-option cannot take this value', 'write a number from 1 to 255', one.name);
  const text = `-m tcp --tcp-option ${number}`;
  return invertIf(one.inverted, { kind: 'opaque', text, nature: 'pure', hotdrop: false, unknown: false });
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

const printedFlags = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG'] as const;

/** Flags in the order of their bits. */
const flagList: ValueType = {
  hint: 'write a list of SYN,ACK,FIN,RST,URG,PSH, or ALL or NONE',
  saved: (text) => {
    const bits = flagBits(text);
    return bits === undefined ? undefined : flagText(bits);
  },
  examples: () => ['ALL', 'NONE', 'SYN', 'SYN,ACK,FIN,RST', 'syn,ack', 'URG,PSH', 'FIN,SYN,RST,PSH,ACK,URG', 'SYN,SYN'],
  refused: () => ['NOSUCH', '', 'SYN,'],
};

function flagText(bits: number): string {
  return bits === 0 ? 'NONE' : printedFlags.filter((flag) => (bits & tcpFlags[flag]) !== 0).join(',');
}

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
    ['! --sport|--source-port PORTS', portRange('old')],
    ['! --dport|--destination-port PORTS', portRange('old')],
    ['! --tcp-option NUMBER', whole(1n, u8)],
    ['! --tcp-flags MASK COMP', flagList, flagList],
    '! --syn',
  ),

  limits: [{ kind: 'at-most-one', of: ['--tcp-flags', '--syn'] }],
  // `--syn` prints as the flags that it stands for.
  saved: (_use, backend, spelled) => {
    const kept = savedPorts(
      backend,
      spelled.filter((one) => !saysNothing(backend, one)),
    );
    if (kept === null || (kept.length === 0 && spelled.some((one) => one.inverted && saysNothing(backend, one)))) return null;
    return kept.map((one) => (one.name === '--syn' ? { ...one, name: '--tcp-flags', values: ['FIN,SYN,RST,ACK', 'SYN'] } : one));
  },
  meaning(use) {
    return behindProtocol(use, 'tcp', TCP, () => tcpMeaning(use));
  },
};

/** No flag looked at and none wanted: it does not print, inverted only by iptables-legacy. */
function saysNothing(backend: Backend, one: Given): boolean {
  return (
    one.name === '--tcp-flags' && one.values[0] === 'NONE' && one.values[1] === 'NONE' && (backend === 'nft' || !one.inverted)
  );
}
