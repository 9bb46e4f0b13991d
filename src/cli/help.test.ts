import { describe, expect, test } from 'vitest';
import { run } from './command-line.fixture.ts';

describe('help', () => {
  test('of palisade groups the verbs', async () => {
    const { code, out, err } = await run(['--help']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/Look:\n +status[^\n]*how it stands\n +trace/);
    expect(out).toMatch(/Keep:\n +diff/);
    expect((await run(['help'])).out).toBe(out);
  });

  test('of a verb has flags, defaults, examples and exit codes', async () => {
    const { code, out } = await run(['trace', '--help']);
    expect(code).toBe(0);
    expect(out).toContain('--dport <PORT>');
    expect(out).toContain('--fail-on <WORD>');
    expect(out).toContain('(default: low)');
    expect(out).toContain('--no-web');
    expect(out).toContain('Exit codes:\n  0  all is well\n  2  it is not\n');
    expect((await run(['help', 'status'])).out).toContain('Examples:\n  palisade\n      how this host stands\n');
  });

  test('--version', async () => {
    expect((await run(['--version'])).out).toMatch(/^palisade \d+\.\d+\.\d+\n$/);
  });
});
