import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    globalSetup: ['test/namespace-guard.ts'],
    reporters: ['default', './test/closing-line.ts'],
    // Tests of the kernel wait for real packets and real timers, beside others that use the same processors.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    passWithNoTests: false,
  },
});
