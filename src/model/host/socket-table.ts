/**
 * Reads a table of `ss`, one socket a line, whose last column names the processes. Names of processes are whatever their
 * users chose, with quotes and newlines in them if they like: a line that is not a socket's can only be the rest of such a
 * name. `line` must put what follows the sockets into its last group; `undefined` of any socket is `undefined` of all.
 */
export function inTable<T>(
  text: string,
  line: RegExp,
  read: (match: RegExpExecArray, process: string | null, pids: readonly number[]) => T | undefined,
): readonly T[] | undefined {
  const rows: string[] = [];
  for (const row of text.split('\n')) {
    const last = rows.length - 1;
    if (line.test(row)) rows.push(row);
    else if (row.trim() !== '') {
      const unfinished = rows[last];
      if (unfinished === undefined || !/ users:\(\(/.test(unfinished)) return undefined;
      rows[last] = `${unfinished}\n${row}`;
    }
  }
  const found: T[] = [];
  for (const row of rows) {
    const match = line.exec(row);
    const holders = match?.at(-1) ?? '';
    const process = /^users:\(\("(.*?)",pid=\d+,fd=\d+\)/s.exec(holders)?.[1] ?? null;
    const pids = [...holders.matchAll(/",pid=(\d+),fd=\d+\)/g)].map(([, pid]) => Number(pid));
    const one = match === null ? undefined : read(match, process, pids);
    if (one === undefined) return undefined;
    found.push(one);
  }
  return found;
}
