import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    // Real monitoring systems: `npm run test:integration`.
    exclude: ['test/integration/**'],
    globalSetup: ['test/namespace-guard.ts'],
    reporters: ['default', './test/closing-line.ts'],
    // Tests of the kernel wait half of their time for real packets and real timers: three at once keep two processors at work.
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    passWithNoTests: false,
  },
});
