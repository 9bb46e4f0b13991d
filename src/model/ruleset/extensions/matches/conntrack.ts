import { ranges } from '../../../net/index.ts';
import {
  type AddressField,
  allOf,
  always,
  anyOf,
  type Constraint,
  ctStatus,
  invertIf,
  type NumberField,
  never,
  not,
  states,
} from '../../../packet/index.ts';
import {
  allMeanings,
  type Bad,
  bad,
  badValue,
  type Given,
  given,
  type Match,
  opaque,
  type Use,
  type ValueType,
} from '../../extension.ts';
import { options } from '../../option.ts';
import { addressHint, readNetwork, unmaskedNetwork } from '../../values/address.ts';
import { choice } from '../../values/choice.ts';
import { u32, wholeRange } from '../../values/number.ts';
import { portHint, portRange, readPortRange } from '../../values/port.ts';
import { protocolNumber, readProtocol } from '../../values/protocol.ts';
import { numberWithin } from '../within.ts';

/** The packet belongs to a connection that the kernel knows. */
export const tracked: Constraint = { kind: 'number', field: 'state', ranges: [[1, 3]] };

/** Protocols whose tuples hold ports rather than ICMP's type, code and id; DCCP's do so before Linux 6.16 only. */
const portProtocols = ranges<number>([6, 6], [17, 17], [132, 132], [136, 136]);

/** Order in which names are tried: iptables takes any beginning of one (libxt_conntrack.c). */
export const stateNames = ['INVALID', 'NEW', 'ESTABLISHED', 'RELATED', 'UNTRACKED'] as const;
const statusNames = ['NONE', 'EXPECTED', 'SEEN_REPLY', 'ASSURED', 'CONFIRMED'] as const;

/**
 * net/netfilter/xt_conntrack.c, conntrack_mt. A packet without a connection (INVALID, UNTRACKED) is judged by its
 * state alone and never matches a use that does not ask for the state, whatever else stands there or is inverted.
 * The reply tuple and the expiry are no fields of a packet; NAT changes the former on the way, so each use is its own.
 */
export const conntrack: Match = {
  kind: 'match',
  name: 'conntrack',
  families: [4, 6],
  options: options(
    ['! --ctstate STATES', stateList([...stateNames, 'SNAT', 'DNAT'])],
    ['! --ctproto PROTO', protocolNumber],
    ['! --ctorigsrc ADDRESS', unmaskedNetwork],
    ['! --ctorigdst ADDRESS', unmaskedNetwork],
    ['! --ctreplsrc ADDRESS', unmaskedNetwork],
    ['! --ctrepldst ADDRESS', unmaskedNetwork],
    ['! --ctorigsrcport PORTS', portRange('guided')],
    ['! --ctorigdstport PORTS', portRange('guided')],
    ['! --ctreplsrcport PORTS', portRange('guided')],
    ['! --ctrepldstport PORTS', portRange('guided')],
    ['! --ctstatus STATUS', listType(statusNames, statusNames.slice(1))],
    ['! --ctexpire TIMES', wholeRange(u32)],
    ['--ctdir DIRECTION', choice(['ORIGINAL', 'REPLY'], {}, 'any')],
  ),

  meaning(use) {
    if (use.given.length === 0) return bad('-m conntrack has no condition', 'write --ctstate');
    const state = given(use, '--ctstate');
    const byState = state === undefined ? undefined : stateIs(state, [...stateNames, 'SNAT', 'DNAT']);
    if (byState?.kind === 'bad') return byState;
    const beside = allMeanings(
      direction(given(use, '--ctdir')),
      address(use, '--ctorigsrc', 'origSrc'),
      address(use, '--ctorigdst', 'origDst'),
      port(use, '--ctorigsrcport', 'origSport'),
      port(use, '--ctorigdstport', 'origDport'),
      protocol(given(use, '--ctproto')),
      status(given(use, '--ctstatus')),
      use.given.some((one) => /^--ct(repl|expire)/.test(one.name)) ? opaque(use, 'stateful') : always,
    );
    if (beside.kind === 'bad' || beside.kind === 'always') return byState === undefined ? allMeanings(tracked, beside) : byState;
    return anyOf(allOf(tracked, byState ?? always, beside), byState === undefined ? never : allOf(not(tracked), byState));
  },
};

