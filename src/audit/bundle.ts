/** So many things of one kind are told one by one; of more there is one finding that names them together. */
const toldSingly = 8;

/**
 * Puts what belongs together into bundles, so that 500 rules with one cause are one finding: each by itself where they are few,
 * else by their cause, else all of them in one.
 */
export function bundled<T>(all: readonly T[], causeOf: (one: T) => string): readonly (readonly T[])[] {
  if (all.length <= toldSingly) return all.map((one) => [one]);
  const byCause = [...Map.groupBy(all, causeOf).values()];
  return byCause.length <= toldSingly ? byCause : [all];
}

/** `a, b, c and 12 more`. */
export function sayFew(items: readonly string[], most = 4): string {
  if (items.length <= most) return items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
  return `${items.slice(0, most).join(', ')} and ${items.length - most} more`;
}

/** `Rule 5`, or `Rules 5 to 8, 11 and 12`. */
export function sayNumbers(numbers: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === number - 1) last[1] = number;
    else runs.push([number, number]);
  }
  const words = runs.flatMap(([from, to]) =>
    to - from > 1 ? [`${from} to ${to}`] : from === to ? [`${from}`] : [`${from}`, `${to}`],
  );
  return `${numbers.length === 1 ? 'Rule' : 'Rules'} ${sayFew(words, 6)}`;
}
