import type { ManagementSession } from './session.ts';
import type { Life, Moment, Passing } from './timeline.ts';

/** A session that is cut, and when. */
export interface Cut {
  readonly session: ManagementSession;
  /** The first moment of it. */
  readonly at: number;
  readonly passing: Extract<Passing, { kind: 'cut' }>;
  /** The moment at which it passes again for certain; `null`: never, or too late. */
  readonly until: number | null;
}

/** When a session is cut first for certain, or else first at all; `null`: never, or before the script already. */
export function cutOf(session: ManagementSession, index: number, moments: readonly Moment[]): Cut | null {
  const running = moments.map(({ lives }) => (lives[index] as Life).running);
  // What does not pass before the script is no session.
  if (running[0]?.kind === 'cut' && running[0].sure) return null;
  const first = (sure: boolean): number => running.findIndex((one, at) => at > 0 && one.kind === 'cut' && (one.sure || !sure));
  const certain = first(true);
  const at = certain >= 0 ? certain : first(false);
  const passing = running[at];
  if (passing?.kind !== 'cut') return null;
  const again = running.findIndex((one, later) => later > at && one.kind === 'passes');
  return { session, at, passing, until: again < 0 || passing.resets ? null : again };
}
