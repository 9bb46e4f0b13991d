import { join, resolve } from 'node:path';
import {
  forget,
  type Guard,
  isMadeElsewhere,
  leaveBoot,
  lockState,
  pendingFolder,
  readRecord,
  unwritable,
  uptime,
  type Wanted,
  writeForBoot,
  writeRecord,
} from '../../change/index.ts';
import {
  type HostState,
  hostState,
  rehearseWay,
  restoreHost,
  restoreOrder,
  setsBetween,
  unlikeState,
  type Way,
} from '../../change/restore/index.ts';
import { readBody, uncounted, unprovedBecause } from '../../change/snapshots/index.ts';
import { type Backend, hostFromTexts } from '../../model/host/index.ts';
import { failed, ok, type Problem, type Result } from '../../result.ts';
import type { Chosen } from '../backing-up/chosen.ts';
import { keepSnapshot } from '../backing-up/keeping.ts';
import {
  accept,
  type Begun,
  conclude,
  hear,
  lockFileOf,
  note,
  noteAfter,
  originOf,
  type PendingRecord,
  records,
  remember,
  settle,
} from '../changing/index.ts';
import { sessionRefusals, sessionsKept } from '../planning/index.ts';
import type { Context, Outcome } from '../verb.ts';
import { type Live, readLive } from './live.ts';
import { type OwnPart, ownPartOf } from './recorded.ts';
import { type Target, targetOf } from './target.ts';
import { toldOf } from './told.ts';

export interface Making {
  /** Until it undoes itself. */
  readonly seconds: number;
  readonly yes: boolean;
  readonly backend: Backend | undefined;
}

/**
 * Puts the whole host back as a snapshot has it: the way there and back is rehearsed, what stands there now is kept as a snapshot, somebody
 * stands ready to undo it, and it waits to be confirmed as every change does.
 */
export async function restoreWhole(context: Context, { snapshot, head }: Chosen, making: Making): Promise<Outcome<null>> {
  const state = resolve(context.stateFolder);
  const locked = lockState(state);
  if (!locked.ok) return { kind: 'unchanged', problems: locked.problems };
  try {
    const unsettled = await settle(context, state);
    if (unsettled !== null) return refused(unsettled);
    const live = await readLive(context);
    if (!live.ok) return unready(live.problems);
    const target = await targetOf(context, snapshot, live.value, making.backend);
    if (!target.ok) return { kind: 'unchanged', problems: oneOf(target.problems) };
    if (unlikeState(target.value.state, live.value.state, { counters: false }) === null) {
      await rememberWhole(context, state, ownPartOf(context, target.value));
      await context.part({ kind: 'nothing', text: 'the host is as the snapshot has it' });
      return { kind: 'done', value: null };
    }
    const begun = await begin(context, state, head.id, target.value, live.value, making);
    if (!begun.ok) return { kind: 'unchanged', problems: begun.problems };
    const ended = await conclude(context, state, begun.value, { ...making, fresh: null, unlock: locked.value });
    if (ended.kind === 'done')
      for (const text of await toldOf(context, target.value, begun.value.record.before))
        await context.part({ kind: 'note', text });
    return ended;
  } catch (error) {
    const problem = unwritable(state, error);
    if (problem === null) throw error;
    return refused(problem);
  } finally {
    locked.value();
  }
}

/** Nothing had to be written: what is known of the host is what the snapshot holds all the same, and what the machine starts with. */
async function rememberWhole(context: Context, state: string, own: OwnPart | null): Promise<void> {
  const files = records(state);
  if (own !== null) await remember(context, state, own.record);
  else if (readRecord(files.confirmed) !== null) {
    await leaveBoot(context.kernel.run, state);
    for (const file of Object.values(files)) forget(file);
  }
  await accept(context, state, 'restored');
}

/** What stands there now and cannot be read is unknown; what could not be put back must not be taken away. */
function unready(problems: readonly Problem[]): Outcome<null> {
  const kind = problems.every(({ code }) => code === 'unread') ? 'unread' : 'unchanged';
  return { kind, problems: oneOf(problems) };
}

/** The first, and how many more there are: one line is enough to know that nothing is restored. */
function oneOf(problems: readonly Problem[]): readonly Problem[] {
  const [first] = problems;
  if (first === undefined || problems.length === 1) return problems;
  return [{ ...first, message: `${first.message} (and ${problems.length - 1} more)` }];
}

async function begin(
  context: Context,
  state: string,
  id: string,
  target: Target,
  first: Live,
  { seconds }: Making,
): Promise<Result<Begun>> {
  const ready = await prepare(context, state, target, first);
  if (!ready.ok) return ready;
  const { live, way, before } = ready.value;
  const own = ownPartOf(context, target);
  const record = recordOf(context, live, own, { id, before });
  writeRecords(context, state, live, own, record);
  const snapshots = { before, after: null };
  await note(context, state, 'begun', record, `the host is to be as snapshot ${id} has it`, { snapshots });
  context.progress('restoring the host');
  const cut = target.hosts.flatMap(({ host }) => sessionsKept(context, live.host, host));
  if (cut.length > 0) {
    await noteAfter(context, state, 'refused', record, cut.map(({ message }) => message).join('; '));
    return failed(...cut);
  }
  const guard = await restoreHost({
    ...way,
    run: context.kernel.run,
    folder: pendingFolder(state),
    seconds,
    lockFile: lockFileOf(context),
    look: () => lookAt(context, way, live, target),
  });
  if (!guard.ok) {
    hear(context, state);
    await noteAfter(context, state, 'refused', record, guard.problems.map(({ message }) => message).join('; '));
    return guard;
  }
  return ok(await begunBy(context, state, guard.value, record, way, snapshots));
}

