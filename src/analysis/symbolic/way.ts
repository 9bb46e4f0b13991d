import type { Backend } from '../../model/host/index.ts';
import { type Hook, type RuleRef, states } from '../../model/packet/index.ts';
import type { Chain, Ruleset, Table } from '../../model/ruleset/index.ts';
import { hookTables, type Station } from '../evaluate/hooks.ts';
import { all, listed, type Node, none, pairOf } from '../space/index.ts';
import type { Chains } from './chains.ts';
import type { Change, Changes, Recoding } from './change.ts';
import type { Setting } from './effects.ts';
import type { Decision, Endings } from './ending.ts';
import type { FieldName } from './layout.ts';
import { icmpOf } from './layout.ts';
import { loopbackCodes } from './links.ts';
import type { Matching } from './match.ts';
import { seenIn } from './reassembly.ts';

/** One built-in chain that packets meet on a way, and what it does by itself. */
export interface Stop {
  readonly station: Station;
  readonly table: Table;
  readonly chain: Chain;
  readonly setting: Setting;
  /** Leaves are verdicts: the policy stands where no rule decides. Interfaces are those that the hook sees. */
  readonly through: Node;
  /** Packets that come to it; the others go on as if it were not there. */
  readonly meets: Node;
  /** Packets that can come to it at all: IPv4 has no fragments in INPUT. The others end before it. */
  readonly sees: Node;
  /** What happens on the way to it from the stop before: routing takes a hop. */
  readonly approach: Change;
  /** Packets that end on that way, as they are before the approach. */
  readonly spent: Node;
  /** Interfaces that the hook does not name read as none in its rules. */
  readonly sight: Change;
}

type Kind = 'final' | 'filter' | 'rule' | 'policy';

export interface Way {
  readonly hook: Hook;
  readonly stops: readonly Stop[];
  /** What stands before the first stop: nobody has said anything of tracking, and the hop that routing takes is still there. */
  readonly entry: Change;
  /** The whole way, made when first asked for: leaves are final verdicts, with the rule that decides. */
  readonly verdicts: Node;
}

