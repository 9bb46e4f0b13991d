import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { machineStart, uptime } from '../guard/guard.ts';
import type { Author } from '../history/entry.ts';
import { writeWhole } from '../history/whole-file.ts';

/** Somebody has said that he is about to change the firewall by hand. */
export interface Announcement {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly until: number;
  /** Seconds of uptime at which it ends, in this start of the machine: a clock that is set back does not prolong it. */
  readonly untilUptime: number;
  readonly start: string;
  readonly by: Author;
  readonly reason: string | null;
}

const fileOf = (stateFolder: string): string => join(stateFolder, 'announced.json');

/** Notes that the firewall will be changed by hand for so many seconds. @throws Error of the file system */
export function announce(
  stateFolder: string,
  seconds: number,
  now: number,
  said: Pick<Announcement, 'by' | 'reason'>,
): Announcement {
  const made: Announcement = {
    at: now,
    until: now + seconds * 1000,
    untilUptime: uptime() + seconds,
    start: machineStart(),
    ...said,
  };
  mkdirSync(stateFolder, { recursive: true, mode: 0o700 });
  writeWhole(fileOf(stateFolder), `${JSON.stringify(made)}\n`);
  return made;
}

/**
 * What is announced now; `null`: nothing, or it is over. It ends by the wall clock and by the machine's own, whichever comes first, and with
 * a restart.
 *
 * @param now epoch milliseconds
 */
export function announcedNow(stateFolder: string, now: number): Announcement | null {
  const said = readAnnouncement(stateFolder);
  if (said === null) return null;
  const isOver = now >= said.until || said.start !== machineStart() || uptime() >= said.untilUptime;
  return isOver ? null : said;
}

function readAnnouncement(stateFolder: string): Announcement | null {
  try {
    const said = JSON.parse(readFileSync(fileOf(stateFolder), 'utf8')) as Partial<Announcement> | null;
    const isWhole = [said?.at, said?.until, said?.untilUptime].every((one) => typeof one === 'number' && Number.isFinite(one));
    return isWhole && typeof said?.start === 'string' && typeof said.by?.uid === 'number' ? (said as Announcement) : null;
  } catch (error) {
    // What is no announcement prolongs nothing.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return null;
    throw error;
  }
}

/** The change by hand is over. */
export function endAnnouncement(stateFolder: string): void {
  rmSync(fileOf(stateFolder), { force: true });
}
