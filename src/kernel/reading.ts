import type { TextRead } from '../model/host/index.ts';
import type { Run, RunRequest, RunResult } from './run.ts';

/** How one text is read: a program and what its endings mean. */
export interface Reading {
  readonly argv: readonly [tool: string, ...args: string[]];
  readonly input?: string;
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
  /** For tools that complain of some files and still print the others. */
  readonly evenIfFailed?: boolean;
  /** Statuses beside 0 that are an answer. */
  readonly statuses?: readonly number[];
  readonly env?: Readonly<Record<string, string>>;
  /** For listings whose cost grows with the rules: the machine's own work goes before them. */
  readonly gentle?: boolean;
}

/** What tools say when the rights are missing; libmnl, libnftables, iptables, ipset and libc each have their words. */
const rights = /permission denied|operation not permitted|must be root|EPERM|EACCES/i;

export async function readBy(run: Run, reading: Reading, signal?: AbortSignal): Promise<TextRead> {
  const request: RunRequest = {
    argv: reading.argv,
    ...(reading.input !== undefined && { input: reading.input }),
    ...(reading.timeoutMs !== undefined && { timeoutMs: reading.timeoutMs }),
    ...(reading.maxBytes !== undefined && { maxBytes: reading.maxBytes }),
    ...(reading.env !== undefined && { env: reading.env }),
    ...(reading.gentle !== undefined && { gentle: reading.gentle }),
    ...(signal !== undefined && { signal }),
  };
  return asText(reading, await run(request));
}

function asText(reading: Reading, result: RunResult): TextRead {
  const [tool] = reading.argv;
  switch (result.kind) {
    case 'exited': {
      if (
        result.status === 0 ||
        reading.statuses?.includes(result.status) === true ||
        (reading.evenIfFailed === true && result.stdout !== '')
      ) {
        return { read: true, text: result.stdout, command: reading.argv.join(' '), warnings: result.stderr };
      }
      const detail = oneLine(result.stderr) || `${tool} ended with status ${result.status}`;
      return { read: false, why: rights.test(result.stderr) ? 'rights' : 'failed', tool, detail };
    }
    case 'missing':
      return { read: false, why: 'missing', tool, detail: `${tool} is not installed` };
    case 'timeout':
      return { read: false, why: 'timeout', tool, detail: `${tool} took longer than ${result.timeoutMs / 1000} s` };
    case 'too-large':
      return {
        read: false,
        why: 'too-large',
        tool,
        detail: `${tool} printed more than ${Math.floor(result.maxBytes / 1024 / 1024)} MiB`,
      };
    case 'signalled':
      return { read: false, why: 'failed', tool, detail: `${tool} was ended by ${result.signal}` };
  }
}

/** The first line that says something, since what follows it is advice; but want of rights before all. */
function oneLine(said: string): string {
  const lines = said.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('# Warning'));
  const telling = lines.find((line) => rights.test(line)) ?? lines[0] ?? '';
  return telling.trim().slice(0, 300);
}

/** As {@link Run}, but at most so many programs at once: reading shall not take all processors of a busy machine. */
export function atMost(count: number, run: Run): Run {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (request) => {
    if (running >= count) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await run(request);
    } finally {
      // Who waits takes over the place.
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
