import { ok, type Result } from '../../result.ts';
import { unknownBy } from './change.ts';
import { openSets, type Sets } from './sets.ts';
import { createFaults, createPace, isLoaded, momentNow, repeat, type Watch, type Watching } from './watch.ts';

const usualMs = 1000;
const mostMs = 1500;
/** Somebody who started ipset so long ago may not have ended. */
const busyMs = 300;

/**
 * Asks for the headers of all ipsets every second, and looks at their members where these may have changed.
 *
 * @param absent the kernel has not loaded ip_set, which the question would do.
 */
export async function watchSets(watching: Watching, absent: boolean, leastMs = usualMs): Promise<Result<Watch>> {
  const { calls, pid, clock, attribution } = watching;
  const options = {
    now: () => performance.now(),
    busy: () => attribution.ofSets({ steady: performance.now() - busyMs, wall: 0 }).how === 'ran',
  };
  const opened = absent ? null : await openSets(calls, pid, options);
  if (opened !== null && !opened.ok) return opened;
  let sets: Sets | null = opened?.value ?? null;
  let open = true;
  const pace = createPace(leastMs);
  const faults = createFaults(watching, 'sets');
  let before = momentNow(clock);

  /** The module came since: whatever sets there are, are new. */
  async function appear(): Promise<number> {
    if (!isLoaded('ip_set')) return leastMs;
    const come = await openSets(calls, pid, options);
    if (!come.ok) for (const problem of come.problems) faults.failed(problem);
    else if (!open) come.value.close();
    else {
      sets = come.value;
      watching.emit({ kind: 'lost', at: clock.now(), of: 'sets' });
    }
    return leastMs;
  }

  const looking = repeat(leastMs, async () => {
    if (sets === null) return appear();
    const started = momentNow(clock);
    const looked = await sets.look();
    if (!open) return mostMs;
    if (!looked.ok) {
      for (const problem of looked.problems) faults.failed(problem);
      return mostMs;
    }
    faults.passed();
    const { changed, fresh } = looked.value;
    const by = changed.length > 0 && fresh ? attribution.ofSets(before) : unknownBy;
    if (changed.length > 0) watching.emit({ kind: 'sets', at: clock.now(), sets: changed, by });
    before = started;
    // Members are looked at seldom: what that took does not count here.
    return pace(performance.now() - started.steady, mostMs);
  });
  return ok({
    part: 'sets',
    how: () => (sets === null ? 'absent' : 'asked'),
    close() {
      open = false;
      looking.close();
      sets?.close();
    },
  });
}
