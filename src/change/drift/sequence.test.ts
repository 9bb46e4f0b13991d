import { expect, test } from 'vitest';
import { editsBetween, type Item } from './sequence.ts';

/** Numbers that look like chance, the same each time. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % sides;
  };
}

/** The length of the longest common subsequence, by the table that every textbook has. */
function longest(old: readonly string[], now: readonly string[]): number {
  const lengths = Array.from({ length: old.length + 1 }, () => new Array<number>(now.length + 1).fill(0));
  for (const [i, left] of old.entries())
    for (const [j, right] of now.entries())
      (lengths[i + 1] as number[])[j + 1] =
        left === right ? (lengths[i]?.[j] as number) + 1 : Math.max(lengths[i]?.[j + 1] as number, lengths[i + 1]?.[j] as number);
  return lengths[old.length]?.[now.length] as number;
}

const heavy = (items: readonly Item[]): string[] => items.filter(({ weighs }) => weighs).map(({ key }) => key);

test('edits make one list of the other, and keep as many in their place as can be kept', () => {
  const roll = dice(7);
  for (let round = 0; round < 1000; round += 1) {
    const letters = 2 + roll(12);
    const list = (): Item[] =>
      Array.from({ length: roll(14) }, () => {
        const letter = roll(letters);
        // Whether a key weighs hangs on the key alone.
        return { key: String(letter), weighs: letter % 3 !== 0 };
      });
    const [old, now] = [list(), list()];
    const { kept, moved, removed, added } = editsBetween(old, now);
    const gone = new Set([...removed, ...moved.map(([from]) => from)]);
    const made = old.filter((_, index) => !gone.has(index)).map(({ key }) => key);
    const put = [...added.map((index) => [index, index] as const), ...moved].toSorted((one, other) => one[1] - other[1]);
    for (const [, index] of put) made.splice(index, 0, now[index]?.key as string);
    expect(made).toEqual(now.map(({ key }) => key));
    expect(kept.filter(([from]) => old[from]?.weighs)).toHaveLength(longest(heavy(old), heavy(now)));
    // Nothing both comes and goes: that has moved.
    const goes = new Set(removed.map((index) => old[index]?.key));
    expect(added.filter((index) => goes.has(now[index]?.key))).toEqual([]);
  }
});

test('very many equal lines are edited rightly too', () => {
  const same = (count: number, from: string): Item[] =>
    Array.from({ length: count }, (_, index) => ({ key: index % 1000 === 0 ? `${from}${index}` : 'same', weighs: true }));
  const [old, now] = [same(3000, 'a'), same(3001, 'b')];
  const { kept, moved, removed, added } = editsBetween(old, now);
  expect(kept.length + moved.length + removed.length).toBe(3000);
  expect(kept.length + moved.length + added.length).toBe(3001);
  expect([removed.length, added.length]).toEqual([3, 4]);
});
