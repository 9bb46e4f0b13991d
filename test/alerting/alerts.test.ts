import { expect, test } from 'vitest';
import { sendWhileKilled } from './sending.ts';

/** A slice of `npm run soak -- alerts`. */
test('a sender that is killed, and a receiver that is in bad moods, lose nothing and double nothing', async () => {
  const { wrong } = await sendWhileKilled({
    ...{ forMs: 1200, everyMs: 60, killEveryMs: 400, settleMs: 30_000, random: Math.random },
  });
  expect(wrong).toEqual([]);
}, 60_000);
