import { compareRulesets, wholePackets } from '../../analysis/answers/index.ts';
import { surroundingsOf } from '../../analysis/evaluate/surroundings.ts';
import { textDiff } from '../../change/index.ts';
import { allOf, type Constraint, type Hook, not } from '../../model/packet/index.ts';
import { firstPackets } from '../../policy/index.ts';
import { rewritesToJson, wayToJson } from '../diff-shapes.ts';
import type { PlanJson } from '../plan-shape.ts';
import type { Planned } from '../policy-file.ts';
import type { HostAndSets } from '../reading.ts';
import type { Context } from '../verb.ts';
import { judge } from './judged.ts';

/** Everything that can be said of a change before it is made. */
export async function reportOf(context: Context, before: HostAndSets, planned: Planned, most: number): Promise<PlanJson> {
  const { after } = planned;
  const judged = await judge(context, before, planned);
  context.progress('comparing what is with what would be');
  const lines: PlanJson['lines'][number][] = [];
  const connections: PlanJson['difference']['families'][number][] = [];
  const strays: PlanJson['difference']['families'][number][] = [];
  for (const family of [4, 6] as const) {
    const [old, now] = [before.host.rulesets[family], after.host.rulesets[family]];
    if (!old.known || !now.known) continue;
    lines.push(...textDiff(old.value, now.value).map((line) => ({ family, ...line })));
    const [one, other] = [
      { ruleset: old.value, surroundings: surroundingsOf(before.host) },
      { ruleset: now.value, surroundings: surroundingsOf(after.host) },
    ];
    const first = (hook: Hook): Constraint => firstPackets(family, hook);
    const compared = compareRulesets(family, one, other, { most, within: first });
    const rest = compareRulesets(family, one, other, { most, within: (hook) => allOf(not(first(hook)), wholePackets) });
    connections.push({
      family,
      ways: compared.ways.map((way) => wayToJson(way, new Map())),
      rewrites: rewritesToJson(compared.rewrites),
    });
    strays.push({ family, ways: rest.ways.map((way) => wayToJson(way, new Map())), rewrites: { differences: [], more: false } });
  }
  const { added, changed, unused } = judged.sets;
  return {
    policy: context.policyFile,
    changes: lines.length > 0 || added.length > 0 || changed.length > 0 || unused.length > 0,
    lines,
    difference: { before: 'now', after: context.policyFile, families: connections, assumed: [], unknown: [] },
    strays: { before: 'now', after: context.policyFile, families: strays, assumed: [], unknown: [] },
    ...judged,
  };
}
