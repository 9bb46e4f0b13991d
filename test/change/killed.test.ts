import { expect, it } from 'vitest';
import { killApply } from './killed.ts';

/** A slice of `npm run soak -- apply`: moments all over one change. */
it.each([
  ['nft', 1200, 'start'],
  ['nft', 0, 'armed'],
  ['nft', 12, 'armed'],
  ['nft', 30, 'armed'],
  ['nft', 400, 'armed'],
  ['legacy', 1200, 'start'],
  ['legacy', 0, 'armed'],
  ['legacy', 8, 'armed'],
  ['legacy', 16, 'armed'],
  ['legacy', 400, 'armed'],
] as const)(
  'palisade killed with iptables-%s %i ms after %s leaves what was there before, and what others added',
  async (backend, afterMs, since) => {
    const { wrong } = await killApply(backend, afterMs, since);
    expect(wrong).toEqual([]);
  },
  90_000,
);
