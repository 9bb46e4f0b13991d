import { describe, expect, it } from 'vitest';
import { inputTrials } from './whole/inputs.ts';
import { killRestore } from './whole/kills.ts';
import { rounds } from './whole/rounds.ts';

/** A slice of `npm run soak -- restore`. */
describe('a whole host', () => {
  it.each([...inputTrials('legacy'), ...rounds('nft')].filter(({ quick }) => quick === true))(
    '$does',
    { timeout: 120_000 },
    async ({ judge }) => {
      expect(await judge()).toEqual([]);
    },
  );

  it('is as it was when palisade and who would undo a restore are killed together', { timeout: 120_000 }, async () => {
    expect((await killRestore('nft', 160, 'armed', 'both')).wrong).toEqual([]);
  });
});
