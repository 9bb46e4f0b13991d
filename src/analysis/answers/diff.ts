import type { Family } from '../../model/net/index.ts';
import type { Constraint, Hook, Packet } from '../../model/packet/index.ts';
import { backendOf } from '../evaluate/hooks.ts';
import { all, type Node, none, OverBudget } from '../space/index.ts';
import { createSpace, type Decision, type Firewall, type Source, type Space } from '../symbolic/index.ts';
import { createEnds, type End } from './ends.ts';
import { opennessOf } from './open-ways.ts';
import { type Region, regionsOf } from './regions.ts';
import { type RewriteDifferences, rewritesOf } from './rewrites.ts';
import { createShare } from './share.ts';
import { type Witness, witnessOf } from './witness.ts';

/** What one of two firewalls does with the packets of a region. */
export interface Side extends End {
  /** The rule that decides about the witness; `null` where no table stands in the way, and of another way. */
  readonly decision: Decision | null;
  /** How many other rules and policies decide about the rest of the region. */
  readonly others: number;
}

/** Packets that two firewalls treat differently, all in the same two ways. */
export interface Difference {
  readonly kind: 'newly-allowed' | 'newly-blocked' | 'blocked-otherwise' | 'other-way';
  readonly region: Region;
  readonly before: Side;
  readonly after: Side;
  /** One packet of the region; `checked`: the interpreter says both verdicts of it too. */
  readonly witness: Pick<Witness, 'packet' | 'assumed' | 'checked'> | null;
}

/** How two firewalls differ on one way. */
export interface WayDifferences {
  readonly kind: 'decided';
  readonly hook: Hook;
  /** Every packet that can exist has the same verdict. */
  readonly equal: boolean;
  /** Regions do not overlap; biggest first. */
  readonly differences: readonly Difference[];
  /** Of all packets that can exist (see share.ts), those that are treated differently. */
  readonly share: number;
  /** Those of them that are in no region that is listed. */
  readonly left: number;
}

/** The rules of one way are too many or too mixed for the budget of nodes. */
export interface UndecidedWay {
  readonly kind: 'undecided';
  readonly hook: Hook;
  /** The budget, in words. */
  readonly why: string;
}

const everyHook = ['input', 'forward', 'output'] as const satisfies readonly Hook[];

/** Of each way the packets that somebody asks about. */
export type Within = (hook: Hook) => Constraint;

/** All but later fragments, which a host that tracks connections never sees; of them nft compares bytes that are no ports. */
export const wholePackets: Constraint = { kind: 'number', field: 'fragment', ranges: [[0, 0]] };

/** How two rulesets differ. */
export interface Comparison {
  readonly ways: readonly (WayDifferences | UndecidedWay)[];
  /** `null`: over the budget. */
  readonly rewrites: RewriteDifferences | null;
}

export interface WholeComparison extends Comparison {
  /** Decided ways on which the second lets everything pass, and the first does not; `exact`: also from whom few are. */
  readonly opened: readonly { readonly hook: Hook; readonly exact: boolean }[];
}

export function compareRulesets(
  family: Family,
  before: Source,
  after: Source,
  { most, budget, within }: { readonly most?: number; readonly budget?: number; readonly within?: Within } = {},
): WholeComparison {
  const apart = within === undefined ? [] : everyHook.map(within);
  let space: Space | null = null;
  // Matches that only one of them has stand in the order in which they are met, and one order may be far worse than the other.
  // That of nft has those of later fragments too.
  let leading = backendOf(before.ruleset) !== 'nft' && backendOf(after.ruleset) === 'nft' ? 1 : 0;
  const attempt = <T>(hooks: readonly Hook[], ask: (of: Space) => T): T | OverBudget => {
    try {
      space ??= createSpace(family, [{ ...before, apart: [...(before.apart ?? []), ...apart] }, after], budget);
      for (const hook of hooks) space.firewalls[leading]?.way(hook);
      return ask(space);
    } catch (error) {
      if (!(error instanceof OverBudget)) throw error;
      // What has grown over its budget stays so.
      space = null;
      return error;
    }
  };
  const either = <T>(hooks: readonly Hook[], ask: (of: Space) => T): T | OverBudget => {
    const answer = attempt(hooks, ask);
    if (!(answer instanceof OverBudget)) return answer;
    leading = 1 - leading;
    return attempt(hooks, ask);
  };
  const ways = everyHook.map((hook): WayDifferences | UndecidedWay => {
    const way = either([hook], (of) =>
      differencesOf(of, hook, { ...(most !== undefined && { most }), ...(within !== undefined && { within }) }),
    );
    return way instanceof OverBudget ? { kind: 'undecided', hook, why: way.message } : way;
  });
  const opened = ways.flatMap((way): WholeComparison['opened'] => {
    if (way.kind !== 'decided' || way.equal) return [];
    const { hook } = way;
    const open = either([hook], (of) => of.firewalls.map((firewall) => opennessOf(of, firewall, hook)));
    if (open instanceof OverBudget) return [];
    const [before, after] = open;
    return before === 'no' && (after === 'all' || after === 'nearly-all') ? [{ hook, exact: after === 'all' }] : [];
  });
  const rewrites = either(everyHook, (of) => rewritesOf(of, most));
  return { ways, opened, rewrites: rewrites instanceof OverBudget ? null : rewrites };
}

