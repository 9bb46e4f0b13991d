import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** A program that runs beside us until it is disposed of, and says lines. */
export interface Child extends AsyncDisposable {
  readonly pid: number;
  /** Its standard output, line by line; ends when it does. Either this or `output`. */
  readonly lines: AsyncIterable<string>;
  /** Its standard output as bytes. What is not read yet holds the program up, and nothing is lost. */
  readonly output: Readable;
  /** Writes a line to its standard input. What is said to one that has ended is lost. */
  say(line: string): void;
  /** Resolves when it has ended, with its status (128 + signal) and the last it said on standard error. */
  readonly ended: Promise<{ readonly status: number; readonly stderr: string }>;
}

export interface StartRequest {
  readonly argv: readonly [tool: string, ...args: string[]];
  readonly env?: Readonly<Record<string, string>>;
}

const keptStderr = 4096;

/**
 * Starts a long-lived program: argv only, never a shell. Its standard input is a pipe that we hold: programs of ours end when it
 * closes, so that even `kill -9` of palisade leaves none behind.
 */
export function start(request: StartRequest): Child {
  const [tool, ...args] = request.argv;
  const child = spawn(tool, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', ...request.env },
  });
  let stderr = '';
  child.stderr.on('data', (piece: Buffer) => {
    stderr = (stderr + piece.toString('latin1')).slice(-keptStderr);
  });
  const ended = new Promise<{ status: number; stderr: string }>((resolve) => {
    child.on('error', (error) => resolve({ status: 127, stderr: error.message }));
    child.on('close', (status) => resolve({ status: status ?? 137, stderr }));
  });
  child.stdin.on('error', () => undefined);
  let lines: AsyncIterable<string> | undefined;
  return {
    pid: child.pid ?? 0,
    get lines() {
      lines ??= createInterface({ input: child.stdout, crlfDelay: Number.POSITIVE_INFINITY });
      return lines;
    },
    output: child.stdout,
    say: (line) => void child.stdin.write(`${line}\n`),
    ended,
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      // Nobody reads on: what it still had to say must not keep its end from being seen.
      child.stdout.resume();
      child.kill('SIGTERM');
      const killer = setTimeout(() => child.kill('SIGKILL'), 1000);
      await ended;
      clearTimeout(killer);
    },
  };
}
