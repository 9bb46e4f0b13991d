import { expect, it } from 'vitest';
import { playReal } from './witness.ts';

/** A slice of the soak (test/soak/witness.ts): with how many links, and how many live rules nothing here shows. */
it.each([
  ['docker/nft-v4', 2],
  ['fail2ban/legacy-v4', 1],
  ['ufw/legacy-v6', 1],
])('each live rule of %s is met by its own witness in the kernel', { timeout: 60_000 }, async (name, links) => {
  const { live, met, unmet, refused, wrong } = await playReal(`testdata/rulesets/${name}.save`, links);
  expect(refused).toBeNull();
  expect(wrong.slice(0, 3).join('\n')).toBe('');
  expect(met + [...unmet.values()].reduce((sum, count) => sum + count, 0)).toBe(live);
  // The more of the links, the more rules.
  expect(met).toBeGreaterThan(live / 3);
});
