/** One thing that was done to the firewall, or seen to be done: a line of the journal. */
export interface Entry {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly what: What;
  /** Who had palisade do it. `null`: nobody who is known, as when the machine started. */
  readonly by: Author | null;
  /** Who was seen to change the firewall beside palisade; `null` where nobody was, or it was palisade. */
  readonly actor: Actor | null;
  readonly policy: { readonly path: string; readonly digest: string | null } | null;
  /** Tables with something of palisade's, as `4 filter`. */
  readonly tables: readonly string[];
  readonly sets: readonly string[];
  /** Snapshots of the host before and after, by their IDs; `null` where none was taken, or by a palisade that took none. */
  readonly snapshots: { readonly before: string | null; readonly after: string | null } | null;
  /** What else there is to say, such as what was read back. */
  readonly text: string;
}

const words = [
  ...(['begun', 'changed', 'confirmed', 'undone', 'refused', 'opened', 'closed', 'boot', 'mended'] as const),
  ...(['saved', 'restored', 'drift', 'repaired', 'announced', 'failed', 'cut', 'banned', 'unbanned'] as const),
] as const;

/**
 * `begun`: a change is about to be written. `changed`: it is written, was read back, and waits. `confirmed`, `undone`: how it ended.
 * `refused`: it could not be made, and is undone. `opened`, `closed`: something was let in for a while, or no longer. `boot`: what the
 * machine did when it started. `saved`: a snapshot was taken, by hand or by the schedule. `restored`: a whole snapshot was put back. `drift`: somebody
 * else changed the firewall. `repaired`: palisade put its own back. `announced`: somebody said that he is about to change it by hand, or
 * is done. `failed`: a snapshot, a copy of one, or what the schedule was to do. `mended`: the journal's own last line was torn by a crash. `cut`: lines at its end were
 * found to be gone, or what would tell. `banned`, `unbanned`: a person shut somebody out, or let him in again.
 */
export type What = (typeof words)[number];

export interface Author {
  readonly uid: number;
  /** Who he was before `sudo`. */
  readonly sudoUid: number | null;
  /** Who logged in (audit's login user), whatever he became since; `null` where nobody did. */
  readonly loginUid: number | null;
  /** Address and port of the connection through which he works; `null` from a console, or a service. */
  readonly peer: string | null;
}

/** A process that changed the firewall. It may have ended before more could be asked than its number and name. */
export interface Actor {
  readonly pid: number;
  /** The path of its program, or what the kernel calls it (at most 15 characters) where that is all that is known. */
  readonly program: string;
  /** The program and its arguments, with blanks between. */
  readonly command: string | null;
  readonly uid: number | null;
  /** Who logged in, whatever he became since. */
  readonly loginUid: number | null;
  /** Who started it and who started that, nearest first, by what the kernel calls them. */
  readonly parents: readonly string[];
}

export type Chained = Entry & { readonly previous: string };

/** What every entry holds, and what palisade does on nobody's order leaves empty. */
export function entryOf(said: Pick<Entry, 'at' | 'what' | 'text'> & Partial<Entry>): Entry {
  return { by: null, actor: null, policy: null, tables: [], sets: [], snapshots: null, ...said };
}

const isText = (one: unknown): one is string => typeof one === 'string';
const isTextOrNull = (one: unknown): boolean => one === null || isText(one);
const isWholeOrNull = (one: unknown): boolean => one === null || Number.isInteger(one);
const areTexts = (list: unknown): boolean => Array.isArray(list) && list.every(isText);

/**
 * A line as it was read, if it is of the shape of an entry: whoever could change the file could write anything. What older palisades
 * did not write is `null` in it.
 */
export function readEntry(line: string): Chained | null {
  try {
    const value = JSON.parse(line) as Partial<Chained> | null;
    const { previous, at, what, text, tables, sets, by, policy, actor = null, snapshots = null } = value ?? {};
    const fits =
      isText(previous) &&
      isText(text) &&
      Number.isFinite(at) &&
      words.some((word) => word === what) &&
      [tables, sets].every(areTexts) &&
      (by === null || (typeof by?.uid === 'number' && [by.sudoUid, by.loginUid].every(isWholeOrNull) && isTextOrNull(by.peer))) &&
      (policy === null || (isText(policy?.path) && isTextOrNull(policy.digest))) &&
      (snapshots === null || [snapshots.before, snapshots.after].every(isTextOrNull)) &&
      (actor === null || isActor(actor));
    return fits ? ({ ...value, actor, snapshots } as Chained) : null;
  } catch {
    return null;
  }
}

function isActor({ pid, program, command, uid, loginUid, parents }: Actor): boolean {
  return (
    Number.isInteger(pid) && isText(program) && isTextOrNull(command) && [uid, loginUid].every(isWholeOrNull) && areTexts(parents)
  );
}

/** Whether an entry was written by a palisade that also writes the journal's head. */
export function knowsHead(line: string): boolean {
  return line.includes('"snapshots":');
}
