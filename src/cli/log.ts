import type { Clock } from '../clock.ts';
import type { Log } from '../verbs/index.ts';

export const levels = ['debug', 'info', 'warn', 'error'] as const;
export type Level = (typeof levels)[number];

/**
 * One JSON object a line, as journald and every collector read it: `at` in ISO 8601, `level`, `event`, then details.
 * JSON escapes every control character, so that a log line stays one line whatever a packet or a rule says.
 */
export function jsonLog(least: Level, clock: Clock, write: (line: string) => void): Log {
  const at =
    (level: Level) =>
    (event: string, details: Readonly<Record<string, unknown>> = {}): void => {
      if (levels.indexOf(level) < levels.indexOf(least)) return;
      write(`${JSON.stringify({ at: new Date(clock.now()).toISOString(), level, event, ...details }, plain)}\n`);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

function plain(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Error) return { name: value.name, message: value.message, stack: value.stack };
  return value;
}
