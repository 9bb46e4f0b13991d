import type { Problem } from '../../result.ts';
import type { LoggedPacket } from '../events/index.ts';

/** What a source says. */
export type Watched =
  | { readonly kind: 'event'; readonly event: LoggedPacket }
  /** So many records or packets more were there and could not be read. */
  | { readonly kind: 'lost'; readonly count: number }
  /** The source cannot be read at all; nothing follows. */
  | { readonly kind: 'unavailable'; readonly problem: Problem };

export function unavailable(problems: readonly Problem[]): Watched[] {
  return problems.map((problem) => ({ kind: 'unavailable', problem }));
}
