/** A port at which a program waits, and that everyone may reach. */
export interface OpenListener {
  readonly family: 4 | 6;
  readonly proto: string;
  readonly port: number;
  readonly process: string | null;
}

/** What is known to be open, as it is kept. */
export interface KeptListeners {
  /** Epoch milliseconds of the first look, whose listeners all belong here. */
  readonly since: number;
  readonly known: readonly string[];
}

/** `4 tcp 22`: whichever program it is. */
export function listenerKey({ family, proto, port }: OpenListener): string {
  return `${family} ${proto} ${port}`;
}

/**
 * Those that nobody has known. Where nothing is kept, what stands open is what is known from now on.
 *
 * @param accepted keys that somebody has seen: they are known from now on
 * @param at epoch milliseconds
 */
export function newListeners(
  kept: KeptListeners | null,
  now: readonly OpenListener[],
  accepted: readonly string[],
  at: number,
): { readonly fresh: readonly OpenListener[]; readonly kept: KeptListeners } {
  if (kept === null) return { fresh: [], kept: { since: at, known: [...new Set(now.map(listenerKey))].sort() } };
  const more = accepted.filter((key) => !kept.known.includes(key));
  const known = more.length === 0 ? kept : { ...kept, known: [...kept.known, ...more].sort() };
  const seen = new Set(known.known);
  return { fresh: now.filter((one) => !seen.has(listenerKey(one))), kept: known };
}
