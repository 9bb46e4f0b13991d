import type { Family } from '../../model/net/index.ts';
import type { Entry, TableEntry } from './entry.ts';

/**
 * Both families' lists as one, in which each keeps its order; what both say stands once. That is the longest common subsequence
 * (Wagner and Fischer); groups that are about the same are merged within.
 */
export function mergedEntries(four: readonly Entry[], six: readonly Entry[]): readonly Entry[] {
  return aligned(four, six, keyOf, (one, other) => ({
    ...one,
    families: [4, 6],
    note: one.note ?? other.note,
    inner: one.inner === null || other.inner === null ? null : mergedEntries(one.inner, other.inner),
  }));
}

export function mergedLines(four: readonly TableEntry[], six: readonly TableEntry[]): readonly TableEntry[] {
  const key = ({ table, chain, part }: TableEntry): string => JSON.stringify([table, chain, part]);
  return aligned(four, six, key, (one) => ({ ...one, families: [4, 6] }));
}

/** What of an entry must be the same in both; groups of the same packets need not hold the same. */
function keyOf({ verb, services, keys, line }: Entry): string {
  return JSON.stringify([verb, services, Object.entries(keys).sort(), line]);
}

/** Places of a table that fits into memory with ease. */
const mostCompared = 16_000_000;

function aligned<T>(
  left: readonly T[],
  right: readonly T[],
  keyOf: (item: T) => string,
  join: (one: T, other: T) => T,
): readonly T[] {
  const [mine, theirs] = [left.map(keyOf), right.map(keyOf)];
  // Lists that are too long for a table of both are said family by family.
  if (left.length * right.length > mostCompared) return [...left, ...right];
  const width = right.length + 1;
  // By place in both: how many the rest of them has in common.
  const common = new Uint16Array((left.length + 1) * width);
  for (let i = left.length - 1; i >= 0; i -= 1)
    for (let j = right.length - 1; j >= 0; j -= 1)
      common[i * width + j] =
        mine[i] === theirs[j]
          ? (common[(i + 1) * width + j + 1] as number) + 1
          : Math.max(common[(i + 1) * width + j] as number, common[i * width + j + 1] as number);
  const list: T[] = [];
  let [i, j] = [0, 0];
  while (i < left.length && j < right.length) {
    const [one, other] = [left[i] as T, right[j] as T];
    if (mine[i] === theirs[j]) {
      list.push(join(one, other));
      i += 1;
      j += 1;
    } else if ((common[(i + 1) * width + j] as number) >= (common[i * width + j + 1] as number)) {
      list.push(one);
      i += 1;
    } else {
      list.push(other);
      j += 1;
    }
  }
  return [...list, ...left.slice(i), ...right.slice(j)];
}

/** Whether its words alone say which family it is for. */
export function saysFamily({ keys, services }: Entry, family: Family): boolean {
  const ofFamily = (value: unknown): boolean =>
    Array.isArray(value) && value.every((word) => String(word).includes(':') === (family === 6));
  if (ofFamily(keys['from']) || ofFamily(keys['to'])) return true;
  const own = family === 4 ? /^icmp(:|$)/ : /^icmpv6(:|$)/;
  return services.length > 0 && services.every((word) => own.test(word));
}
