import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Run, RunResult } from '../kernel/index.ts';
import { createRun } from '../kernel/index.ts';
import { logsOfAllNamespaces } from './namespace-log.ts';

const { signal } = new AbortController();
const saying =
  (result: RunResult): Run =>
  async () =>
    result;

test('only the setting itself, switched on, means that all namespaces log to the host', async () => {
  const ended = { kind: 'exited', stderr: '', durationMs: 1 } as const;
  const answers: readonly (readonly [RunResult, boolean])[] = [
    [{ ...ended, status: 0, stdout: '1\n' }, true],
    [{ ...ended, status: 0, stdout: '0\n' }, false],
    [{ ...ended, status: 1, stdout: '' }, false],
    [{ kind: 'missing', tool: 'cat' }, false],
  ];
  for (const [result, answer] of answers) expect(await logsOfAllNamespaces(saying(result), signal)).toBe(answer);
});

test('inside a namespace of its own there is no such setting', async () => {
  expect(() => readFileSync('/proc/sys/net/netfilter/nf_log_all_netns')).toThrow('ENOENT');
  expect(await logsOfAllNamespaces(createRun(), signal)).toBe(false);
});
