import { type Family, formatAddress } from '../../src/model/net/index.ts';
import { conditions } from './conditions.ts';
import { type Edges, noEdges, places, within } from './edges.ts';
import { GROUP } from './lab.ts';
import { lastPacket } from './last.ts';
import { type Condition, markValue, type Site } from './matches.ts';
import type { Random } from './random.ts';

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
}

/** Names a rule in reports: prefixes hold at most 64 bytes. */
export function ruleName(rule: { readonly table: string; readonly chain: string; readonly rule: number | 'policy' }): string {
  return `${rule.table}:${rule.chain}:${rule.rule}`;
}

interface MadeRule {
  readonly conditions: readonly Condition[];
  /** Conditions that the target itself needs. */
  readonly guard: string;
  readonly target: string;
  readonly kind: string;
}

interface MadeChain {
  readonly name: string;
  readonly policy: 'ACCEPT' | 'DROP' | null;
  readonly rules: readonly MadeRule[];
}

type TableName = 'raw' | 'mangle' | 'nat' | 'filter';

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
  const often = { raw: 0.5, mangle: 0.8, nat: 0.5, filter: 1 } as const;
  const kinds = new Map<string, readonly string[]>();
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
        kinds.set(label, [...rule.conditions.flatMap((one) => one.kinds), rule.kind]);
        const matches = ['-A', name, ...rule.conditions.map(({ text }) => text), rule.guard]
          .filter((part) => part !== '')
          .join(' ');
        plain.push(`${matches} ${rule.target}`.trimEnd());
        instrumented.push(
          `${matches} -j NFLOG --nflog-group ${GROUP} --nflog-prefix ${label}`,
          `${matches} ${rule.target}`.trimEnd(),
        );
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
  };
}

/** Reports the packet that is sent last. */
export function doneRule(family: Family): string {
  const { src } = lastPacket(family);
  return `-A PREROUTING -s ${formatAddress({ family, value: src })} -j NFLOG --nflog-group ${GROUP} --nflog-prefix done`;
}

/** Lets everything pass, in every table. */
export function openRules(family: Family): string {
  const tables = (['raw', 'mangle', 'nat', 'filter'] as const).flatMap((table) => [
    `*${table}`,
    ...builtin[table].map((chain) => `:${chain} ACCEPT [0:0]`),
    ...(table === 'raw' ? [doneRule(family)] : []),
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
      rules: Array.from({ length: count() }, () => makeRule(table, name, users, site)),
    };
  });
  for (const [index, name] of users.entries()) {
    // Whatever hook leads here: what is only to be had on some the kernel refuses.
    const site: Site = { ...common, sees: { in: true, out: true }, frame: false };
    const rules = Array.from({ length: 1 + random.below(5) }, () => makeRule(table, name, users.slice(index + 1), site));
    made.push({ name, policy: null, rules });
  }
  return made;
}

function makeRule(table: TableName, chain: string, next: readonly string[], site: Site): MadeRule {
  const { random, family } = site;
  const rule = (target: string, kind: string, guard = ''): MadeRule => ({ conditions: conditions(site), guard, target, kind });
  if (next.length > 0 && random.chance(0.25)) {
    return random.chance(0.3) ? rule(`-g ${random.pick(next)}`, 'goto') : rule(`-j ${random.pick(next)}`, 'jump');
  }
  if (random.chance(0.12))
    return rule('-j RETURN', next.length > 0 || builtin[table].includes(chain) ? 'RETURN' : 'RETURN of a user chain');
  if (random.chance(0.08)) return rule('', 'no target');
  switch (table) {
    case 'filter':
      return random.chance(0.5)
        ? rule('-j ACCEPT', 'ACCEPT')
        : random.chance(0.7)
          ? rule('-j DROP', 'DROP')
          : rule('-j REJECT', 'REJECT');
    case 'raw':
      if (site.tracking && random.chance(0.5)) return rule(random.pick(['-j NOTRACK', '-j CT --notrack']), 'NOTRACK');
      return random.chance(0.8) ? rule('-j ACCEPT', 'ACCEPT') : rule('-j DROP', 'DROP');
    case 'mangle': {
      const { value, mask } = markValue(random);
      if (random.chance(0.55)) return rule(`-j MARK --set-xmark ${value}/${mask}`, 'MARK');
      // Connections that live through all rulesets keep the mark that they have.
      const fresh = '-m conntrack --ctstate NEW';
      if (site.tracking && random.chance(0.6)) {
        const what = random.pick([
          `--set-xmark ${value}/${mask}`,
          `--save-mark --nfmask ${mask} --ctmask 0xff`,
          `--restore-mark --nfmask 0xf0 --ctmask ${mask}`,
        ]);
        return rule(`-j CONNMARK ${what}`, 'CONNMARK', fresh);
      }
      return random.chance(0.8) ? rule('-j ACCEPT', 'ACCEPT') : rule('-j DROP', 'DROP');
    }
    case 'nat': {
      const { here, beyond } = places[family];
      const text = (value: bigint): string => formatAddress({ family, value });
      const shown = (value: bigint): string => (family === 6 ? `[${text(value)}]` : text(value));
      if (chain === 'PREROUTING' && random.chance(0.7)) {
        // The destination stays on its side, so that the packet's way stays the one it said.
        const [first] = random.chance(0.5) ? here : beyond;
        if (first === undefined) throw new Error('there is no place to send to');
        const to = within(random, first);
        site.edges.dst.push(to);
        const guard = `-d ${text(first.value)}/${first.length}`;
        if (random.chance(0.6)) return { ...natRule(random, site, `-j DNAT --to-destination ${text(to)}`, guard) };
        return {
          ...natRule(
            random,
            site,
            `-j DNAT --to-destination ${shown(to)}:${random.pick([22, 53, 443, 8080])}`,
            `${guard} -p ${random.pick(['tcp', 'udp'])}`,
          ),
        };
      }
      return rule('-j ACCEPT', 'ACCEPT');
    }
  }
}

/** A translation's own conditions say protocol and destination, which iptables takes once each. */
function natRule(random: Random, site: Site, target: string, guard: string): MadeRule {
  const clashes = (text: string): boolean =>
    /(^|\s)(-p|-d)\s/.test(text) || /-m (tcp|udp|sctp|multiport|icmp6?) |--ctorig(src|dst)port/.test(text);
  const kept = conditions(site).filter(({ text }) => !clashes(text));
  return { conditions: random.chance(0.3) ? [] : kept, guard, target, kind: 'DNAT' };
}
