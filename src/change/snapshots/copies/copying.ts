import type { Problem } from '../../../result.ts';

/** A snapshot that is to lie elsewhere too. */
export interface Copying {
  /** The snapshot here. */
  readonly file: string;
  /** What it is called there. */
  readonly name: string;
  /** SHA-256 of the whole file. */
  readonly digest: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** A copy that was read back and holds the same bytes. */
export interface Copied {
  readonly where: string;
  /** What should be known of it. */
  readonly note: string | null;
}

export function uncopied(to: string, message: string, hint: string): Problem {
  return { code: 'copy-failed', message: `${to}: ${message}`, hint };
}