/** What is known of a change that is made. */
async function begunBy(
  context: Context,
  state: string,
  guard: Guard,
  record: PendingRecord,
  { order, from, to }: Way,
  snapshots: { readonly before: string; readonly after: null },
): Promise<Begun> {
  const changed: PendingRecord = { ...record, changedAt: uptime() };
  try {
    writeRecord(records(state).pending, changed);
  } catch (error) {
    await guard.revert();
    throw error;
  }
  const text = `${order.length} tables were written, read back, and are as they were to be`;
  await noteAfter(context, state, 'changed', changed, text, { snapshots });
  return { guard, record: changed, sets: [], said: { kind: 'changed', tables: order.length, sets: setsBetween(to, from).size } };
}

/** How often others may be faster with the rules than the rehearsal. */
const tries = 3;

interface Ready {
  readonly live: Live;
  readonly way: Way;
  /** The snapshot of the host as it was when the rehearsal began. */
  readonly before: string;
}

/** Rehearses the way there and back, and keeps what stands there, until the host is still as it was when that began. */
async function prepare(context: Context, state: string, target: Target, first: Live): Promise<Result<Ready>> {
  context.progress('rehearsing what is to be restored');
  const why = await unprovedBecause(context.kernel, target.body);
  if (why !== null) return failed(unrestorable(why));
  let live = first;
  for (let left = tries; left > 0; left -= 1) {
    const lockedOut = target.hosts.flatMap(({ host }) => sessionRefusals(live.host, host));
    if (lockedOut.length > 0) return failed(...lockedOut);
    context.progress('rehearsing the way there and back');
    const order = restoreOrder(live.texts, live.state, target.state);
    const way = { from: live.state, to: target.state, order };
    const [gone, kept] = await Promise.all([
      rehearseWay(context.kernel, join(state, 'rehearsing'), way),
      keepSnapshot(context, { reason: 'before', unlessSame: true, body: live.body }),
    ]);
    if (!gone.ok) return gone;
    if (!kept.ok) return kept;
    const now = await readLive(context);
    if (!now.ok) return now;
    context.signal.throwIfAborted();
    // Members of sets come and go: those of now are what is put back.
    if (shapeOf(now.value.state) === shapeOf(live.state))
      return ok({ live: now.value, way: { ...way, from: now.value.state }, before: kept.value.id });
    live = now.value;
  }
  return failed({
    code: 'change-waits',
    message: 'somebody else changed the rules each time while this was rehearsed',
    hint: 'try again when the host is quieter',
  });
}

function unrestorable(why: string): Problem {
  return { code: 'restore-refused', message: `this host would not take it as it is: ${why}`, hint: 'nothing is changed' };
}

/** Rules without counters, but what programs like fail2ban do in their own chains at any time; and the sets that there are. */
function shapeOf({ tables, sets }: HostState): string {
  const rules = (text: string): string =>
    uncounted(text)
      .split('\n')
      .filter((line) => !line.startsWith('-A ') || !isMadeElsewhere('chains', line.split(' ', 2)[1] ?? ''))
      .join('\n');
  return [
    ...tables.map(({ backend, family, text }) => `${backend} ${family} ${rules(text)}`),
    ...sets.map(({ name, header }) => `${name} ${header}`),
  ].join('\n');
}

/**
 * Each table was read back as it was written. Where it is another by now, somebody else has written rules meanwhile: then it counts that
 * whoever manages the host still comes in.
 */
async function lookAt({ kernel, signal }: Context, { from, to }: Way, live: Live, target: Target): Promise<Problem | null> {
  const body = await readBody({ kernel, signal }, null);
  const found = hostState(body, 'this host');
  if (!found.ok) return found.problems[0] ?? null;
  if (unlikeState(to, found.value, { counters: false, sets: setsBetween(to, from) }) === null) return null;
  const lockedOut = target.hosts.flatMap(({ backend }) => {
    const { rulesets, sets } = hostFromTexts(body.texts, { backend });
    return sessionRefusals(live.host, { ...live.host, rulesets, sets });
  });
  return lockedOut[0] ?? null;
}

/** What is known of palisade's own once this is confirmed. */
function recordOf(
  context: Context,
  live: Live,
  own: OwnPart | null,
  { id, before }: { readonly id: string; readonly before: string },
): PendingRecord {
  const pending = { unused: [], changedAt: uptime(), leaves: own === null, before, restores: id };
  if (own !== null) return { ...own.record, ...pending };
  const at = context.clock.now();
  const backend = live.backends[0] ?? 'nft';
  return { at, backend, policy: null, families: { 4: [], 6: [] }, sets: [], basis: null, emergency: null, ...pending };
}

/** Now, since whoever confirms it only gives things other names: that works on a full disk. */
function writeRecords(context: Context, state: string, live: Live, own: OwnPart | null, record: PendingRecord): void {
  const files = records(state);
  if (own !== null) {
    const origin = readRecord(files.confirmed) === null ? null : readRecord(files.origin);
    const wanted = ([4, 6] as const).map((family): Wanted => ({ family, own: own.families[family], order: [] }));
    writeRecord(files.origin, originOf(context, live.host, own.backend, wanted, origin));
  }
  writeRecord(files.pending, record);
  if (own !== null) writeForBoot(state, record);
}

function refused(problem: Problem): Outcome<null> {
  return { kind: 'unchanged', problems: [problem] };
}
