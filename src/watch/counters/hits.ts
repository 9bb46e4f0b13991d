/** A rule's counters, as they were read. `rule` names it by what it says rather than by its number: `4 filter INPUT -p tcp … -j ACCEPT`. */
export interface Counted {
  readonly rule: string;
  readonly packets: number;
  readonly bytes: number;
}

/** What a rule has met since it was first seen, whatever was reloaded, reordered or set to zero meanwhile. Times are epoch milliseconds. */
export interface Hits {
  readonly rule: string;
  /** When it was first seen. */
  readonly since: number;
  /** When it was last seen among the rules. */
  readonly seen: number;
  readonly packets: number;
  readonly bytes: number;
  /** Of the reading that first showed its last packet; `null`: it has met none. */
  readonly lastHit: number | null;
  /** What its counters said when they were last read, from which the next reading counts on. */
  readonly read: { readonly packets: number; readonly bytes: number };
}

export interface Counters {
  /** Takes a reading of all rules, and answers what has become of those that have changed, or that were not there before. */
  take(at: number, counted: readonly Counted[]): readonly Hits[];
  /** Of every rule that was ever seen and is still remembered. */
  all(): Iterable<Hits>;
}

/** How long a rule that is gone is remembered, in case it comes back. */
const rememberedMs = 90 * 86_400_000;
/** How old `seen` may be that is not written again for its own sake. */
const freshMs = 3_600_000;

/**
 * Keeps the counters of rules. The kernel counts from 0 again whenever a rule is made anew: a counter that is smaller than before was, so
 * that all of it came since. What was counted between the last reading and such a moment is lost with the rule: the sums are what is known,
 * and never too large.
 *
 * @param kept what was remembered; rules of two readings are the same where they say the same, and of several that say the same the first is
 *   the first
 */
export function createCounters(kept: Iterable<Hits>): Counters {
  const rules = new Map<string, Hits>();
  for (const hits of kept) rules.set(hits.rule, hits);
  return {
    take(at, counted) {
      const changed: Hits[] = [];
      const nameOf = twinNames();
      for (const { rule: said, packets, bytes } of counted) {
        const rule = nameOf(said);
        const before = rules.get(rule);
        const more = before === undefined ? { packets, bytes } : since(before.read, { packets, bytes });
        if (before !== undefined && more.packets === 0 && packets === before.read.packets && at - before.seen < freshMs) continue;
        const now: Hits = {
          rule,
          since: before?.since ?? at,
          seen: at,
          packets: (before?.packets ?? 0) + more.packets,
          bytes: (before?.bytes ?? 0) + more.bytes,
          lastHit: more.packets > 0 ? at : (before?.lastHit ?? null),
          read: { packets, bytes },
        };
        rules.set(rule, now);
        changed.push(now);
      }
      for (const [rule, { seen }] of rules) if (at - seen > rememberedMs) rules.delete(rule);
      return changed;
    },
    all: () => rules.values(),
  };
}

/** Tells rules apart that say the same: the second of them is `… #2`. */
export function twinNames(): (said: string) => string {
  const twins = new Map<string, number>();
  return (said) => {
    const twin = (twins.get(said) ?? 0) + 1;
    twins.set(said, twin);
    return twin === 1 ? said : `${said} #${twin}`;
  };
}

function since(before: Hits['read'], now: Hits['read']): Hits['read'] {
  if (now.packets < before.packets || now.bytes < before.bytes) return now;
  return { packets: now.packets - before.packets, bytes: now.bytes - before.bytes };
}
