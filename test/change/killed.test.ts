import { expect, it } from 'vitest';
import { killApply } from './killed.ts';

/** A slice of `npm run soak -- apply`: moments all over one change. */
it.each([
  ['nft', 12, 'armed'],
  ['legacy', 16, 'armed'],
] as const)(
  'palisade killed with iptables-%s %i ms after %s leaves what was there before, and what others added',
  async (backend, afterMs, since) => {
    const { wrong } = await killApply(backend, afterMs, since);
    expect(wrong).toEqual([]);
  },
  90_000,
);

it.each([
  ['nft', 300],
  ['legacy', 12],
] as const)(
  'palisade and its guard killed together with iptables-%s leave what the next start undoes',
  async (backend, afterMs) => {
    const { wrong } = await killApply(backend, afterMs, 'armed', true);
    expect(wrong).toEqual([]);
  },
  90_000,
);
