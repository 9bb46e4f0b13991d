/** The kernel that runs, as `uname -r` and `uname -v` say it. */
export interface RunningKernel {
  readonly release: string;
  readonly build: string;
}

export function parseKernel(text: string): RunningKernel | undefined {
  const [release = '', build = ''] = text.split('\n');
  return release === '' ? undefined : { release, build };
}

/** One name a line; what a tool lists of a folder. */
export function parseNames(text: string): readonly string[] {
  return text.split('\n').filter((name) => name !== '');
}

/** A network namespace that some process is in: a container, a service with a network of its own, a rehearsal. */
export interface NetworkNamespace {
  readonly inode: number;
  readonly processes: number;
  /** The lowest of them, and what it was started as. */
  readonly pid: number;
  readonly command: string;
}

/** `lsns -n -r -t net -o NS,NPROCS,PID,COMMAND`, where raw output writes odd bytes as `\xHH`. */
export function parseNamespaces(text: string): readonly NetworkNamespace[] | undefined {
  const found: NetworkNamespace[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const match = /^(\d+) (\d+) (\d+) ?(.*)$/.exec(line);
    if (match === null) return undefined;
    const command = (match[4] ?? '').replace(/\\x([0-9a-f]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
    found.push({ inode: Number(match[1]), processes: Number(match[2]), pid: Number(match[3]), command });
  }
  return found;
}

/** `auditctl -l`, which says `No rules` when there are none. */
export function parseAuditRules(text: string): readonly string[] {
  return parseNames(text).filter((line) => line.startsWith('-'));
}

/** Expected connections, one a line. */
export function countLines(text: string): number {
  return text.split('\n').filter((line) => line.trim() !== '').length;
}