/** The packet's state is among the named ones; also of `-m state`. SNAT and DNAT are bits of a known connection's status. */
export function stateIs(one: Given, known: readonly string[]): Constraint | Bad {
  const named = (one.values[0] ?? '')
    .split(',')
    .map((text) => known.find((name) => text !== '' && name.startsWith(text.toUpperCase())));
  if (named.includes(undefined)) return badValue(one, `write some of ${known.join(',')}`);
  const numbers = states.flatMap((state, index) => (named.includes(state) ? [[index, index] as const] : []));
  const bits = (named.includes('SNAT') ? ctStatus.SNAT : 0) | (named.includes('DNAT') ? ctStatus.DNAT : 0);
  const plain: Constraint = numbers.length === 0 ? never : { kind: 'number', field: 'state', ranges: ranges<number>(...numbers) };
  const translated: Constraint = bits === 0 ? never : allOf(tracked, { kind: 'anyBit', field: 'status', mask: bits });
  return invertIf(one.inverted, anyOf(plain, translated));
}

function direction(one: Given | undefined): Constraint | Bad {
  if (one === undefined) return always;
  const text = one.values[0]?.toUpperCase();
  if (text !== 'ORIGINAL' && text !== 'REPLY') return badValue(one, 'write ORIGINAL or REPLY');
  const value = text === 'ORIGINAL' ? 0 : 1;
  return { kind: 'number', field: 'direction', ranges: [[value, value]] };
}

function address(use: Use, name: string, field: AddressField): Constraint | Bad {
  const one = given(use, name);
  if (one === undefined) return always;
  const within = readNetwork(one.values[0] ?? '', use.family);
  if (within === undefined) return badValue(one, addressHint(use.family));
  return within === null ? opaque(use, 'pure') : invertIf(one.inverted, { kind: 'address', field, ranges: within });
}

function port(use: Use, name: string, field: NumberField): Constraint | Bad {
  const one = given(use, name);
  if (one === undefined) return always;
  const range = readPortRange(one.values[0] ?? '', 'guided');
  if (range === undefined) return badValue(one, portHint);
  const is = invertIf(one.inverted, numberWithin(field, range));
  if (use.proto !== null && portProtocols.some(([lo, hi]) => use.proto !== null && lo <= use.proto && use.proto <= hi)) return is;
  // Without ports the kernel compares what stands in their place: ICMP's id, or its type and code.
  const hasPorts: Constraint = { kind: 'number', field: 'origProto', ranges: portProtocols };
  return anyOf(allOf(hasPorts, is), allOf(not(hasPorts), opaque(use, 'pure')));
}

function protocol(one: Given | undefined): Constraint | Bad {
  if (one === undefined) return always;
  const number = readProtocol(one.values[0] ?? '');
  if (number === undefined) return badValue(one, 'write a protocol or its number');
  return invertIf(one.inverted, { kind: 'number', field: 'origProto', ranges: [[number, number]] });
}

function status(one: Given | undefined): Constraint | Bad {
  if (one === undefined) return always;
  const named = (one.values[0] ?? '')
    .split(',')
    .map((text) => statusNames.find((name) => text !== '' && name.startsWith(text.toUpperCase())));
  const known = named.filter((name) => name !== undefined);
  if (known.length < named.length) return badValue(one, `write some of ${statusNames.join(',')}`);
  // NONE adds no bit: alone it can never be met.
  const mask = known.reduce((sum, name) => sum | (name === 'NONE' ? 0 : ctStatus[name]), 0);
  return invertIf(one.inverted, mask === 0 ? never : { kind: 'anyBit', field: 'status', mask });
}

function listType(names: readonly string[], printed: readonly string[]): ValueType {
  const find = (text: string): string | undefined => names.find((name) => text !== '' && name.startsWith(text.toUpperCase()));
  return {
    hint: `write some of ${names.join(',')}`,
    saved: (text) => {
      const found = text.split(',').map(find);
      if (found.includes(undefined)) return undefined;
      return printed.filter((name) => found.includes(name)).join(',') || 'NONE';
    },
    examples: () => [
      ...names,
      names.join(','),
      [...names].reverse().join(','),
      (names[1] ?? '').toLowerCase(),
      (names[2] ?? '').slice(0, 3),
    ],
    refused: () => ['NOSUCH', `${names[0]},NOSUCH`, ''],
  };
}

/** States in the order in which they print. */
export function stateList(names: readonly string[]): ValueType {
  return listType(names, ['INVALID', 'NEW', 'RELATED', 'ESTABLISHED', 'UNTRACKED', 'SNAT', 'DNAT']);
}
