import { type CheckMode, check, checkModes, exits, type Judged, noOptions, nothingAsked } from '../checks/index.ts';
import type { ReporterContext } from './reporter.ts';

/** What of a round is due, mode by mode. */
export interface Due {
  readonly mode: string;
  readonly exit: number;
  readonly judged: Judged;
}

/** What was said of each mode last, and when. */
type Said = Map<string, { readonly exit: number; readonly at: number }>;

/** Modes that need nothing said, which is what can be reported without being asked. */
export const reportable: readonly string[] = checkModes
  .map(({ name }) => name)
  .filter((name) => !['rule-hits', 'exposure'].includes(name));

/**
 * Goes on until the signal aborts: whenever another state is published, what is not as it was said last is told, and everything once in `everyMs`. What
 * was not taken is told again in a moment, and longer and longer after that. Trouble is said once, and once that it is over.
 *
 * @param tell hands results over; answers why it could not
 */
export async function rounds(
  { modes, everyMs }: { readonly modes: readonly string[]; readonly everyMs: number },
  context: ReporterContext,
  signal: AbortSignal,
  tell: (due: readonly Due[]) => Promise<string | null>,
): Promise<void> {
  const chosen = checkModes.filter(({ name }) => modes.includes(name));
  const said: Said = new Map();
  const ended = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  let trouble: string | null = null;
  let failures = 0;
  while (!signal.aborted) {
    const due = await dueOf(chosen, said, everyMs, context);
    if (due.length > 0) {
      const why = await tell(due);
      if (why !== trouble && (why !== null || trouble !== null)) context.say(why ?? 'it takes results again');
      trouble = why;
      failures = why === null ? 0 : failures + 1;
      if (why === null) for (const { mode, exit } of due) said.set(mode, { exit, at: context.clock.now() });
    }
    const waitMs =
      failures === 0 ? nextIn(chosen, said, everyMs, context) : Math.min(everyMs, 1000 * 2 ** Math.min(failures - 1, 10));
    if (!signal.aborted) await Promise.race([context.changed(Math.max(100, waitMs)), ended]);
  }
}

async function dueOf(
  modes: readonly CheckMode[],
  said: Said,
  everyMs: number,
  { clock, state }: ReporterContext,
): Promise<readonly Due[]> {
  const read = await state();
  const now = clock.now();
  return modes.flatMap((mode) => {
    const judged = check(mode, read, now / 1000, noOptions, nothingAsked);
    const exit = exits[judged.status];
    const before = said.get(mode.name);
    const isDue = before === undefined || before.exit !== exit || now - before.at >= everyMs || now < before.at;
    return isDue ? [{ mode: mode.name, exit, judged }] : [];
  });
}

function nextIn(modes: readonly CheckMode[], said: Said, everyMs: number, { clock }: ReporterContext): number {
  const now = clock.now();
  return Math.min(everyMs, ...modes.map(({ name }) => (said.get(name)?.at ?? now) + everyMs - now));
}
