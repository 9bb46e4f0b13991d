import { z } from 'zod';
import { everies } from './due.ts';

const shape = z.object({
  every: z.enum(everies),
  jitterMs: z.int().min(0),
  command: z.tuple([z.string()], z.string()),
  stateFolder: z.string(),
  folders: z.array(z.string()),
});

/** What a machine is to do by itself. */
export interface Schedule {
  readonly every: (typeof everies)[number];
  /** Machines begin within so many milliseconds after the beginning of an hour, a day or a week of UTC, each at its own time. */
  readonly jitterMs: number;
  /** What takes a snapshot and all that belongs to it. */
  readonly command: readonly [program: string, ...args: string[]];
  readonly stateFolder: string;
  /** Folders beside it that take copies. */
  readonly folders: readonly string[];
}

const mark = '# palisade ';

/** A comment that says it, for whoever reads the file again. */
export function scheduleLine(schedule: Schedule): string {
  return `${mark}${JSON.stringify(schedule)}`;
}

/** `null` of a file that does not say it. */
export function scheduleIn(text: string): Schedule | null {
  const line = text.split('\n').find((one) => one.startsWith(`${mark}{`));
  if (line === undefined) return null;
  try {
    const parsed = shape.safeParse(JSON.parse(line.slice(mark.length)));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
