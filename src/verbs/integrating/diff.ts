/** Lines of context around what differs. */
const around = 3;
/** Beyond it, what lies between the first and the last difference counts as another text. */
const mostCells = 4_000_000;

type Line = { readonly sign: ' ' | '-' | '+'; readonly text: string };

/** What makes one text of another, as `diff -u` prints it, without its head; nothing when they are equal. */
export function textDiff(before: string, after: string): readonly string[] {
  if (before === after) return [];
  const lines = linesOf(before.split('\n'), after.split('\n'));
  const shown = new Set<number>();
  lines.forEach(({ sign }, index) => {
    if (sign === ' ') return;
    for (let near = index - around; near <= index + around; near += 1) shown.add(near);
  });
  const said: string[] = [];
  let [old, fresh] = [1, 1];
  lines.forEach(({ sign, text }, index) => {
    if (shown.has(index)) {
      if (!shown.has(index - 1)) said.push(`@@ -${old} +${fresh} @@`);
      said.push(`${sign}${text}`);
    }
    if (sign !== '+') old += 1;
    if (sign !== '-') fresh += 1;
  });
  return said;
}

function linesOf(before: readonly string[], after: readonly string[]): readonly Line[] {
  let first = 0;
  while (first < before.length && first < after.length && before[first] === after[first]) first += 1;
  let last = 0;
  while (last < before.length - first && last < after.length - first && before.at(-1 - last) === after.at(-1 - last)) last += 1;
  const same = (text: string): Line => ({ sign: ' ', text });
  return [
    ...before.slice(0, first).map(same),
    ...middle(before.slice(first, before.length - last), after.slice(first, after.length - last)),
    ...before.slice(before.length - last).map(same),
  ];
}

/** By the longest common subsequence, from its table of lengths. */
function middle(before: readonly string[], after: readonly string[]): readonly Line[] {
  const gone = before.map((text): Line => ({ sign: '-', text }));
  const came = after.map((text): Line => ({ sign: '+', text }));
  const width = after.length + 1;
  if (before.length === 0 || after.length === 0 || (before.length + 1) * width > mostCells) return [...gone, ...came];
  const lengths = new Uint32Array((before.length + 1) * width);
  const at = (row: number, column: number): number => lengths[row * width + column] ?? 0;
  for (let row = before.length - 1; row >= 0; row -= 1) {
    for (let column = after.length - 1; column >= 0; column -= 1) {
      lengths[row * width + column] =
        before[row] === after[column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const lines: Line[] = [];
  let [row, column] = [0, 0];
  while (row < before.length || column < after.length) {
    if (row < before.length && column < after.length && before[row] === after[column]) {
      lines.push({ sign: ' ', text: before[row] ?? '' });
      row += 1;
      column += 1;
    } else if (row < before.length && (column === after.length || at(row + 1, column) >= at(row, column + 1))) {
      lines.push({ sign: '-', text: before[row++] ?? '' });
    } else {
      lines.push({ sign: '+', text: after[column++] ?? '' });
    }
  }
  return lines;
}