/**
 * The packets that the first two firewalls of a space treat differently on a way: other verdicts, or another answer of
 * REJECT. What is logged or counted on the way makes no difference, and what is rewritten none by itself.
 *
 * @param most regions; with more, the smallest are left out.
 * @param within packets that count; regions do not say it again.
 * @throws OverBudget
 */
export function differencesOf(
  space: Space,
  hook: Hook,
  { most = 50, within }: { readonly most?: number; readonly within?: Within } = {},
): WayDifferences {
  const { diagram, endings } = space;
  const [first, second] = space.firewalls;
  if (first === undefined || second === undefined) throw new Error('a difference is one of two firewalls');
  const ends = createEnds(space);
  const both = diagram.mask(first.possible(hook), second.possible(hook));
  const counting = within === undefined ? all : first.matching.set(within(hook), { tracked: true, scope: '' });
  const possible = diagram.mask(both, counting);
  const different = ends.pairs(ends.of(first, hook), ends.of(second, hook));
  const exact = diagram.mask(possible, different);
  if (exact === none) return { kind: 'decided', hook, equal: true, differences: [], share: 0, left: 0 };
  const share = createShare(diagram, space.layout);
  const whole = share(possible);
  const decisions = new Map(
    [first, second].map((firewall) => [
      firewall,
      diagram.mapLeaves(firewall.way(hook).verdicts, (value) => (value === 0 ? all : ~value)),
    ]),
  );
  const total = share(exact) / whole;
  const found = [...diagram.leaves(exact)]
    .filter((value) => value !== 0)
    .flatMap((value) => {
      const set = diagram.where(different, (other) => other === value);
      return regionsOf(space, set, { possible, most, share }).regions.map((region) => ({ region, pair: ends.pair(value) }));
    })
    .sort((one, other) => other.region.share - one.region.share)
    .slice(0, most);
  const covered = found.reduce<Node>((sum, { region }) => diagram.first(sum, region.packets), none);
  return {
    kind: 'decided',
    hook,
    equal: false,
    differences: found.map(({ region, pair: [before, after] }) => {
      const old = decider(first, region.packets, region.packets);
      const now = decider(second, region.packets, old.set);
      return {
        kind: kindOf(before, after),
        region,
        before: { ...before, decision: old.decision, others: old.others },
        after: { ...after, decision: now.decision, others: now.others },
        witness: witness(now.set),
      };
    }),
    share: total,
    left: share(diagram.without(exact, covered)) / whole,
  };

  /** The rule that decides about most packets of a part of the region, and those packets. */
  function decider(firewall: Firewall, region: Node, part: Node): { set: Node; decision: Decision | null; others: number } {
    const decided = decisions.get(firewall) as Node;
    const here = diagram.mask(part, decided);
    const value = heaviest(here);
    const ending = ~value === all ? null : endings.of(value);
    const others = [...diagram.leaves(diagram.mask(region, decided))].filter((other) => other !== 0 && other !== value);
    return {
      set: diagram.where(here, (other) => other === value),
      decision: ending?.kind === 'decided' ? ending.decision : null,
      others: others.length,
    };
  }

  /** The leaf of most packets; of many leaves one of many packets, which takes no look at each. */
  function heaviest(f: Node): number {
    const values = [...diagram.leaves(f)].filter((value) => value !== 0);
    if (values.length <= fewLeaves) {
      const sizes = values.map((value) => share(diagram.where(f, (other) => other === value)));
      return values[sizes.indexOf(Math.max(...sizes))] as number;
    }
    let node = f;
    while (node >= 0) {
      const [lo, hi] = [diagram.lo(node), diagram.hi(node)];
      node = hi === none || (lo !== none && share(lo) >= share(hi)) ? lo : hi;
    }
    return ~node;
  }

  /** The same packet for both: it hangs on the set, and on links and addresses that both have. */
  function witness(set: Node): Difference['witness'] {
    const [one, other] = [first, second].map((firewall) => witnessOf(space, firewall as Firewall, hook, set));
    if (one == null || other == null) return null;
    const { packet, assumed } = one;
    return { packet, assumed, checked: one.checked && other.checked && isSame(packet, other.packet) };
  }
}

const fewLeaves = 8;

function kindOf(before: End, after: End): Difference['kind'] {
  if (before.verdict === 'OTHER-WAY' || after.verdict === 'OTHER-WAY') return 'other-way';
  if (after.verdict === 'ACCEPT') return 'newly-allowed';
  return before.verdict === 'ACCEPT' ? 'newly-blocked' : 'blocked-otherwise';
}

function isSame(left: Packet, right: Packet): boolean {
  const textOf = (packet: Packet): string =>
    JSON.stringify(packet, (_, value) => (typeof value === 'bigint' ? String(value) : value));
  return textOf(left) === textOf(right);
}
