import { setTimeout as sleep } from 'node:timers/promises';
import { ok, type Result } from '../../result.ts';
import { type LegacyDifference, type LegacyLook, openLegacyTables } from './legacy-tables.ts';
import { createFaults, createPace, momentNow, repeat, type Watch, type Watching } from './watch.ts';

const usualMs = 500;
/** Up to so many entries a look is never later than that; beyond, at most so long. */
const manyEntries = 20_000;
const mostMs = 1500;
const mostMsOfMany = 10_000;
/** For auditd, which writes a moment later. */
const auditMs = 100;

/**
 * Looks at the tables of iptables-legacy again and again, of which the kernel tells nobody: every half a second, or more seldom the more
 * rules there are.
 */
export function watchLegacy(watching: Watching, leastMs = usualMs): Result<Watch> {
  const { calls, pid, clock, attribution, backends } = watching;
  const opened = openLegacyTables(calls, pid);
  if (!opened.ok) return opened;
  const tables = opened.value;
  const pace = createPace(leastMs);
  const faults = createFaults(watching, 'legacy');
  let before = momentNow(clock);
  // What is there now is nothing new.
  const first = tables.look();
  if (!first.ok) {
    tables.close();
    return first;
  }
  const hold = (holds: LegacyLook['holds']): void => {
    for (const family of [4, 6] as const) backends.set(family, 'legacy', holds[family]);
  };
  hold(first.value.holds);

  async function tell(changed: readonly LegacyDifference[], since: typeof before): Promise<void> {
    if (attribution.audited && changed.some((each) => attribution.ofLegacy(each, since).how !== 'audited')) await sleep(auditMs);
    for (const each of changed) {
      const { family, table, what } = each;
      watching.emit({ kind: 'legacy', at: clock.now(), family, table, what, by: attribution.ofLegacy(each, since) });
    }
  }

  const looking = repeat(leastMs, async () => {
    const now = momentNow(clock);
    const looked = tables.look();
    const lookMs = performance.now() - now.steady;
    if (!looked.ok) {
      for (const problem of looked.problems) faults.failed(problem);
      return mostMs;
    }
    faults.passed();
    const { changed, entries, holds } = looked.value;
    if (changed.length > 0) await tell(changed, before);
    before = now;
    hold(holds);
    return pace(lookMs, entries > manyEntries ? mostMsOfMany : mostMs);
  });
  return ok({
    part: 'legacy',
    how: () => 'asked',
    close() {
      looking.close();
      tables.close();
    },
  });
}
