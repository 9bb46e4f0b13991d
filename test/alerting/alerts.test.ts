import { expect, test } from 'vitest';
import { sendWhileKilled } from './sending.ts';

/** A slice of `npm run soak -- alerts`. */
test('a sender that is killed, and a receiver that is in bad moods, lose nothing and double nothing', async () => {
  const { wrong, incidents, kills } = await sendWhileKilled({
    ...{ forMs: 1200, everyMs: 60, killEveryMs: 400, settleMs: 30_000, random: Math.random },
  });
  expect(wrong).toEqual([]);
  expect(incidents).toBeGreaterThan(3);
  expect(kills).toBeGreaterThan(0);
}, 60_000);
