/** What was measured beside what it is compared with, both several times in turn. */
export interface Comparison {
  readonly what: string;
  readonly ms: readonly number[];
  /** The other program, or the least that there is to do. */
  readonly peer: string;
  readonly peerMs: readonly number[];
  readonly rssMb?: readonly number[];
  /** May not be exceeded. */
  readonly atMost?: { readonly ratio?: number; readonly rssMb?: number };
}

/** Prints the comparison as one line; what is exceeded makes the exit status 1. */
export function compare(one: Comparison): void {
  const ms = median(one.ms);
  const peerMs = median(one.peerMs);
  const ratio = ms / peerMs;
  const rssMb = one.rssMb === undefined ? undefined : Math.max(...one.rssMb);
  const { ratio: mostRatio = Number.POSITIVE_INFINITY, rssMb: mostRss = Number.POSITIVE_INFINITY } = one.atMost ?? {};
  const words = [
    `  ${one.what}: ${Math.round(ms)} ms`,
    `${one.peer}: ${Math.round(peerMs)} ms`,
    `median of ${one.ms.length}`,
    `ratio ${ratio.toFixed(2)}${said(ratio, mostRatio)}`,
    ...(rssMb === undefined ? [] : [`${Math.round(rssMb)} MB${said(rssMb, mostRss)}`]),
  ];
  process.stdout.write(`${words.join(' · ')}\n`);
  if (ratio > mostRatio || (rssMb ?? 0) > mostRss) process.exitCode = 1;
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
