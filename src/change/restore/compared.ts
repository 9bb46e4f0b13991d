import { uncounted } from '../snapshots/index.ts';
import { keyOf } from './files.ts';
import { linesOf } from './sets.ts';
import type { HostState, SavedTable } from './state.ts';

/**
 * What of a host is not as it was to be, a clause; `null` where all is. How long members of sets have left does not count, and what sets and,
 * unless asked for, rules have counted neither: packets change that at any time. A table that is all open is as good as none.
 *
 * @param sets the names of those that count; others are for programs to change at any time. Left out: all
 */
export function unlikeState(
  wanted: HostState,
  found: HostState,
  { counters, sets }: { readonly counters: boolean; readonly sets?: ReadonlySet<string> },
): string | null {
  const said = (text: string): string => (counters ? text : uncounted(text));
  const [tables, there] = [tablesOf(wanted), tablesOf(found)];
  for (const key of new Set([...tables.keys(), ...there.keys()])) {
    const [one, other] = [tables.get(key)?.text ?? '', there.get(key)?.text ?? ''];
    if (said(one) === said(other) || ([one, other].includes('') && [one, other].every(isOpen))) continue;
    return `${nameOf(key)}: ${firstDifference(said(one).split('\n'), said(other).split('\n'))}`;
  }
  const ofThese = (state: HostState) => linesOf(state.sets.filter(({ name }) => sets?.has(name) ?? true));
  const [{ must, may }, has] = [ofThese(wanted), ofThese(found)];
  const have = new Set([...has.must, ...has.may]);
  const lacking = must.find((line) => !have.has(line));
  if (lacking !== undefined) return `"${lacking}" is not in the sets`;
  const known = new Set([...must, ...may]);
  const extra = [...have].find((line) => !known.has(line));
  return extra === undefined ? null : `"${extra}" is in the sets too`;
}

function tablesOf({ tables }: HostState): ReadonlyMap<string, SavedTable> {
  return new Map(tables.map((one) => [keyOf(one), one]));
}

function nameOf(key: string): string {
  const [backend, family, table] = key.split(' ');
  return `the table ${table} of IPv${family} (${backend})`;
}

function isOpen(text: string): boolean {
  return uncounted(text)
    .split('\n')
    .every((line) => line === '' || line === 'COMMIT' || line.startsWith('*') || /^:\S+ ACCEPT$/.test(line));
}

function firstDifference(wanted: readonly string[], found: readonly string[]): string {
  const at = wanted.findIndex((line, index) => line !== found[index]);
  return at >= 0 ? `"${wanted[at]}" is "${found[at] ?? 'nothing'}"` : `"${found[wanted.length]}" stands there too`;
}