export function createWay(
  ruleset: Ruleset,
  backend: Backend,
  hook: Hook,
  matching: Matching,
  changes: Changes,
  endings: Endings,
  chains: Chains,
): Way {
  const { diagram, layout } = matching;
  const hop = changes.of({ fields: recodedTtl((ttl) => Math.max(0, ttl - 1)) });
  const unhop = changes.of({ fields: recodedTtl((ttl) => Math.min(255, ttl + 1)) });
  const stations = hookTables[backend][hook].filter((station) => tableOf(station)?.chains.has(station.chain) === true);
  const stops = stations.map((station, index) => stopAt(station, isRouted(index)));
  const entry = entryOf();
  let verdicts: Node | null = null;
  return {
    hook,
    stops,
    entry,
    get verdicts() {
      verdicts ??= composed();
      return verdicts;
    },
  };

  function composed(): Node {
    let rest: Node = none;
    for (const [index, stop] of [...stops.entries()].reverse()) {
      const through = onward(stop, rest);
      rest = diagram.choose(stop.meets, through, rest);
      if (isRouted(index)) rest = routedOn(rest);
    }
    return changes.before(rest, restricted(rest, entry));
  }

  /** A forwarded packet is routed between PREROUTING and what comes then, or before all if nothing stands there. */
  function isRouted(index: number): boolean {
    if (hook !== 'forward' || stations[index]?.chain === 'PREROUTING') return false;
    return index === 0 || stations[index - 1]?.chain === 'PREROUTING';
  }

  function tableOf(station: Station): Table | undefined {
    return ruleset.tables.find((candidate) => candidate.name === station.table);
  }

  function stopAt(station: Station, routed: boolean): Stop {
    const table = tableOf(station) as Table;
    const chain = table.chains.get(station.chain) as Chain;
    const setting: Setting = {
      place: { tracked: station.tracked, scope: '' },
      rule: '',
      end: station.chain === 'INPUT' || station.chain === 'POSTROUTING' ? 'src' : 'dst',
      beforeRouting: station.chain === 'PREROUTING',
      sent: hook === 'output',
    };
    const policy: RuleRef = { family: ruleset.family, table: table.name, chain: chain.name, rule: 'policy' };
    const decision: Decision = { verdict: chain.policy ?? 'ACCEPT', by: policy, line: chain.line };
    const own = chains.decided(table, chain, setting, decision);
    const sight = sightOf(station);
    return {
      station,
      table,
      chain,
      setting,
      through: changes.before(own, restricted(own, sight)),
      meets: station.table === 'nat' ? meetsNat() : all,
      sees: seenIn(station, matching),
      approach: routed ? hop : changes.unchanged,
      spent: routed ? spentPackets() : none,
      sight,
    };
  }

  /** Interfaces that the hook does not name are none there. */
  function sightOf(station: Station): Change {
    const names: FieldName[] = [];
    if (hook === 'output') names.push('in');
    if (station.chain === 'PREROUTING' || station.chain === 'INPUT') names.push('out');
    return zeros(names);
  }

  /** The stop, and for packets that it accepts what is behind it, which sees them changed. */
  function onward(stop: Stop, behind: Node): Node {
    const isDestination = stop.station.table === 'nat' && stop.station.chain === 'PREROUTING';
    if (behind === none && !isDestination) return stop.through;
    const accepts = new Set<Change>();
    for (const value of diagram.leaves(stop.through)) {
      const ending = endings.of(value);
      if (ending.kind === 'decided' && ending.decision.verdict === 'ACCEPT') accepts.add(ending.change);
    }
    const astray = (change: Change): boolean =>
      isDestination && ((hook === 'input' && change.local === false) || (hook === 'forward' && change.local === true));
    const [only] = accepts;
    if (accepts.size === 1 && only !== undefined && !astray(only)) return led(stop.through, changes.before(behind, only), stop);
    let result = diagram.mapLeaves(stop.through, (value) => {
      const ending = endings.of(value);
      if (ending.kind !== 'decided' || ending.decision.verdict !== 'ACCEPT') return ~value;
      return astray(ending.change) ? endings.broken('the packet takes another way') : none;
    });
    for (const change of accepts) {
      if (astray(change)) continue;
      const here = diagram.mapLeaves(stop.through, (value) => {
        const ending = endings.of(value);
        return ending.kind === 'decided' && ending.decision.verdict === 'ACCEPT' && ending.change === change ? ~value : none;
      });
      result = diagram.first(result, led(here, changes.before(behind, change), stop));
    }
    return result;
  }

  /**
   * Verdicts here, and where packets are accepted those behind: of two that accept filter's word counts, else that of the last
   * rule, else that of the last policy (evaluate/walk.ts, leading).
   */
  function led(here: Node, behind: Node, stop: Stop): Node {
    if (behind === none) return here;
    const kinds = new Map<Node, Kind>();
    const kindOf = (node: Node): Kind => {
      let kind = kinds.get(node);
      if (kind === undefined) {
        kind = kindOfLeaf(node);
        kinds.set(node, kind);
      }
      return kind;
    };
    const filtersLater = stops.slice(stops.indexOf(stop) + 1).some(({ station }) => station.table === 'filter');
    const memory = new Map<number, Node>();
    const visit = (f: Node, g: Node): Node => {
      if (f < 0) {
        if (f === none || kindOf(f) === 'final') return f;
        // Whatever comes then is filter's word, or a drop.
        if (filtersLater) return g;
        if (g < 0) return leading(f, g);
      }
      const key = pairOf(f, g);
      const before = memory.get(key);
      if (before !== undefined) return before;
      const [levelF, levelG] = [diagram.level(f), diagram.level(g)];
      const level = Math.min(levelF, levelG);
      const lo = visit(levelF === level ? diagram.lo(f) : f, levelG === level ? diagram.lo(g) : g);
      const hi = visit(levelF === level ? diagram.hi(f) : f, levelG === level ? diagram.hi(g) : g);
      const made = diagram.make(level, lo, hi);
      memory.set(key, made);
      return made;
    };
    const leading = (f: Node, g: Node): Node => {
      if (g === none) return f;
      const [before, now] = [kindOf(f), kindOf(g)];
      if (now === 'final' || now === 'filter') return g;
      if (before === 'filter') return f;
      return now === 'policy' && before === 'rule' ? f : g;
    };
    return visit(here, behind);
  }

  /** Of a leaf that accepts, whose word it is; all others are final. */
  function kindOfLeaf(node: Node): Kind {
    if (node === none) return 'final';
    const ending = endings.of(~node);
    if (ending.kind !== 'decided' || ending.decision.verdict !== 'ACCEPT') return 'final';
    if (ending.decision.by.table === 'filter') return 'filter';
    return ending.decision.by.rule === 'policy' ? 'policy' : 'rule';
  }

  /** A forwarded packet loses one hop on its way to FORWARD; one that has none left is answered (ip_forward). */
  function routedOn(f: Node): Node {
    const spent = noHopLeft();
    return layout.shortening.reduce(
      (rest, name, index) => {
        const dropped = chains.dropBy(name);
        if (dropped === null) return rest;
        return diagram.choose(diagram.mask(spent, shortenedBy(index + 1)), endings.decided(dropped, changes.unchanged), rest);
      },
      changes.before(f, restricted(f, hop)),
    );
  }

  function noHopLeft(): Node {
    return matching.fieldSet('ttl', layout.numberCodes('ttl', [[0, 1]]));
  }

  function shortenedBy(code: number): Node {
    return matching.fieldSet('shortened', Int32Array.of(code, code));
  }

  function spentPackets(): Node {
    return layout.shortening.length === 0 ? none : diagram.without(noHopLeft(), shortenedBy(0));
  }

  function recodedTtl(to: (ttl: number) => number): ReadonlyMap<FieldName, Recoding> {
    if (layout.axis('ttl').size <= 1) return new Map();
    return new Map([['ttl', { kind: 'map', codes: Int32Array.from({ length: 256 }, (_, ttl) => to(ttl)) }]]);
  }

  /** Only the first packet of a connection walks through nat (evaluate/passage.ts, meetsNat). */
  function meetsNat(): Node {
    const state = (name: (typeof states)[number]): Node => {
      const number = states.indexOf(name);
      return matching.fieldSet('state', layout.numberCodes('state', [[number, number]]));
    };
    const icmp = matching.fieldSet('proto', layout.numberCodes('proto', [[icmpOf(layout.family), icmpOf(layout.family)]]));
    let set = diagram.first(state('NEW'), diagram.without(state('RELATED'), icmp));
    if (matching.tracksBySay) set = diagram.without(set, matching.fieldSet('exempt', Int32Array.of(1, 1)));
    if (hook === 'output') return set;
    return diagram.without(set, matching.fieldSet('in', listed(loopbackCodes(layout, matching.surroundings))));
  }

  function entryOf(): Change {
    const nothing = zeros(['exempt', 'template', 'shortened', 'clamped']);
    return hook === 'forward' ? changes.chained(unhop, nothing) : nothing;
  }

  function zeros(names: readonly FieldName[]): Change {
    const fields = new Map<FieldName, Recoding>();
    for (const field of names) if (layout.axis(field).width > 0) fields.set(field, { kind: 'to', code: 0 });
    return changes.of({ fields });
  }

  /** As much of a change as `f` can tell, which is often nothing. */
  function restricted(f: Node, change: Change): Change {
    return [...change.fields.keys()].some((field) => looksAt(f, field)) ? change : changes.unchanged;
  }

  function looksAt(f: Node, field: FieldName): boolean {
    const { level, width } = layout.axis(field);
    if (width === 0) return false;
    let found = false;
    diagram.visit(f, (node) => {
      const at = diagram.level(node);
      if (at >= level && at < level + width) found = true;
      return !found && at < level;
    });
    return found;
  }
}
