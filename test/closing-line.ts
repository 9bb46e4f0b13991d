import type { Reporter, TestModule } from 'vitest/node';

/**
 * Prints `N passed, N failed` as the very last line of a run.
 *
 * What is broken outside of any test (a file that does not load, an error that nobody caught, no test at all)
 * counts as a failure, so that the line never says `0 failed` of a run that did not succeed.
 */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[], reason: 'passed' | 'interrupted' | 'failed'): void {
    let passed = 0;
    let failed = unhandled.length;
    let skipped = 0;
    for (const module of modules) {
      failed += module.errors().length;
      for (const suite of module.children.allSuites()) failed += suite.errors().length;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') passed += 1;
        else if (state === 'skipped') skipped += 1;
        else failed += 1;
      }
    }
    if (reason !== 'passed' && failed === 0) failed = 1;
    const line = `${passed} passed, ${failed} failed`;
    // The default reporter writes its summary in this same turn, and this line comes after all of it.
    process.once('exit', () => {
      if (skipped > 0) process.stdout.write(`${skipped} skipped\n`);
      process.stdout.write(`${line}\n`);
    });
  }
}
