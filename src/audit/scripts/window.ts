import { witnessOf } from '../../analysis/answers/index.ts';
import { surroundingsOf } from '../../analysis/evaluate/surroundings.ts';
import { all, type Node, none, OverBudget } from '../../analysis/space/index.ts';
import { createSpace, type Firewall, type Space } from '../../analysis/symbolic/index.ts';
import { type Host, type Known, known, unknown } from '../../model/host/index.ts';
import type { Family } from '../../model/net/index.ts';
import type { Packet } from '../../model/packet/index.ts';
import { type RunOptions, type Script, type State, scriptStates } from '../../model/ruleset/script/index.ts';
import type { Witness } from '../finding.ts';
import { isLetIn, usually } from '../usual.ts';
import { createFollower } from './follower.ts';

/** A time in which the host lets in what neither the rules before nor those behind a script do. */
export interface Window {
  readonly family: Family;
  readonly hook: 'input' | 'forward';
  /** First and last moment of it. */
  readonly from: number;
  readonly to: number;
  /** A packet of it, as at its first moment. */
  readonly witness: Witness;
}

/** So many moments are looked at with all their packets: it takes as long as to build each of them. */
const mostLookedAt = 12;

interface Candidate {
  readonly state: State;
  readonly moment: number;
}

/**
 * Collects the moments at which a host may stand open, then tells which of them do: after a policy that accepts, a flush, a
 * deletion, or a part of a restore. Other commands open only what they name, mostly for good.
 */
export function windowSearch(): {
  readonly visit: (state: State, moment: number) => void;
  find(host: Host, script: Script, options: RunOptions): Known<readonly Window[]>;
} {
  const candidates: Record<Family, Candidate[]> = { 4: [], 6: [] };
  const ends: { first: State | null; last: State | null } = { first: null, last: null };
  return {
    visit(state, moment) {
      ends.first ??= state;
      ends.last = state;
      if (!mayOpen(state)) return;
      for (const family of state.changed) candidates[family].push({ state, moment });
    },
    find(host, script, options) {
      const { first, last } = ends;
      if (first === null || last === null) return known([]);
      const found: Window[] = [];
      for (const family of [4, 6] as const) {
        const among = candidates[family].filter(({ state }) => state !== first && state !== last);
        if (among.length > mostLookedAt) {
          return unknown(
            `the IPv${family} rules are opened or flushed at ${among.length} moments of the script, which is more than palisade compares whole`,
            'put the change into one iptables-restore',
          );
        }
        if (among.length === 0) continue;
        const witnesses = openAt(host, family, first, last, among);
        if (!witnesses.known) return witnesses;
        found.push(...lasting(host, family, script, options, witnesses.value));
      }
      return known(found);
    },
  };
}

function mayOpen({ step: { statement }, part }: State): boolean {
  if (statement.kind === 'restore') return part !== null;
  if (statement.kind !== 'iptables' || statement.command.kind === 'refused') return false;
  const { action } = statement.command;
  return action.kind === 'flush' || action.kind === 'delete' || (action.kind === 'policy' && action.policy === 'ACCEPT');
}

/** One packet for each way and moment that is more open than both ends. */
function openAt(
  host: Host,
  family: Family,
  first: State,
  last: State,
  among: readonly Candidate[],
): Known<readonly { readonly moment: number; readonly packet: Packet }[]> {
  const surroundings = surroundingsOf(host);
  const sources = [first, last, ...among.map(({ state }) => state)].map((state) => ({
    ruleset: state.left(family).ruleset,
    surroundings,
  }));
  try {
    const space = createSpace(family, sources);
    const { diagram } = space;
    const [before, after, ...rest] = space.firewalls as [Firewall, Firewall, ...Firewall[]];
    const found: { readonly moment: number; readonly packet: Packet }[] = [];
    for (const hook of ['input', 'forward'] as const) {
      const closed = diagram.first(acceptedBy(space, before, hook), acceptedBy(space, after, hook));
      for (const [index, { moment }] of among.entries()) {
        const firewall = rest[index] as Firewall;
        const more = diagram.without(acceptedBy(space, firewall, hook), closed);
        const witness = more === none ? null : witnessOf(space, firewall, hook, more);
        if (witness?.checked) found.push({ moment, packet: witness.packet });
      }
    }
    return known(found);
  } catch (error) {
    if (!(error instanceof OverBudget)) throw error;
    return unknown(`undecided: ${error.message}`, 'put the change into one iptables-restore');
  }
}

/** The ordinary packets that a firewall lets through; those that are sent another way are none of this one's. */
function acceptedBy(space: Space, firewall: Firewall, hook: 'input' | 'forward'): Node {
  const { diagram, endings } = space;
  const accepted = diagram.mapLeaves(firewall.way(hook).verdicts, (value) => {
    const ending = endings.of(value);
    if (ending.kind === 'decided') return ending.decision.verdict === 'ACCEPT' ? all : none;
    return ending.kind === 'broken' ? none : all;
  });
  return asUsual(space, accepted);
}

/** The set where matches that no field tells say what they say of ordinary packets. */
function asUsual({ diagram, layout }: Space, set: Node): Node {
  const known = new Map<Node, Node>();
  const visit = (node: Node): Node => {
    if (node < 0) return node;
    const before = known.get(node);
    if (before !== undefined) return before;
    const level = diagram.level(node);
    const usual = level < layout.firstVariable ? null : usually(layout.variableAt(level).text);
    const made =
      usual === null
        ? diagram.make(level, visit(diagram.lo(node)), visit(diagram.hi(node)))
        : visit(usual ? diagram.hi(node) : diagram.lo(node));
    known.set(node, made);
    return made;
  };
  return visit(set);
}

/** For how long each packet is let in, by the interpreter; packets of one and the same time are one window. */
function lasting(
  host: Host,
  family: Family,
  script: Script,
  options: RunOptions,
  openings: readonly { readonly moment: number; readonly packet: Packet }[],
): readonly Window[] {
  if (openings.length === 0) return [];
  const follow = createFollower(
    host,
    openings.map(({ packet }) => packet),
  );
  const seen: (readonly (Witness | null)[])[] = [openings.map(() => null)];
  for (const state of scriptStates(script, options)) {
    const held = follow(state.left, new Map()).map(({ held: one }) => one);
    seen.push(
      held.map((one) => {
        const [witness] = one.kind === 'unknown' ? [] : one.witnesses;
        return witness !== undefined && isLetIn(witness.trace) ? witness : null;
      }),
    );
  }
  const windows = new Map<string, Window>();
  for (const [index, { moment, packet }] of openings.entries()) {
    let [from, to] = [moment, moment];
    const open = (at: number): Witness | null => seen[at]?.[index] ?? null;
    while (open(from - 1) !== null) from -= 1;
    while (open(to + 1) !== null) to += 1;
    const witness = open(from);
    if (witness === null || packet.hook === 'output') continue;
    const key = `${packet.hook} ${from} ${to}`;
    if (!windows.has(key)) windows.set(key, { family, hook: packet.hook, from, to, witness });
  }
  return [...windows.values()];
}
