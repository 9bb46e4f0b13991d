import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { builtinChains, lineText, type Ruleset } from '../../model/ruleset/index.ts';
import type { Difference } from './difference.ts';
import { driftBetween, type Moment } from './drift.ts';
import { filterTable, momentWith } from './moment.fixture.ts';

const folder = join(import.meta.dirname, '../../../testdata/rulesets');
const origins = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'setup.sh')));

function save(origin: string, backend: 'nft' | 'legacy', family: 4 | 6): string {
  const path = join(folder, origin, `${backend}-v${family}.save`);
  return existsSync(path) ? readFileSync(path, 'latin1') : '';
}

function momentOfOrigin(origin: string): Moment {
  const sets = join(folder, origin, 'sets.save');
  return momentWith({
    nftSave4: save(origin, 'nft', 4),
    nftSave6: save(origin, 'nft', 6),
    ipsets: existsSync(sets) ? readFileSync(sets, 'latin1') : '',
  });
}

const drifts = (baseline: Moment, now: Moment): readonly Difference[] =>
  driftBetween(baseline, now, null).differences.filter(({ drift }) => drift);

/** Chains of a table with their policies and rules, as plain lists. */
type Plain = Map<string, Map<string, { policy: string; rules: string[] }>>;

function plainOf(ruleset: Ruleset): Plain {
  return new Map(
    ruleset.tables.map(({ name, chains }) => [
      name,
      new Map(
        [...chains.values()].map((chain) => [
          chain.name,
          { policy: chain.policy ?? '-', rules: chain.rules.map((rule) => lineText(ruleset, rule)) },
        ]),
      ),
    ]),
  );
}

const rulesetOf = ({ host }: Moment): Ruleset => {
  const of = host.backends[4];
  if (!of.known || of.value.nft === null) throw new Error('no rules');
  return of.value.nft;
};

/** Does what the differences say to what was. */
function applied(was: Plain, differences: readonly Difference[]): Plain {
  const made: Plain = structuredClone(was);
  const chainOf = (table: string, chain: string): { policy: string; rules: string[] } => {
    const of = made.get(table) ?? new Map();
    made.set(table, of);
    const found = of.get(chain) ?? { policy: builtinChains[table]?.includes(chain) ? 'ACCEPT' : '-', rules: [] };
    of.set(chain, found);
    return found;
  };
  const rules = differences.filter((one) => 'chain' in one && 'table' in one);
  const later: Difference[] = [];
  const places = new Map<string, number[]>();
  for (const one of rules) {
    if (one.kind === 'policy-changed') chainOf(one.table, one.chain).policy = one.after;
    if (one.kind === 'chain-added') chainOf(one.table, one.chain);
    if (one.kind !== 'rule-removed' && one.kind !== 'rule-moved') continue;
    const key = `${one.table} ${one.chain}`;
    places.set(key, [...(places.get(key) ?? []), one.kind === 'rule-moved' ? one.from : one.at]);
  }
  for (const [key, at] of places) {
    const [table = '', chain = ''] = key.split(' ');
    const found = chainOf(table, chain);
    found.rules = found.rules.filter((_, index) => !at.includes(index + 1));
  }
  for (const one of rules) if (one.kind === 'rule-added' || one.kind === 'rule-moved') later.push(one);
  const at = (one: Difference): number => ('at' in one ? one.at : 0);
  for (const one of later.toSorted((left, right) => at(left) - at(right)))
    if ('text' in one) chainOf(one.table, one.chain).rules.splice(one.at - 1, 0, one.text);
  for (const one of rules) if (one.kind === 'chain-removed') made.get(one.table)?.delete(one.chain);
  return made;
}

/** Without what is as good as nothing. */
function telling(plain: Plain): unknown {
  const chains = [...plain].flatMap(([table, of]) => [...of].map(([name, chain]) => [`${table} ${name}`, chain] as const));
  return Object.fromEntries(
    chains
      .filter(([, { policy, rules }]) => policy !== 'ACCEPT' || rules.length > 0)
      .toSorted(([one], [other]) => (one < other ? -1 : 1)),
  );
}

function textOf(plain: Plain): string {
  return [...plain]
    .map(([table, chains]) => {
      const heads = [...chains].map(([name, { policy }]) => `:${name} ${policy} [0:0]`);
      return [`*${table}`, ...heads, ...[...chains.values()].flatMap(({ rules }) => rules), 'COMMIT', ''].join('\n');
    })
    .join('');
}

function undoneOf(baseline: Moment, now: Moment): string {
  const ruleset = driftBetween(baseline, now, null).undone().rulesets[4];
  if (!ruleset.known) throw new Error(ruleset.why);
  return ruleset.value.text;
}

