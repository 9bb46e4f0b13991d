import { joinBy } from './attribution.ts';
import type { Change, ChangedSet, LegacyChange } from './change.ts';
import { joinTouched } from './nft-commits.ts';

/** Changes that nobody has taken yet, joined so that there are few whatever happens meanwhile. */
export interface Pending {
  add(change: Change): void;
  /** The oldest, or `undefined`. */
  take(): Change | undefined;
}

/** Names of sets in one notice: beyond, all sets are to be read again. */
const mostSets = 1000;

export function createPending(): Pending {
  const waiting = new Map<string, Change>();
  return {
    add(change) {
      const key = keyOf(change);
      const before = waiting.get(key);
      const joined = before === undefined ? change : join(before, change);
      if (joined.kind === 'sets' && joined.sets.length > mostSets) {
        waiting.delete(key);
        waiting.set('lost sets', { kind: 'lost', at: joined.at, of: 'sets' });
      } else waiting.set(key, joined);
    },
    take() {
      for (const [key, change] of waiting) {
        waiting.delete(key);
        return change;
      }
      return undefined;
    },
  };
}

function keyOf(change: Change): string {
  switch (change.kind) {
    case 'legacy':
      return `legacy ${change.family} ${change.table}`;
    case 'backend':
      return `backend ${change.family}`;
    case 'lost':
    case 'unwatched':
      return `${change.kind} ${change.of}`;
    case 'nft':
    case 'sets':
      return change.kind;
  }
}

/** Two of the same key. */
function join(one: Change, two: Change): Change {
  if (one.kind === 'nft' && two.kind === 'nft')
    return { ...two, ...joinTouched(one, two), commits: one.commits + two.commits, by: joinBy(one.by, two.by) };
  if (one.kind === 'legacy' && two.kind === 'legacy') return { ...two, what: joinedWhat(one, two), by: joinBy(one.by, two.by) };
  if (one.kind === 'sets' && two.kind === 'sets')
    return { ...two, sets: joinSets(one.sets, two.sets), by: joinBy(one.by, two.by) };
  return two;
}

/** What came and changed, came; what went and came again, changed. */
function joinedWhat(one: LegacyChange, two: LegacyChange): LegacyChange['what'] {
  if (one.what === 'gone' || two.what === 'gone') return two.what === 'gone' ? 'gone' : 'rules';
  return one.what;
}

/** Each once as it was said first: whoever reads sees what has become of it. */
function joinSets(one: readonly ChangedSet[], two: readonly ChangedSet[]): readonly ChangedSet[] {
  const all = new Map([...one, ...two].map((set) => [`${set.what} ${set.from ?? ''} ${set.name}`, set]));
  return [...all.values()];
}
