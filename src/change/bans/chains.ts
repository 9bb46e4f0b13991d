import { banSetNames } from '../../kernel/index.ts';
import type { Family } from '../../model/net/index.ts';
import { lineText, type Ruleset, ruleMeaning, type Table } from '../../model/ruleset/index.ts';
import type { Transaction } from '../apply/transaction.ts';

/** The chains that ask who is shut out. Not with the prefix of a policy's own: no change of a policy takes them away. */
export const banChains = { new: 'PALISADE-BAN', all: 'PALISADE-SHUT' } as const;

/** A chain that asks, in its table, and from where it is entered. */
interface Gate {
  readonly table: string;
  readonly chain: string;
  readonly from: readonly string[];
  /** Only where somebody has made them: Docker puts its own jumps before ours when it starts again, except the one to this chain. */
  readonly fromWhereThere: readonly string[];
  rules(family: Family): readonly string[];
}

/**
 * What is established goes on in the filter: an address may be forged, and whoever is connected already is somebody else then. Packets that belong
 * to no connection, as of stealth scans, are dropped with those that begin one. Neighbour discovery is tracked by nobody, and passes.
 *
 * The raw table sees all packets, those to containers and answers to our own connections too: only who has proved who he is comes into its set. In both,
 * whoever is never shut out passes before anybody asks, also where somebody put him into a set by hand.
 *
 * Nothing is logged here: the detectors do not see who is shut out, by design, and a source that comes back when its ban has ended is seen and shut out for
 * longer. What is dropped is counted, by rule and by member of a set.
 */
const gates: readonly Gate[] = [
  {
    table: 'filter',
    chain: banChains.new,
    from: ['INPUT', 'FORWARD'],
    fromWhereThere: ['DOCKER-USER'],
    rules: (family) => [
      '-m conntrack ! --ctstate INVALID,NEW -j RETURN',
      `-m set --match-set ${banSetNames.never[family]} src -j RETURN`,
      `-m set --match-set ${banSetNames.new[family]} src -j DROP`,
      `-m set --match-set ${banSetNames.list[family]} src -j DROP`,
    ],
  },
  {
    table: 'raw',
    chain: banChains.all,
    from: ['PREROUTING'],
    fromWhereThere: [],
    rules: (family) => [
      `-m set --match-set ${banSetNames.never[family]} src -j RETURN`,
      `-m set --match-set ${banSetNames.all[family]} src -j DROP`,
    ],
  },
];

/** Whether a rule of these chains is one that belongs there, as the kernel prints it. */
export function isBanRule(chain: string, rule: string): boolean {
  return gates.some((gate) => gate.chain === chain && ([4, 6] as const).some((family) => gate.rules(family).includes(rule)));
}

/**
 * What `iptables-restore --noflush` reads to have these chains asked before everything else, one table each; empty where they are. The sets must be
 * there before.
 */
export function banTransactions(ruleset: Ruleset): readonly Transaction[] {
  return gates.flatMap((gate) => {
    const { table, chain } = gate;
    const found = tableOf(ruleset, table);
    const rules = gate.rules(ruleset.family);
    const there = found?.chains.get(chain)?.rules.map((rule) => lineText(ruleset, rule).slice(`-A ${chain} `.length));
    const entries = [...gate.from, ...gate.fromWhereThere.filter((name) => found?.chains.has(name))];
    const moved = entries.filter((from) => !isFirst(ruleset, found, from, chain));
    const isSame = there !== undefined && there.join('\n') === rules.join('\n');
    if (isSame && moved.length === 0) return [];
    const lines = [`*${table}`];
    // Declared again, it is empty.
    if (!isSame) lines.push(`:${chain} - [0:0]`, ...rules.map((rule) => `-A ${chain} ${rule}`));
    for (const from of moved) lines.push(...jumpsFrom(ruleset, found, from, chain), `-I ${from} 1 -j ${chain}`);
    return [{ table, text: `${lines.join('\n')}\nCOMMIT\n` }];
  });
}

/** What takes them away again; a chain that somebody else's rule leads to stays, empty. The sets can go behind it. */
export function banRemoval(ruleset: Ruleset): readonly Transaction[] {
  return gates.flatMap(({ table, chain, from, fromWhereThere }) => {
    const found = tableOf(ruleset, table);
    if (found === undefined || !found.chains.has(chain)) return [];
    const ours = [...from, ...fromWhereThere];
    const isAsked = found.rules.some((rule) => !ours.includes(rule.chain) && leadsTo(ruleset, rule, chain));
    const lines = [
      `*${table}`,
      ...ours.flatMap((name) => jumpsFrom(ruleset, found, name, chain)),
      `-F ${chain}`,
      ...(isAsked ? [] : [`-X ${chain}`]),
    ];
    return [{ table, text: `${lines.join('\n')}\nCOMMIT\n` }];
  });
}

function tableOf(ruleset: Ruleset, name: string): Table | undefined {
  return ruleset.tables.find((table) => table.name === name);
}

/** The plain jump stands there once, and before it at most what only takes away by itself, such as fail2ban's jumps. */
function isFirst(ruleset: Ruleset, table: Table | undefined, from: string, chain: string): boolean {
  const rules = table?.chains.get(from)?.rules ?? [];
  const jumps = rules.filter((rule) => leadsTo(ruleset, rule, chain));
  const [jump] = jumps;
  if (jump === undefined || jumps.length > 1 || lineText(ruleset, jump) !== `-A ${from} -j ${chain}`) return false;
  return rules.slice(0, rules.indexOf(jump)).every((rule) => {
    const { effect } = ruleMeaning(ruleset, rule);
    if (effect.kind === 'verdict') return effect.verdict === 'DROP' || effect.verdict === 'REJECT';
    return effect.kind === 'log' || (effect.kind === 'jump' && !effect.goto && otherBans.test(effect.chain));
  });
}

const otherBans = /^(?:f2b|fail2ban)-|^CROWDSEC|^sshguard$/;

function jumpsFrom(ruleset: Ruleset, table: Table | undefined, from: string, chain: string): readonly string[] {
  return (table?.chains.get(from)?.rules ?? [])
    .filter((rule) => leadsTo(ruleset, rule, chain))
    .map((rule) => lineText(ruleset, rule).replace(/^-A /, '-D '));
}

function leadsTo(ruleset: Ruleset, rule: Table['rules'][number], chain: string): boolean {
  const { effect } = ruleMeaning(ruleset, rule);
  return effect.kind === 'jump' && effect.chain === chain;
}