function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % sides;
  };
}

/** A few things that people and programs do. */
function shaken(plain: Plain, roll: (sides: number) => number): Plain {
  const made: Plain = structuredClone(plain);
  for (let left = 1 + roll(8); left > 0; left -= 1) {
    const [table, chains] = [...made][roll(made.size)] ?? ['filter', new Map()];
    const all = [...chains];
    const [name, chain] = all[roll(all.length)] ?? ['INPUT', { policy: 'ACCEPT', rules: [] }];
    const [index, to] = [roll(chain.rules.length + 1), roll(chain.rules.length + 1)];
    switch (roll(7)) {
      case 0:
        chain.rules.splice(index, 0, `-A ${name} -s 198.51.100.${roll(256)}/32 -j ${['ACCEPT', 'DROP', 'RETURN'][roll(3)]}`);
        break;
      case 1:
        chain.rules.splice(index, 1 + roll(3));
        break;
      case 2:
        chain.rules.splice(to, 0, ...chain.rules.splice(index, 1));
        break;
      case 3:
        if (chain.rules[index] !== undefined) chain.rules.splice(to, 0, chain.rules[index]);
        break;
      case 4:
        if (chain.policy !== '-' && table !== 'nat') chain.policy = chain.policy === 'DROP' ? 'ACCEPT' : 'DROP';
        break;
      case 5:
        chains.set(`NEW${left}`, { policy: '-', rules: [`-A NEW${left} -j RETURN`] });
        chain.rules.push(`-A ${name} -j NEW${left}`);
        break;
      case 6:
        if (chain.policy === '-') {
          chains.delete(name);
          for (const one of chains.values())
            one.rules = one.rules.filter((rule: string) => !new RegExp(` -[jg] ${name}$`).test(rule));
        }
    }
  }
  return made;
}

describe('what was changed by hand in real rulesets', () => {
  it.each(origins.filter((origin) => origin !== 'quirks-newline' && save(origin, 'nft', 4) !== ''))('%s', (origin) => {
    const baseline = momentWith({ nftSave4: save(origin, 'nft', 4) });
    const was = plainOf(rulesetOf(baseline));
    const roll = dice(origin.length + 3);
    for (let round = 0; round < 2; round += 1) {
      const now = momentWith({ nftSave4: textOf(shaken(was, roll)) });
      const is = plainOf(rulesetOf(now));
      const { differences, unknown } = driftBetween(baseline, now, null);
      expect(unknown).toEqual([]);
      expect(telling(applied(was, differences))).toEqual(telling(is));
      const back = driftBetween(now, baseline, null).differences;
      expect(telling(applied(is, back))).toEqual(telling(was));
      // What is left once the drift is undone is what programs changed.
      const undone = undoneOf(baseline, now);
      expect(drifts(baseline, momentWith({ nftSave4: undone }))).toEqual([]);
    }
    expect(
      driftBetween(baseline, momentWith({ nftSave4: save(origin, 'nft', 4).replace(/(?<=^:.* )\[0:0\]$/gm, '[7:420]') }), null),
    ).toMatchObject({
      differences: [],
      unknown: [],
    });
  });
});

/** Docker closes FORWARD, and does not open it again: who does that is somebody else. */
const opened = /^{"kind":"policy-changed".*"chain":"FORWARD","before":"DROP","after":"ACCEPT"/;

const nothing = momentWith({ nftSave4: filterTable([]), nftSave6: filterTable([]) });

describe('programs that keep rules beside a policy', () => {
  it.each([
    ['cni', []],
    ['crowdsec-bouncer', []],
    ['docker', ['-A DOCKER-USER ! -s 203.0.113.0/24 -i eth0 -j DROP', '-A DOCKER-USER ! -s 2001:db8:9::/48 -i eth0 -j DROP']],
    ['fail2ban', []],
    ['kubernetes', []],
    ['libvirt', []],
    ['lxc-net', []],
    ['netavark', []],
    ['networkmanager-shared', []],
    ['neutron', []],
    ['sshguard', []],
  ])('%s comes and goes without drift', (origin, hands) => {
    const there = momentOfOrigin(origin);
    for (const drift of [drifts(nothing, there), drifts(there, nothing)]) {
      const rules = drift.map(({ owner: _, ...one }) => ('text' in one ? one.text : JSON.stringify(one)));
      expect(rules.filter((text) => !hands.includes(text) && !opened.test(text))).toEqual([]);
    }
    expect(driftBetween(nothing, there, null).differences.length).toBeGreaterThan(0);
  });
});
