import { resolve } from 'node:path';
import { announcedNow, type Drift, type DriftDifference, driftBetween, type Moment } from '../../change/index.ts';
import type { Family } from '../../model/net/index.ts';
import type { DriftChangeJson, DriftFoundJson } from '../drift-shape.ts';
import type { Context } from '../verb.ts';
import { comparedAside } from './aside.ts';
import type { Baseline } from './baseline.ts';
import { changeWords } from './words.ts';

/** What somebody changed, as it is and as it is told. */
export interface Found {
  readonly drift: Drift;
  readonly told: DriftFoundJson;
}

/** More changes are counted; a flushed ruleset has thousands. */
const mostChanges = 200;
const mostSaid = 5;

/**
 * Compares the host with what was accepted, and where it has drifted says which packets that means. What only programs changed of their own is
 * listed, and not asked about.
 *
 * @param most regions of each way
 */
export async function lookForDrift(context: Context, baseline: Baseline, now: Moment, most = 5): Promise<Found> {
  const drift = driftBetween(baseline.moment, now, baseline.own);
  const drifted = drift.differences.filter((one) => one.drift);
  const families = familiesOf(drifted);
  const compared =
    families.length === 0
      ? { packets: [], says: [] }
      : await comparedAside(context, { before: drift.undone(), now: now.host, families, most, strange: [] });
  const announced = announcedNow(resolve(context.stateFolder), context.clock.now());
  const changes = [...drifted, ...drift.differences.filter((one) => !one.drift)];
  const inBoth = drift.differences.some((one) => one.kind === 'backend-changed' && one.after === 'both');
  const lines = drifted.slice(0, mostSaid).map((one) => changeWords(one, inBoth));
  const rest = drifted.length - lines.length;
  const isSilent = families.length > 0 && compared.says.length === 0;
  return {
    drift,
    told: {
      kind: 'drift',
      at: now.host.readAt / 1000,
      baseline: {
        id: baseline.id,
        at: baseline.meta.at / 1000,
        reason: baseline.meta.reason,
        policy: baseline.own !== null,
      },
      drifted: drifted.length > 0,
      says: [
        ...compared.says.filter(isWorst),
        ...compared.says.filter((text) => !isWorst(text)),
        ...lines,
        ...(rest > 0 ? [`${rest} more ${rest === 1 ? 'change' : 'changes'}`] : []),
        ...(isSilent ? ['no packet is treated differently by that'] : []),
      ],
      changes: changes.slice(0, mostChanges).map(changeJson),
      more: Math.max(0, changes.length - mostChanges),
      counts: countsOf(drifted),
      packets: [...compared.packets],
      announced: announced && { until: announced.until / 1000, reason: announced.reason },
      unknown: [...drift.unknown],
    },
  };
}

const countedAs: Readonly<Record<string, DriftFoundJson['counts'][number]['change']>> = {
  'rule-added': 'added',
  'rule-removed': 'removed',
  'rule-moved': 'moved',
  'policy-changed': 'policy',
};

function countsOf(drifted: readonly DriftDifference[]): DriftFoundJson['counts'] {
  const counts = new Map<string, DriftFoundJson['counts'][number]>();
  for (const one of drifted) {
    const family = 'family' in one ? one.family : null;
    const table = 'table' in one ? one.table : null;
    const change = countedAs[one.kind] ?? 'other';
    const key = JSON.stringify([family, table, change]);
    counts.set(key, { family, table, change, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  return [...counts.values()];
}

function isWorst(text: string): boolean {
  return text.includes(': everything is now accepted');
}

/** Of which family packets may be treated differently: of both where a set, or what nft has beside, is another. */
function familiesOf(drifted: readonly DriftDifference[]): readonly Family[] {
  return ([4, 6] as const).filter((family) => drifted.some((one) => ('family' in one ? one.family === family : 'set' in one)));
}

function changeJson(one: DriftDifference): DriftChangeJson {
  const { kind, drift, owner } = one;
  const members = kind === 'members-changed' ? one : null;
  return {
    kind,
    drift,
    owner: owner.kind,
    program: owner.kind === 'program' ? owner.name : null,
    family: 'family' in one ? one.family : null,
    backend: 'backend' in one ? one.backend : null,
    table: 'table' in one ? one.table : null,
    chain: 'chain' in one ? one.chain : null,
    at: 'at' in one ? one.at : null,
    from: kind === 'rule-moved' ? one.from : null,
    set: 'set' in one ? one.set : null,
    before: beforeOf(one),
    after: afterOf(one),
    added: members?.added.count ?? null,
    removed: members?.removed.count ?? null,
    some: [
      ...(members?.added.some ?? []).map((member) => `+${member}`),
      ...(members?.removed.some ?? []).map((member) => `-${member}`),
    ],
  };
}

function beforeOf(one: DriftDifference): string | null {
  if ('before' in one) return one.before;
  if (one.kind === 'rule-removed' || one.kind === 'rule-moved') return one.text;
  return one.kind === 'set-removed' ? one.header : one.kind === 'hook-removed' || one.kind === 'native-removed' ? one.what : null;
}

function afterOf(one: DriftDifference): string | null {
  if ('after' in one) return one.after;
  if (one.kind === 'rule-added' || one.kind === 'rule-moved') return one.text;
  return one.kind === 'set-added' ? one.header : one.kind === 'hook-added' || one.kind === 'native-added' ? one.what : null;
}
