import { setTimeout as sleep } from 'node:timers/promises';
import { dropSets, type Guard, pendingFolder, pendingState, readRecord } from '../../change/index.ts';
import type { Problem } from '../../result.ts';
import { bootTried } from '../boot-hint.ts';
import type { Context, Outcome } from '../verb.ts';
import { confirm, settleAlone, undone } from './ending.ts';
import { type PendingRecord, records } from './records.ts';

/** A change that is made, and undoes itself unless it is confirmed. */
export interface Begun {
  readonly guard: Guard;
  readonly record: PendingRecord;
  /** Sets that were made for it. */
  readonly sets: readonly string[];
  readonly said: { readonly kind: 'changed'; readonly tables: number; readonly sets: number };
}

/** Who confirms it. */
export interface Concluding {
  readonly seconds: number;
  /** It is confirmed at once. */
  readonly yes: boolean;
  /** Tells when somebody has connected anew; `null`: that confirms nothing. */
  readonly fresh: (() => Promise<string | null>) | null;
  /** Lets others into the state folder. */
  readonly unlock: () => void;
}

/** Confirms a change, or waits until somebody has, or it is undone. */
export async function conclude(
  context: Context,
  state: string,
  begun: Begun,
  { seconds, yes, fresh, unlock }: Concluding,
): Promise<Outcome<null>> {
  await context.part({ ...begun.said, seconds: yes ? null : seconds });
  unlock();
  if (!yes) return await waitFor(context, state, begun, fresh);
  const confirmed = await confirm(context);
  if (!confirmed.ok) {
    if (begun.guard.isCurrent()) await begun.guard.revert();
    await dropSets(context.kernel.run, begun.sets);
    return { kind: 'unchanged', problems: confirmed.problems };
  }
  await context.part({ kind: 'confirmed', by: null, boot: await bootTried(context) });
  return { kind: 'done', value: null };
}

async function waitFor(
  context: Context,
  state: string,
  { guard, record, sets }: Begun,
  fresh: (() => Promise<string | null>) | null,
): Promise<Outcome<null>> {
  const folder = pendingFolder(state);
  const run = context.kernel.run;
  let by: string | null = null;
  for (;;) {
    // Whoever was stopped for a while (Ctrl-Z) may find another change where his was.
    const isCurrent = guard.isCurrent();
    if (context.signal.aborted && isCurrent) {
      const reverted = await guard.revert();
      return { kind: 'unchanged', problems: reverted.ok ? [undone] : reverted.problems };
    }
    switch (isCurrent ? pendingState(folder) : 'none') {
      case 'confirmed':
        // Whoever confirmed it is at work, or has died of it.
        if ((await settleAlone(context))?.code === 'state-unwritable') {
          await context.part({ kind: 'confirmed', by, boot: await bootTried(context) });
          return { kind: 'done', value: null };
        }
        await sleep(100);
        break;
      case 'none': {
        const kept = record.leaves
          ? readRecord(records(state).pending) === null
          : [records(state).confirmed, records(state).previous].some((file) => readRecord(file)?.at === record.at);
        if (!kept) return refused(lost);
        await context.part({ kind: 'confirmed', by, boot: await bootTried(context) });
        return { kind: 'done', value: null };
      }
      case 'abandoned': {
        // Somebody ended it: a change that nobody would undo may not wait. Whoever confirms it now does the same.
        const settled = await settleAlone(context);
        if (settled?.code === 'change-waits' && pendingState(folder) === 'abandoned') await sleep(100);
        else {
          await dropSets(run, sets);
          return refused(settled?.code === 'change-undone' ? undone : (settled ?? lost));
        }
        break;
      }
      case 'reverted':
        await dropSets(run, sets);
        await settleAlone(context);
        return refused(undone);
      case 'waiting':
        by = (await fresh?.()) ?? null;
        // Too late, the next turn sees what became of it.
        if (by !== null && (await confirm(context)).ok) break;
        by = null;
        await sleep(fresh === null ? 100 : 500);
        break;
      default:
        await sleep(100);
    }
  }
}

const lost: Problem = {
  code: 'change-undone',
  message: 'what waited for the change to be confirmed is gone, and nobody says what became of it',
  hint: 'see palisade plan for what is there',
};

function refused(problem: Problem): Outcome<null> {
  return { kind: 'unchanged', problems: [problem] };
}
