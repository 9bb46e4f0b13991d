import { rulesOf } from '../../src/analysis/evaluate/rules.ts';
import { surroundingsOf } from '../../src/analysis/evaluate/surroundings.ts';
import type { IpSet } from '../../src/model/host/index.ts';
import { prefixRange, type Ranges } from '../../src/model/net/index.ts';
import type { Constraint, Effect, Hook } from '../../src/model/packet/index.ts';
import type { Firewall } from './rulesets.ts';

/** What a packet has to be to come to a rule: the matches of rules that lead there, and its own. */
export interface Target {
  readonly constraint: Constraint;
  /** Rules of which one leads to its chain; none for those of built-in chains. */
  readonly callers: readonly Target[];
}

/**
 * Where packets are aimed: the rules of each way, and values at and next to where anything tells values apart. All of it
 * is gathered anew from rules, sets and facts, and from nothing that the engine has gathered.
 */
export interface Aims {
  readonly family: 4 | 6;
  readonly targets: Readonly<Record<Hook, readonly Target[]>>;
  readonly src: readonly bigint[];
  readonly dst: readonly bigint[];
  readonly links: readonly string[];
  readonly sets: ReadonlyMap<string, IpSet>;
  readonly rules: number;
}

const hooksOf: Readonly<Record<string, readonly Hook[]>> = {
  PREROUTING: ['input', 'forward'],
  INPUT: ['input'],
  FORWARD: ['forward'],
  OUTPUT: ['output'],
  POSTROUTING: ['forward', 'output'],
};

export function aimsOf({ family, ruleset, host }: Firewall): Aims {
  const { sets, addresses, routes, links } = surroundingsOf(host);
  const most = family === 4 ? 0xffffffffn : (1n << 128n) - 1n;
  const values = { src: new Set<bigint>(), dst: new Set<bigint>() };
  const names = new Set<string>(['lo', 'eth0', 'eth1', ...(links ?? []).map(({ name }) => name)]);
  const note = (side: 'src' | 'dst', within: Ranges<bigint>): void => {
    for (const [lo, hi] of within)
      for (const value of [lo - 1n, lo, lo + 1n, hi - 1n, hi, hi + 1n]) if (value >= 0n && value <= most) values[side].add(value);
  };
  const noteSet = (set: IpSet, sides: readonly ('src' | 'dst')[]): void => {
    // So large a set has other edges than can all be kept.
    for (const { parts } of set.members.slice(0, 2000)) {
      for (const [index, part] of parts.entries()) {
        if (part.kind === 'addresses') note(sides[index] ?? 'src', part.ranges);
        else if (part.kind === 'interface') names.add(part.name);
        else if (part.kind === 'set') {
          const inner = sets?.get(part.name);
          if (inner !== undefined) noteSet(inner, sides);
        }
      }
    }
  };
  const visit = (constraint: Constraint): void => {
    switch (constraint.kind) {
      case 'all':
      case 'any':
        for (const part of constraint.of) visit(part);
        return;
      case 'not':
        visit(constraint.of);
        return;
      case 'address':
        note(constraint.field === 'src' || constraint.field === 'origSrc' ? 'src' : 'dst', constraint.ranges);
        return;
      case 'interface':
        names.add(constraint.name);
        if (constraint.prefix) names.add(`${constraint.name}0`.slice(0, 15)).add(`${constraint.name}x1`.slice(0, 15));
        else names.add(`${constraint.name}9`.slice(0, 15));
        return;
      case 'member': {
        const set = sets?.get(constraint.set);
        if (set !== undefined) noteSet(set, constraint.dimensions);
        return;
      }
      default:
    }
  };
  const noteEffect = (effect: Effect): void => {
    if (effect.kind === 'translate' && effect.to.kind === 'range' && effect.to.address !== null)
      note(effect.end, [effect.to.address]);
    if (effect.kind !== 'netmap') return;
    const free = most & ~effect.mask;
    for (const side of ['src', 'dst'] as const) note(side, [[effect.value, effect.value | free]]);
  };
  for (const { prefix, broadcast } of addresses ?? []) {
    if (prefix.family !== family) continue;
    for (const side of ['src', 'dst'] as const) {
      note(side, [[prefix.value, prefix.value], prefixRange(prefix)]); // biome-ignore format: two
      if (broadcast !== null) note(side, [[broadcast.value, broadcast.value]]);
    }
  }
  for (const { prefix } of routes ?? [])
    if (prefix.family === family) for (const side of ['src', 'dst'] as const) note(side, [prefixRange(prefix)]);

  const targets: Record<Hook, Target[]> = { input: [], forward: [], output: [] };
  let rules = 0;
  for (const table of ruleset.tables) {
    const callers = new Map<string, Target[]>();
    const hooks = new Map<string, Set<Hook>>();
    for (const name of table.chains.keys()) {
      callers.set(name, []);
      hooks.set(name, new Set(hooksOf[name] ?? []));
    }
    const own = [...table.chains.values()].map((chain) => {
      const list = rulesOf(ruleset, chain).map(({ constraint, effect }) => {
        const target: Target = { constraint, callers: callers.get(chain.name) ?? [] };
        visit(constraint);
        noteEffect(effect);
        return { target, effect };
      });
      rules += list.length;
      return { name: chain.name, list };
    });
    for (const { list } of own)
      for (const { target, effect } of list) if (effect.kind === 'jump') callers.get(effect.chain)?.push(target);
    for (let changed = true; changed; ) {
      changed = false;
      for (const { name, list } of own) {
        for (const { effect } of list) {
          if (effect.kind !== 'jump') continue;
          const into = hooks.get(effect.chain);
          for (const hook of hooks.get(name) ?? []) {
            if (into === undefined || into.has(hook)) continue;
            into.add(hook);
            changed = true;
          }
        }
      }
    }
    // Few rules translate, and much hangs on them.
    const turns = table.name === 'nat' ? 3 : 1;
    for (const { name, list } of own)
      for (const hook of hooks.get(name) ?? [])
        for (let turn = 0; turn < turns; turn += 1) for (const { target } of list) targets[hook].push(target);
  }
  names.delete('');
  return {
    family,
    targets,
    src: [...values.src],
    dst: [...values.dst],
    links: [...names],
    sets: sets ?? new Map(),
    rules,
  };
}
