import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeWhole } from '../history/whole-file.ts';
import type { Runs } from './due.ts';

const shape = z.object({ begun: z.number().nullable(), succeeded: z.number().nullable(), why: z.string().nullable() });

/** The last times that the schedule was followed. */
export interface RunsKept extends Runs {
  /** Why the last one did not do all that it was to do; `null` if it did. That of one which is still at it, or died, says so. */
  readonly why: string | null;
}

const fileOf = (stateFolder: string): string => join(stateFolder, 'schedule.json');

/** What is no record of them is as good as none: then a snapshot is due. */
export function readRuns(stateFolder: string): RunsKept {
  const never: RunsKept = { begun: null, succeeded: null, why: null };
  try {
    return shape.safeParse(JSON.parse(readFileSync(fileOf(stateFolder), 'utf8'))).data ?? never;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return never;
    throw error;
  }
}

/** @throws Error of the file system, ENOSPC among them */
export function writeRuns(stateFolder: string, runs: RunsKept): void {
  mkdirSync(stateFolder, { recursive: true, mode: 0o700 });
  writeWhole(fileOf(stateFolder), `${JSON.stringify(runs)}\n`);
}
