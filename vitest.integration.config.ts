import { defineConfig } from 'vitest/config';

/** Tests against real monitoring systems: `npm run test:integration`. One file a system, each with servers of its own. */
export default defineConfig({
  test: {
    include: ['test/integration/**/*.test.ts'],
    globalSetup: ['test/namespace-guard.ts'],
    reporters: ['default', './test/closing-line.ts'],
    maxWorkers: 3,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    passWithNoTests: false,
  },
});
