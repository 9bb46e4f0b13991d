/** What was measured beside what it is compared with, both several times in turn. */
export interface Comparison {
  readonly what: string;
  readonly ms: readonly number[];
  /** The other program, or the least that there is to do. */
  readonly peer: string;
  readonly peerMs: readonly number[];
  /** Processor time of all processes of each. */
  readonly cpuMs?: readonly number[];
  readonly peerCpuMs?: readonly number[];
  readonly rssMb?: readonly number[];
  /** May not be exceeded. */
  readonly atMost?: { readonly ratio?: number; readonly ms?: number; readonly rssMb?: number };
}

/** Prints the comparison as one line; what is exceeded makes the exit status 1. */
export function compare(one: Comparison): void {
  const ms = median(one.ms);
  const peerMs = median(one.peerMs);
  const ratio = ms / peerMs;
  const rssMb = one.rssMb === undefined ? undefined : Math.max(...one.rssMb);
  const none = Number.POSITIVE_INFINITY;
  const { ratio: mostRatio = none, ms: mostMs = none, rssMb: mostRss = none } = one.atMost ?? {};
  const cpu = (values: readonly number[] | undefined): string =>
    values === undefined ? '' : `, ${Math.round(median(values))} of processors`;
  const words = [
    `  ${one.what}: ${Math.round(ms)} ms${said(ms, mostMs)}${cpu(one.cpuMs)}`,
    `${one.peer}: ${Math.round(peerMs)} ms${cpu(one.peerCpuMs)}`,
    `median of ${one.ms.length === one.peerMs.length ? one.ms.length : `${one.ms.length} and ${one.peerMs.length}`}`,
    `ratio ${ratio.toFixed(2)}${said(ratio, mostRatio)}`,
    ...(rssMb === undefined ? [] : [`${Math.round(rssMb)} MB${said(rssMb, mostRss)}`]),
  ];
  process.stdout.write(`${words.join(' · ')}\n`);
  if (ratio > mostRatio || ms > mostMs || (rssMb ?? 0) > mostRss) process.exitCode = 1;
}

/** What one of many takes, by its least of several runs in turn: what is more is the rest of the machine. */
export interface LeastComparison {
  readonly what: string;
  readonly ns: readonly number[];
  readonly peer: string;
  readonly peerNs: readonly number[];
  /** One of them is enough. */
  readonly atMost?: { readonly ratio: number; readonly moreNs?: number };
}

/** As {@link compare}, of nanoseconds. */
export function compareLeast({ what, ns, peer, peerNs, atMost }: LeastComparison): void {
  const [least, peerLeast] = [Math.min(...ns), Math.min(...peerNs)];
  const ratio = least / peerLeast;
  const { ratio: mostRatio = Number.POSITIVE_INFINITY, moreNs } = atMost ?? {};
  const isOver = ratio > mostRatio && (moreNs === undefined || least - peerLeast > moreNs);
  const limit = moreNs === undefined ? String(mostRatio) : `${mostRatio}, or ${moreNs} ns more`;
  const words = [
    `  ${what}: ${Math.round(least)} ns`,
    `${peer}: ${Math.round(peerLeast)} ns`,
    `least of ${ns.length}`,
    `ratio ${ratio.toFixed(2)}${atMost === undefined ? '' : isOver ? ` (MORE than ${limit})` : ` (at most ${limit})`}`,
  ];
  process.stdout.write(`${words.join(' · ')}\n`);
  if (isOver) process.exitCode = 1;
}

function said(value: number, most: number): string {
  if (most === Number.POSITIVE_INFINITY) return '';
  return value <= most ? ` (at most ${most})` : ` (MORE than ${most})`;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}
