import { resolve } from 'node:path';
import { announce, announcedNow, endAnnouncement, lockState, unwritable } from '../../change/index.ts';
import { acceptedId, acceptSnapshot } from '../../change/snapshots/index.ts';
import { failed, ok, type Problem, type Result } from '../../result.ts';
import { keepSnapshot } from '../backing-up/index.ts';
import { authorOf, noteAfter } from '../changing/noting.ts';
import type { Context } from '../verb.ts';
import { isChanging } from './changing.ts';

export interface AnnouncedJson {
  /** Epoch seconds. */
  readonly at: number;
  readonly until: number;
  readonly reason: string | null;
  readonly uid: number;
}

/** What is announced now. */
export function announcedJson(context: Context): AnnouncedJson | null {
  const said = announcedNow(resolve(context.stateFolder), context.clock.now());
  return said && { at: said.at / 1000, until: said.until / 1000, reason: said.reason, uid: said.by.uid };
}

/** Says that the firewall will be changed by hand for so many seconds; said again, it begins anew. */
export async function announceChange(context: Context, seconds: number, reason: string | null): Promise<Result<AnnouncedJson>> {
  return await alone(context, async (state) => {
    const by = await authorOf(context);
    const { at, until } = announce(state, seconds, context.clock.now(), { by, reason });
    const text = `a change by hand until ${new Date(until).toISOString()}${reason === null ? '' : `: ${reason}`}`;
    await noteAfter(context, state, 'announced', null, text);
    return ok({ at: at / 1000, until: until / 1000, reason, uid: by.uid });
  });
}

/** The change by hand is over, and what stands is judged by what was accepted before. */
export async function endChange(context: Context): Promise<Result<boolean>> {
  return await alone(context, async (state) => {
    const was = announcedNow(state, context.clock.now());
    endAnnouncement(state);
    if (was !== null) await noteAfter(context, state, 'announced', null, 'the change by hand is over');
    return ok(was !== null);
  });
}

/** What stands is what is to be: a snapshot of it is what drift is told by from now on. */
export async function acceptNow(context: Context): Promise<Result<{ readonly id: string; readonly before: string | null }>> {
  return await alone(context, async (state) => {
    if (isChanging(state)) return failed(waits);
    const before = acceptedId(state);
    const kept = await keepSnapshot(context, { reason: 'accepted', unlessSame: true });
    if (!kept.ok) return kept;
    const { id } = kept.value;
    acceptSnapshot(state, id);
    endAnnouncement(state);
    await noteAfter(context, state, 'announced', null, 'what stands is accepted', { snapshots: { before, after: id } });
    return ok({ id, before });
  });
}

const waits: Problem = {
  code: 'change-waits',
  message: 'a change of palisade’s waits to be confirmed',
  hint: 'run palisade confirm or palisade rollback first',
};

async function alone<T>(context: Context, act: (state: string) => Promise<Result<T>>): Promise<Result<T>> {
  const state = resolve(context.stateFolder);
  const locked = lockState(state);
  if (!locked.ok) return locked;
  try {
    return await act(state);
  } catch (error) {
    const problem = unwritable(state, error);
    if (problem === null) throw error;
    return failed(problem);
  } finally {
    locked.value();
  }
}
