import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

export type Handed = { readonly ok: true } | { readonly ok: false; readonly why: string; readonly hint: string };

/**
 * Writes whole lines, each in one piece, into the command file of Nagios, which is a pipe. It never waits: not for a reader, and not for room.
 * Lines that found no room are not written.
 */
export async function writeToPipe(path: string, lines: readonly string[]): Promise<Handed> {
  const refused = (why: string, hint: string): Handed => ({ ok: false, why: `${path}: ${why}`, hint });
  const start = 'see whether Nagios runs, and takes commands (check_external_commands=1)';
  try {
    await using pipe = await open(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    if (!(await pipe.stat()).isFIFO()) return refused('it is no pipe', 'name the command_file of nagios.cfg');
    for (const line of lines) {
      const bytes = Buffer.from(line);
      const { bytesWritten } = await pipe.write(bytes, 0, bytes.length);
      if (bytesWritten < bytes.length) return refused('there was no room for all of a result', start);
    }
    return { ok: true };
  } catch (error) {
    switch ((error as NodeJS.ErrnoException).code) {
      case 'ENOENT':
      case 'ENOTDIR':
        return refused('it is not there', start);
      case 'ENXIO':
        return refused('nobody reads it', start);
      case 'EAGAIN':
        return refused('Nagios does not read what is in it', 'see whether Nagios hangs');
      case 'EACCES':
      case 'EPERM':
        return refused(
          'it may not be written',
          `let palisade’s sender write there: give its service the group of ${path} (SupplementaryGroups=)`,
        );
      default:
        return refused((error as Error).message, start);
    }
  }
}
