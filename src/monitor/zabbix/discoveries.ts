import type { Discovery, Prototype, ValueOf } from './item.ts';
import { plainId, plainText } from './text.ts';

type Chain = ValueOf<'chains'>[number];
type Set = ValueOf<'sets'>[number];
type Rule = ValueOf<'rules'>[number];

const chainId = ({ family, table, chain }: Pick<Chain, 'family' | 'table' | 'chain'>): string =>
  `${family}/${plainId(table)}/${plainId(chain)}`;

const counters = (
  noun: 'chain' | 'rule',
  what: string,
): readonly Prototype<{ packets: number | null; bytes: number | null }>[] => [
  {
    field: `${noun}.packets`,
    name: 'Packets',
    says: `Packets ${what}.`,
    ...{ component: `${noun}s`, type: 'FLOAT', units: 'pps', keeps: 'rate' },
    of: ({ packets }) => packets ?? undefined,
  },
  {
    field: `${noun}.bytes`,
    name: 'Bytes',
    says: `Bytes ${what}.`,
    ...{ component: `${noun}s`, type: 'FLOAT', units: 'Bps', keeps: 'rate' },
    of: ({ bytes }) => bytes ?? undefined,
  },
];

const chains: Discovery<Chain> = {
  noun: 'chain',
  name: 'Chains',
  says: 'Chains of both families. Those that programs make for themselves are left out by {$IPT.CHAIN.NOT_MATCHES}.',
  most: 500,
  things: ({ chains: all }) => (all.known ? all.value : null),
  id: chainId,
  macroNames: ['FAMILY', 'TABLE', 'CHAIN', 'BUILTIN'],
  macros: ({ family, table, chain, policy }) => ({
    FAMILY: `IPv${family}`,
    TABLE: plainText(table, 40),
    CHAIN: plainText(chain, 40),
    BUILTIN: policy === null ? 'no' : 'yes',
  }),
  filters: [{ macro: '{#CHAIN}', matches: '{$IPT.CHAIN.MATCHES}', notMatches: '{$IPT.CHAIN.NOT_MATCHES}' }],
  called: '{#FAMILY} {#TABLE}/{#CHAIN}',
  items: [
    {
      field: 'chain.policy',
      name: 'Policy',
      says: 'What happens to packets that no rule decides about. Chains that somebody made have none.',
      ...{ component: 'chains', type: 'CHAR', keeps: 'changes' },
      of: ({ policy }) => policy ?? undefined,
      triggers: [
        {
          id: 'chain.policy.changed',
          name: 'Iptables: {#FAMILY} {#TABLE}/{#CHAIN}: The policy has changed',
          event: 'Iptables: {#FAMILY} {#TABLE}/{#CHAIN}: The policy is {ITEM.LASTVALUE1} now',
          expression: 'last(@chain.policy,#1)<>last(@chain.policy,#2)',
          priority: 'HIGH',
          scope: 'security',
          closedByHand: true,
          says: 'palisade journal show says who changed it; palisade drift which packets that means.',
        },
      ],
    },
    {
      field: 'chain.rules',
      name: 'Rules',
      says: 'How many rules it has.',
      ...{ component: 'chains', type: 'UNSIGNED', keeps: 'changes' },
      of: ({ rules }) => rules,
    },
    ...counters('chain', 'that its policy decided about'),
  ],
};

/** A set that is gone is no problem for ever; one of which nothing is known is, while it may be there. */
const stillThere = '(nodata(@set.used,{$IPT.GONE.AFTER})=0 or nodata(@sets,{$IPT.GONE.AFTER})=1)';

const sets: Discovery<Set> = {
  noun: 'set',
  name: 'Sets',
  says: 'Sets of ipset.',
  most: 500,
  things: ({ sets: all }) => (all.known ? all.value : null),
  id: ({ name }) => plainId(name),
  macroNames: ['SET', 'TYPE'],
  macros: ({ name, type }) => ({ SET: plainText(name, 40), TYPE: plainText(type, 40) }),
  filters: [{ macro: '{#SET}', matches: '{$IPT.SET.MATCHES}', notMatches: '{$IPT.SET.NOT_MATCHES}' }],
  called: 'Set {#SET}',
  items: [
    {
      field: 'set.entries',
      name: 'Members',
      says: 'How many members it has.',
      ...{ component: 'sets', type: 'UNSIGNED' },
      of: ({ entries }) => entries,
    },
    {
      field: 'set.used',
      name: 'Used',
      says: 'Members of those that it takes. Absent for sets without a limit. What does not fit in is not matched.',
      ...{ component: 'sets', type: 'FLOAT', units: '%' },
      of: ({ entries, most }) => (most === null || most <= 0 ? undefined : Math.round((entries / most) * 10_000) / 100),
      triggers: [
        {
          id: 'set.full',
          name: 'Iptables: Set {#SET} is full soon',
          event: 'Iptables: Set {#SET} is {ITEM.LASTVALUE1} full',
          expression: `last(@set.used)>{$IPT.SET.USED.CRIT} and ${stillThere}`,
          priority: 'HIGH',
          scope: 'capacity',
          says: 'Whoever does not fit into a set is not matched by its rules: not banned, or not let in. Make it anew with a larger maxelem.',
        },
        {
          id: 'set.filling',
          name: 'Iptables: Set {#SET} is filling',
          event: 'Iptables: Set {#SET} is {ITEM.LASTVALUE1} full',
          expression: `last(@set.used)>{$IPT.SET.USED.WARN} and ${stillThere}`,
          priority: 'WARNING',
          scope: 'capacity',
          below: 'set.full',
          says: 'Make it anew with a larger maxelem before it is full.',
        },
      ],
    },
  ],
};

const rules: Discovery<Rule> = {
  noun: 'rule',
  name: 'Rules',
  says: 'Rules of both families, by a digest of what they say: the same wherever they stand, and after each reload.',
  most: 500,
  things: ({ rules: all }) => (all.known ? all.value : null),
  id: ({ id }) => plainId(id),
  macroNames: ['FAMILY', 'TABLE', 'CHAIN', 'TARGET', 'LABEL'],
  macros: ({ family, table, chain, target, comment, text }) => ({
    FAMILY: `IPv${family}`,
    TABLE: plainText(table, 40),
    CHAIN: plainText(chain, 40),
    TARGET: plainText(target, 40),
    LABEL: plainText(comment ?? text, 100),
  }),
  filters: [
    { macro: '{#CHAIN}', matches: '{$IPT.RULE.CHAIN.MATCHES}', notMatches: '{$IPT.RULE.CHAIN.NOT_MATCHES}' },
    { macro: '{#LABEL}', matches: '{$IPT.RULE.MATCHES}', notMatches: '{$IPT.RULE.NOT_MATCHES}' },
  ],
  called: '{#FAMILY} {#TABLE}/{#CHAIN} {#LABEL}',
  items: [
    ...counters('rule', 'that it met'),
    {
      field: 'rule.last',
      name: 'Latest packet',
      says: 'When its last packet was noticed; absent while none was.',
      ...{ component: 'rules', type: 'UNSIGNED', units: 'unixtime', keeps: 'changes' },
      of: ({ lastHit }) => (lastHit === null ? undefined : Math.floor(lastHit)),
    },
  ],
};

/** What there may be many of. */
export const discoveries: readonly Discovery[] = [chains, sets, rules];
