import { type RestoreTable, takeRestorable } from '../../kernel/index.ts';
import type { Backend, HostTexts, TextName } from '../../model/host/index.ts';
import type { Family } from '../../model/net/index.ts';
import { failed, ok, type Problem, type Result } from '../../result.ts';
import { unreadIn } from '../snapshots/index.ts';
import { parseSets, type SavedSet } from './sets.ts';

/** One table, as its save prints it with counters. */
export interface SavedTable {
  readonly backend: Backend;
  readonly family: Family;
  readonly table: string;
  /** From `*TABLE` to `COMMIT`, without comments. */
  readonly text: string;
}

/** Everything of a host that can be put back. */
export interface HostState {
  /** Of each backend and family in the order in which they were printed. */
  readonly tables: readonly SavedTable[];
  readonly sets: readonly SavedSet[];
  /** Lists of the match `recent`, by name: addresses as the kernel prints them, in its order. */
  readonly recent: ReadonlyMap<string, readonly string[]>;
}

/** What was read of a host, in a snapshot or just now. */
export interface ReadHost {
  readonly texts: HostTexts;
  /** What /proc/net/xt_recent says of each list, by name. */
  readonly recent: Readonly<Record<string, string>>;
}

/** @param whose for problems: `the snapshot`, `this host` */
export function hostState({ texts, recent }: ReadHost, whose: string): Result<HostState> {
  const unread = unreadIn({ texts });
  if (unread !== null) return failed({ code: 'unread', message: unread, hint: `${whose} cannot be known without it` });
  const problems: Problem[] = [];
  const tables: SavedTable[] = [];
  for (const backend of ['nft', 'legacy'] as const)
    for (const family of [4, 6] as const) {
      const file = `IPv${family} rules (${backend}) of ${whose}`;
      const taken = takeRestorable(textIn(texts, `${backend}Save${family}`), file, true);
      if (!taken.ok) problems.push(...taken.problems);
      else for (const one of inOrder(taken.value)) tables.push({ backend, family, table: one.name, text: textOf(one) });
    }
  const sets = parseSets(textIn(texts, 'ipsets'), `sets of ${whose}`);
  if (!sets.ok) problems.push(...sets.problems);
  if (problems.length > 0 || !sets.ok) return failed(...problems);
  const lists = Object.entries(recent).map(
    ([name, said]) => [name, [...said.matchAll(/^src=(\S+) /gm)].map(([, address = '']) => address)] as const,
  );
  return ok({ tables, sets: sets.value, recent: new Map(lists) });
}

/** Empty of what is not there at all. */
function textIn({ texts }: HostTexts, name: TextName): string {
  const read = texts[name];
  return read.read ? read.text : '';
}

function inOrder(tables: readonly RestoreTable[]): readonly RestoreTable[] {
  return tables.toSorted((one, other) => one.line - other.line);
}

function textOf({ name, chains, commands }: RestoreTable): string {
  return [`*${name}`, ...[...chains, ...commands].map(({ text }) => text), 'COMMIT'].map((line) => `${line}\n`).join('');
}
