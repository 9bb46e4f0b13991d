import type { Ranges } from '../../model/net/index.ts';
import type { Hook } from '../../model/packet/index.ts';

/** By which way new connections come, and between whom. */
export interface Course {
  readonly hook: Hook;
  readonly in: string | null;
  readonly out: string | null;
  /** Addresses of the near end: destinations, or on output sources. */
  readonly near: readonly bigint[];
  /** Addresses that the far end may have; shares are shares of these. */
  readonly far: Ranges<bigint>;
  /** Other than a client's. */
  readonly sport?: number;
  /** Forwarded packets are for the host's own addresses as they arrive: nat leads them on. */
  readonly published?: true;
  /** Whatever hangs on the user that sends may be so. */
  readonly anyUser?: true;
}

/**
 * certain: accepted whatever the matches answer that no packet tells. possible: with some answers. steady: accepted also when
 * the limits are used up. In all three a match of which the usual answer is known gives that (`usual.ts`).
 */
export type Mode = 'certain' | 'possible' | 'steady';
