import { spawn } from 'node:child_process';
import type { RunRequest, RunResult } from './run.ts';

/**
 * Runs a program that must come to its end, such as a package manager amid its scripts: a session of its own, no time and no limit of
 * size, and no pipe of ours. It writes into an open file, and so goes on when we are gone. Over is when it has ended, whoever of its
 * children still holds that file.
 */
export function runToEnd(
  { argv, outputTo }: RunRequest & { readonly outputTo: number },
  env: Readonly<Record<string, string>>,
): Promise<RunResult> {
  return new Promise((resolve) => {
    const [tool, ...args] = argv;
    const startedAt = performance.now();
    const child = spawn(tool, args, { cwd: '/', env, detached: true, stdio: ['ignore', outputTo, outputTo] });
    const ended = (status: number, stderr: string): void =>
      resolve({ kind: 'exited', status, stdout: '', stderr, durationMs: performance.now() - startedAt });
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') resolve({ kind: 'missing', tool });
      else ended(126, `${tool}: ${error.message}\n`);
    });
    child.on('exit', (status, signal) => {
      if (status === null) resolve({ kind: 'signalled', tool, signal: signal ?? 'unknown' });
      else ended(status, '');
    });
  });
}
