import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.ts';

/** Wrong tokens that are answered at once, and how fast that allowance comes back. */
const burst = 10;
const perSecond = 1;

export type TokenAnswer = 'right' | 'missing' | 'wrong' | 'wrong-too-often';

/** The secret that a request must carry; it lives as long as the process. */
export interface Token {
  /** 256 random bits, base64url: it needs no escape in a URL fragment. */
  readonly text: string;
  /** Judges an `Authorization` header. The right token is accepted however many wrong ones came before. */
  check(authorization: string | undefined): TokenAnswer;
}

export function createToken(clock: Clock, text: string = randomBytes(32).toString('base64url')): Token {
  const expected = digest(text);
  let allowance = burst;
  let filledAt = clock.now();
  return {
    text,
    check(authorization) {
      if (authorization === undefined) return 'missing';
      const given = /^Bearer ([^\s]+)$/i.exec(authorization)?.[1];
      // Equal-length digests, so that neither time nor an exception tells how much of a guess was right.
      if (given !== undefined && timingSafeEqual(digest(given), expected)) return 'right';
      const now = clock.now();
      allowance = Math.min(burst, allowance + (Math.max(0, now - filledAt) / 1000) * perSecond);
      filledAt = now;
      if (allowance < 1) return 'wrong-too-often';
      allowance -= 1;
      return 'wrong';
    },
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
