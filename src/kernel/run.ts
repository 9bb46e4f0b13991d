import { type ChildProcess, spawn } from 'node:child_process';
import { getPriority, setPriority } from 'node:os';
import { runToEnd } from './install.ts';

/** Runs one program: argv only, never a shell; time and output are bounded; standard input is never inherited. */
export type Run = (request: RunRequest) => Promise<RunResult>;

export interface RunRequest {
  readonly argv: readonly [tool: string, ...args: string[]];
  /**
   * Written to standard input, which is then closed. One character per byte when a string.
   * It is a socket: tools that open /dev/stdin again, as `nft -f -` does, cannot read it.
   */
  readonly input?: string | Uint8Array;
  /** Added to a minimal environment (PATH with the sbin folders, LC_ALL=C). */
  readonly env?: Readonly<Record<string, string>>;
  /** Default 10,000. The whole process group is ended when it passes. */
  readonly timeoutMs?: number;
  /** Of standard output; default 64 MiB. */
  readonly maxBytes?: number;
  /** Ends the process group; the result is then `signalled`, by SIGKILL. */
  readonly signal?: AbortSignal;
  /** Runs at low priority: other work goes first, and on an idle machine nothing is lost. */
  readonly gentle?: boolean;
  /**
   * An open file that takes standard output and error. The program is then run to its end: there is no input, and neither time, size
   * nor `signal` stops it.
   */
  readonly outputTo?: number;
}

export type RunResult =
  | {
      readonly kind: 'exited';
      /** 126, as shells say it, when the program is there but could not be started; `stderr` says why. */
      readonly status: number;
      /** latin1: one character per byte. */
      readonly stdout: string;
      /** The first 1 MiB. */
      readonly stderr: string;
      readonly durationMs: number;
    }
  /** The program is not there. */
  | { readonly kind: 'missing'; readonly tool: string }
  | { readonly kind: 'timeout'; readonly tool: string; readonly timeoutMs: number }
  | { readonly kind: 'too-large'; readonly tool: string; readonly maxBytes: number }
  | { readonly kind: 'signalled'; readonly tool: string; readonly signal: string };

/** All that a program sees of our environment: nothing of the caller's can change what a tool prints or which one runs. */
const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' } as const;
const maxErrorBytes = 1024 * 1024;
/** A process in an uninterruptible wait ignores even SIGKILL; the caller must not wait for it. */
const reapMs = 1000;

/**
 * The one process runner. Every program becomes the leader of its own process group, so that a time-out, a full
 * buffer or an abort ends its children too (only those that left the group on purpose survive).
 * Never rejects for what a program does.
 */
export function createRun(): Run {
  return (request) => {
    if (request.outputTo !== undefined)
      return runToEnd({ ...request, outputTo: request.outputTo }, { ...environment, ...request.env });
    return new Promise((resolve) => {
      const [tool, ...args] = request.argv;
      const timeoutMs = request.timeoutMs ?? 10_000;
      const maxBytes = request.maxBytes ?? 64 * 1024 * 1024;
      if (request.signal?.aborted) {
        resolve({ kind: 'signalled', tool, signal: 'SIGKILL' });
        return;
      }
      const startedAt = performance.now();
      const child = spawn(tool, args, {
        // Tools must not depend on, or pin, the folder that palisade was started in.
        cwd: '/',
        env: { ...environment, ...request.env },
        detached: true,
        stdio: [request.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      });
      if (request.gentle === true) yieldToOthers(child);
      const stdout = collector(maxBytes);
      const stderr = collector(maxErrorBytes);
      let stopped: RunResult | undefined;
      let settled = false;

      const settle = (result: RunResult): void => {
        if (settled) return;
        settled = true;
        clearTimeout(timer);
        request.signal?.removeEventListener('abort', abort);
        resolve(result);
      };
      const stop = (result: RunResult): void => {
        if (stopped !== undefined || settled) return;
        stopped = result;
        endGroup(child);
        // A child that left the group may hold the pipes open for ever.
        child.stdin?.destroy();
        child.stdout?.destroy();
        child.stderr?.destroy();
        if (child.exitCode !== null || child.signalCode !== null) settle(result);
        else setTimeout(() => settle(result), reapMs).unref();
      };
      const abort = (): void => stop({ kind: 'signalled', tool, signal: 'SIGKILL' });
      const timer = setTimeout(() => stop({ kind: 'timeout', tool, timeoutMs }), timeoutMs);
      request.signal?.addEventListener('abort', abort, { once: true });

      child.stdout?.on('data', (chunk: Buffer) => {
        if (!stdout.take(chunk)) stop({ kind: 'too-large', tool, maxBytes });
      });
      child.stderr?.on('data', (chunk: Buffer) => stderr.take(chunk));
      // A tool may end without reading all of its input (EPIPE); its exit status says what became of it.
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(typeof request.input === 'string' ? Buffer.from(request.input, 'latin1') : request.input);

      child.on('error', (error: NodeJS.ErrnoException) => {
        const durationMs = performance.now() - startedAt;
        if (error.code === 'ENOENT') settle({ kind: 'missing', tool });
        else settle({ kind: 'exited', status: 126, stdout: '', stderr: `${tool}: ${error.message}\n`, durationMs });
      });
      child.on('exit', () => {
        if (stopped !== undefined) settle(stopped);
      });
      child.on('close', (status, signal) => {
        if (stopped !== undefined) settle(stopped);
        else if (status === null) settle({ kind: 'signalled', tool, signal: signal ?? 'unknown' });
        else {
          const durationMs = performance.now() - startedAt;
          settle({ kind: 'exited', status, stdout: stdout.text(), stderr: stderr.text(), durationMs });
        }
      });
    });
  };
}

/** Keeps the first `maxBytes`; `take` is false once more came. */
function collector(maxBytes: number): { take(chunk: Buffer): boolean; text(): string } {
  const chunks: Buffer[] = [];
  let size = 0;
  return {
    take(chunk) {
      const room = maxBytes - size;
      if (room > 0) chunks.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
      size = Math.min(maxBytes, size + chunk.length);
      return chunk.length <= room;
    },
    text: () => Buffer.concat(chunks).toString('latin1'),
  };
}

/** Ten, not nineteen: on a machine that is busy for hours the tool must still come to its end. */
const gentleNice = 10;

function yieldToOthers(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    setPriority(child.pid, Math.max(gentleNice, getPriority()));
  } catch (error) {
    // It has ended already, or our own sandbox forbids it; then it runs as usual.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ERR_SYSTEM_ERROR') throw error;
  }
}

/** `pid` is also the group's id, since the child was started detached. */
function endGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    // ESRCH: the whole group is gone already.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
