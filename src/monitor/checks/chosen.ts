import type { CheckOptions } from './mode.ts';

/** Whether something is to be looked at, by any of the names that it goes by. In what was asked for, `*` stands for anything. */
export function isChosen(names: readonly string[], { only, except }: CheckOptions): boolean {
  const isOf = (patterns: readonly string[]): boolean => patterns.some((pattern) => names.some((name) => fits(pattern, name)));
  return (only.length === 0 || isOf(only)) && !isOf(except);
}

/** What was asked for by name and is not there. */
export function missing(all: readonly (readonly string[])[], { only }: CheckOptions): readonly string[] {
  return only.filter((pattern) => !all.some((names) => names.some((name) => fits(pattern, name))));
}

/** The text of a pattern is compared piece by piece, so that none takes long. */
function fits(pattern: string, name: string): boolean {
  const pieces = pattern.split('*');
  const [first = '', last = ''] = [pieces[0], pieces.at(-1)];
  if (pieces.length === 1) return pattern === name;
  if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last)) return false;
  let at = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = name.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return at <= name.length - last.length;
}
