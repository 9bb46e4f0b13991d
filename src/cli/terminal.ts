import { readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { type Clock, systemClock } from '../clock.ts';
import { type Canvas, openCanvas } from './canvas.ts';
import { type Conversation, conversation } from './conversation.ts';

/** One of the two streams that a command writes to. */
export interface Output {
  /** Somebody looks at it. */
  readonly interactive: boolean;
  /** Width in cells; `null` when it is not a terminal. */
  readonly columns: number | null;
  /** Resolves when it was written; rejects with {@link OutputClosed} when the reader went away. */
  write(piece: string | Uint8Array): Promise<void>;
}

/** The reader closed the pipe, as `head` does: there is nobody left to tell, which is no error. */
export class OutputClosed extends Error {}

/** The process around a command, so that tests can stand in for it. */
export interface Terminal {
  readonly clock: Clock;
  readonly out: Output;
  readonly err: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  stdin(): Promise<Uint8Array>;
  /** With whoever sits there and can be asked; `null` where nobody does. Nothing is read before the first question. */
  conversation(signal: AbortSignal): Conversation | null;
  /** The terminal as a screen, where somebody sits before it; `null` elsewhere. */
  canvas(): Canvas | null;
  readFile(path: string): Promise<Uint8Array>;
  /** Calls back on Ctrl-C and SIGTERM until disposed of. A second one ends the process at once. */
  onInterrupt(listener: () => void): Disposable;
  /** Calls back with an error that nobody caught, and ends the process with exit 3 when the answer is written. */
  onFault(listener: (error: unknown) => Promise<unknown>): Disposable;
}

/** The real one. */
export function processTerminal(): Terminal {
  return {
    clock: systemClock,
    out: output(process.stdout),
    err: output(process.stderr),
    env: process.env,
    async stdin() {
      const pieces: Buffer[] = [];
      for await (const piece of process.stdin) pieces.push(piece as Buffer);
      return Buffer.concat(pieces);
    },
    conversation: (signal) =>
      process.stdin.isTTY === true && process.stderr.isTTY === true ? conversation(process.stdin, process.stderr, signal) : null,
    canvas: () =>
      process.stdin.isTTY === true && process.stdout.isTTY === true && process.env['TERM'] !== 'dumb'
        ? openCanvas(process.stdin, process.stdout)
        : null,
    readFile: (path) => readFile(path),
    onFault(listener) {
      const hear = (error: unknown): void => {
        listener(error).finally(() => process.exit(3));
      };
      process.once('uncaughtException', hear);
      return { [Symbol.dispose]: () => void process.off('uncaughtException', hear) };
    },
    onInterrupt(listener) {
      let asked = false;
      const hear = (signal: NodeJS.Signals): void => {
        // Whoever asks twice does not want to wait for tidying up.
        if (asked) process.exit(128 + constants.signals[signal]);
        asked = true;
        listener();
      };
      const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
      for (const signal of signals) process.on(signal, hear);
      return {
        [Symbol.dispose]() {
          for (const signal of signals) process.off(signal, hear);
        },
      };
    },
  };
}

function output(stream: NodeJS.WriteStream): Output {
  let closed = false;
  // Without a listener Node throws the stream's error where nobody can catch it; write reports it to whoever writes.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    closed ||= error.code === 'EPIPE';
  });
  return {
    interactive: stream.isTTY === true,
    get columns() {
      return stream.isTTY === true ? stream.columns : null;
    },
    write(piece) {
      if (closed) return Promise.reject(new OutputClosed());
      return new Promise((resolve, reject) => {
        stream.write(piece, (error) => {
          if (error === null || error === undefined) return resolve();
          closed ||= (error as NodeJS.ErrnoException).code === 'EPIPE';
          reject(closed ? new OutputClosed() : error);
        });
      });
    },
  };
}
