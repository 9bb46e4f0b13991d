import { describe, expect, it } from 'vitest';
import { seeded } from '../kernel/random.ts';
import { faults } from './faults/index.ts';

/** A slice of `npm run soak -- apply`: one instance of each kind, on one of the backends. */
describe.each(Object.entries(faults))('%s', (_name, trials) => {
  const quick = (['nft', 'legacy'] as const).flatMap((backend) =>
    trials(backend, 1, seeded(1))
      .filter((trial) => trial.quick === true)
      .map((trial) => ({ ...trial, backend })),
  );
  it.each(quick)('$does (iptables-$backend)', { timeout: 120_000 }, async ({ judge }) => {
    expect(await judge()).toEqual([]);
  });
});
