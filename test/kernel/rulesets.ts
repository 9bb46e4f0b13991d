import { type Family, formatAddress } from '../../src/model/net/index.ts';
import { type Edges, noEdges } from './edges.ts';
import { GROUP } from './lab.ts';
import { lastPacket } from './last.ts';
import type { Choice, MadeRule } from './made.ts';
import type { Site } from './matches.ts';
import type { Random } from './random.ts';
import { makeRule, type TableName } from './targets.ts';

/** A ruleset made by chance, and what it exercises. */
export interface MadeRuleset {
  readonly family: Family;
  readonly tracking: boolean;
  readonly edges: Edges;
  /** As an administrator would load it. Its only reports are those of {@link observers}. */
  readonly text: string;
  /** The same, with a report before each rule of every packet that the rule matches; its prefix is {@link ruleName}. */
  readonly instrumented: string;
  /** By {@link ruleName}: what the rule's matches and target are. */
  readonly kinds: ReadonlyMap<string, readonly string[]>;
  /** Translations that leave the kernel a choice. */
  readonly choices: readonly Choice[];
}

/** Words of a rule that name its matches and its target; what stands in quotes is a comment's. */
function extensionsOf(text: string): readonly string[] {
  const words = text.replace(/"(\\.|[^"\\])*"/g, '').split(' ');
  return words.flatMap((word, index) => (word === '-m' || word === '-j' ? [`${word} ${words[index + 1]}`] : []));
}

/** Names a rule in reports: prefixes hold at most 64 bytes. */
export function ruleName(rule: { readonly table: string; readonly chain: string; readonly rule: number | 'policy' }): string {
  return `${rule.table}:${rule.chain}:${rule.rule}`;
}

interface MadeChain {
  readonly name: string;
  readonly policy: 'ACCEPT' | 'DROP' | null;
  readonly rules: readonly MadeRule[];
}

const builtin: Readonly<Record<TableName, readonly string[]>> = {
  raw: ['PREROUTING', 'OUTPUT'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
};

export function makeRuleset(random: Random, family: Family, tracking: boolean, setNames: ReadonlySet<string>): MadeRuleset {
  const edges = noEdges();
  // A restore leaves alone the tables that it does not name, so each is named. The mere presence of nat tracks connections.
  const tables = (['raw', 'mangle', 'nat', 'filter'] as const).filter((table) => table !== 'nat' || tracking);
  const often = { raw: 0.5, mangle: 0.8, nat: 0.8, filter: 1 } as const;
  const kinds = new Map<string, readonly string[]>();
  const choices: Choice[] = [];
  const plain: string[] = [];
  const instrumented: string[] = [];
  for (const table of tables) {
    const chains = random.chance(often[table])
      ? makeChains(random, table, { family, random, edges, tracking, setNames })
      : builtin[table].map((name): MadeChain => ({ name, policy: 'ACCEPT', rules: [] }));
    const head = [`*${table}`, ...chains.map(({ name, policy }) => `:${name} ${policy ?? '-'} [0:0]`)];
    // The first rule of all, which no other packet meets.
    if (table === 'raw') head.push(doneRule(family));
    plain.push(...head);
    instrumented.push(...head);
    for (const { name, rules } of chains) {
      for (const [index, rule] of rules.entries()) {
        const first = table === 'raw' && name === 'PREROUTING' ? 2 : 1;
        const label = ruleName({ table, chain: name, rule: index + first });
        const matches = ['-A', name, ...rule.conditions.map(({ text }) => text), rule.guard]
          .filter((part) => part !== '')
          .join(' ');
        const whole = `${matches} ${rule.target}`.trimEnd();
        kinds.set(label, [...rule.conditions.flatMap((one) => one.kinds), rule.kind, ...extensionsOf(whole)]);
        choices.push(...rule.choices);
        plain.push(whole);
        instrumented.push(`${matches} -j NFLOG --nflog-group ${GROUP} --nflog-prefix ${label}`, whole);
      }
    }
    plain.push('COMMIT');
    instrumented.push('COMMIT');
  }
  const end = observers(tracking);
  return {
    family,
    tracking,
    edges,
    text: [...plain, ...end, ''].join('\n'),
    instrumented: [...instrumented, ...end, ''].join('\n'),
    kinds,
    choices,
  };
}

/** Reports the packet that is sent last. */
export function doneRule(family: Family): string {
  const { src } = lastPacket(family);
  return `-A PREROUTING -s ${formatAddress({ family, value: src })} -j NFLOG --nflog-group ${GROUP} --nflog-prefix done`;
}

/** The marks that {@link openRules} gives to connections, by the port that they go to. */
export const flowMarks: readonly (readonly [port: number, mark: number])[] = [
  [22, 1],
  [53, 0x12],
  [443, 0],
];

/** Lets everything pass, in every table, and marks connections. */
export function openRules(family: Family): string {
  const marking = flowMarks.map(
    ([port, mark]) => `-A PREROUTING -m conntrack --ctstate NEW --ctorigdstport ${port} -j CONNMARK --set-xmark ${mark}`,
  );
  const tables = (['raw', 'mangle', 'nat', 'filter'] as const).flatMap((table) => [
    `*${table}`,
    ...builtin[table].map((chain) => `:${chain} ACCEPT [0:0]`),
    ...(table === 'raw' ? [doneRule(family)] : []),
    ...(table === 'mangle' ? marking : []),
    'COMMIT',
  ]);
  return [...tables, ...observers(true), ''].join('\n');
}

/** Reports what filter has let pass. A second rule keeps connection tracking in use, so that its connections live on. */
function observers(tracking: boolean): readonly string[] {
  const chains = ['INPUT', 'FORWARD', 'OUTPUT'];
  return [
    '*security',
    ...chains.map((chain) => `:${chain} ACCEPT [0:0]`),
    ...chains.map((chain) => `-A ${chain} -j NFLOG --nflog-group ${GROUP} --nflog-prefix security:${chain}:1`),
    ...(tracking ? ['-A INPUT -m conntrack --ctstate SNAT'] : []),
    'COMMIT',
  ];
}

type Common = Omit<Site, 'sees' | 'frame'>;

function makeChains(random: Random, table: TableName, common: Common): readonly MadeChain[] {
  // User chains lead only to later ones, so that there is no circle.
  const users = Array.from({ length: 1 + random.below(3) }, (_, index) => `${table}_${index}`);
  const [least, more] = table === 'filter' ? [4, 9] : [1, 4];
  const count = (): number => least + random.below(more);
  const made: MadeChain[] = builtin[table].map((name) => {
    const arrives = name === 'PREROUTING' || name === 'INPUT' || name === 'FORWARD';
    const leaves = name === 'FORWARD' || name === 'OUTPUT' || name === 'POSTROUTING';
    const site: Site = { ...common, sees: { in: arrives, out: leaves }, frame: arrives };
    const dropping = table === 'filter' ? 0.5 : table === 'mangle' ? 0.05 : 0;
    return {
      name,
      policy: random.chance(dropping) ? 'DROP' : 'ACCEPT',
      rules: Array.from({ length: count() }, () => makeRule(table, name, users, true, site)),
    };
  });
  for (const [index, name] of users.entries()) {
    // Whatever hook leads here: what is only to be had on some the kernel refuses.
    const site: Site = { ...common, sees: { in: true, out: true }, frame: false };
    const rules = Array.from({ length: 1 + random.below(5) }, () => makeRule(table, name, users.slice(index + 1), false, site));
    made.push({ name, policy: null, rules });
  }
  return made;
}
