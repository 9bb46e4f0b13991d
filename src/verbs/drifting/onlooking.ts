import { createHash } from 'node:crypto';
import type { Actor } from '../../change/index.ts';
import type { Problem } from '../../result.ts';
import type { DriftFoundJson } from '../drift-shape.ts';
import type { Context } from '../verb.ts';
import { acceptNow } from './announcing.ts';
import { type Baseline, baselineNow } from './baseline.ts';
import { isChanging } from './changing.ts';
import { type Found, lookForDrift } from './looking.ts';
import { momentNow } from './moment.ts';
import { noteDrift } from './noting.ts';
import { type Repaired, repairDrift } from './repairing.ts';

/** What whoever looks is told. */
export interface Errand {
  readonly stateFolder: string;
  readonly policyFile: string;
  readonly env: Context['env'];
  readonly settings: Context['settings'];
  /** Who was seen to change something. */
  readonly actor: Actor | null;
  /** What was told last, as {@link Onlooked.digest} says it: of the same nothing is written down again. */
  readonly told: string | null;
  /** Put palisade's own back. */
  readonly repair: boolean;
  readonly removeForeign: boolean;
}

/** What was seen, and done about it. */
export type Onlooked =
  /** Palisade itself is changing the firewall: it is to be looked at when that is over. */
  | { readonly kind: 'busy' }
  | { readonly kind: 'failed'; readonly problems: readonly Problem[] }
  | {
      readonly kind: 'seen';
      /** Nobody had said how the firewall is to be: what stood when the watch began is taken for it. */
      readonly accepted: string | null;
      readonly found: DriftFoundJson;
      /** Of what drifted; `null` where nothing has. */
      readonly digest: string | null;
      /** The snapshot of the host as somebody left it; `null` where none was taken. */
      readonly snapshot: string | null;
      readonly repaired: Repaired | null;
    };

/** Looks at the host once. What is put back is so when this resolves. */
export async function onlook(context: Context, errand: Errand): Promise<Onlooked> {
  const isBusy = (): boolean => isChanging(context.stateFolder);
  if (isBusy()) return { kind: 'busy' };
  const settled = await settledBaseline(context);
  if (settled === 'busy') return { kind: 'busy' };
  if (!('baseline' in settled)) return { kind: 'failed', problems: settled };
  const { baseline, accepted } = settled;
  const now = await momentNow(context, baseline.moment.host);
  const found = await lookForDrift(context, baseline, now.moment);
  // What was read may be half of a change of palisade's own.
  if (isBusy()) return { kind: 'busy' };
  const digest = found.told.drifted ? digestOf(found) : null;
  const seen = { kind: 'seen', accepted, found: found.told, digest } as const;
  if (digest === null) return { ...seen, snapshot: null, repaired: null };
  let snapshot: string | null = null;
  if (digest !== errand.told) {
    const noted = await noteDrift(context, baseline, found, now.body, errand.actor);
    if (noted === 'busy') return { kind: 'busy' };
    snapshot = noted;
  }
  const isAsked = errand.repair && found.told.announced === null;
  return { ...seen, snapshot, repaired: isAsked ? await repairDrift(context, baseline, errand) : null };
}

type Settled = 'busy' | readonly Problem[] | { readonly baseline: Baseline; readonly accepted: string | null };

async function settledBaseline(context: Context): Promise<Settled> {
  const read = baselineNow(context);
  if (!read.ok) return read.problems;
  if (read.value !== null) return { baseline: read.value, accepted: null };
  const accepted = await acceptNow(context);
  if (!accepted.ok) return accepted.problems.some(({ code }) => code === 'change-waits') ? 'busy' : accepted.problems;
  const again = baselineNow(context);
  if (!again.ok) return again.problems;
  return again.value === null ? 'busy' : { baseline: again.value, accepted: accepted.value.id };
}

/** Of what is other, and not of when it was seen or where it stands meanwhile; nor of what programs change beside it. */
function digestOf({ drift, told }: Found): string {
  const drifted = drift.differences.filter((one) => one.drift).map((one) => ({ ...one, at: 0, from: 0 }));
  return createHash('sha256')
    .update(JSON.stringify([told.baseline.id, drifted]))
    .digest('hex');
}
