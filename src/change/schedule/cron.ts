import { failed, ok, type Result } from '../../result.ts';
import { type Schedule, scheduleLine } from './schedule.ts';

/** Without a dot, for which cron would not read it (cron(8), run-parts(8)). */
export const cronPath = '/etc/cron.d/palisade-backup';

/** How often it asks. Each machine begins at its own minute. */
export const askMinutes = 10;

/** Debian's cron takes no longer commands (MAX_COMMAND in cron.h). */
const longestCommand = 990;

/**
 * A line that asks often whether it is time, so that what was missed is made up, and nothing waits in the meantime. `--due` and how long after
 * midnight it is time stand in the command.
 *
 * @param offsetMs see {@link Schedule.jitterMs}; its minutes within {@link askMinutes} are those at which it asks
 */
export function cronFile(schedule: Schedule, offsetMs: number): Result<string> {
  const command = schedule.command.map(shellWord).join(' ');
  const strange = schedule.command.find((word) => /[\n\r\\]/.test(word));
  if (strange !== undefined || command.length > longestCommand)
    return failed({
      code: 'schedule-refused',
      message:
        strange === undefined
          ? 'the command is longer than cron takes'
          : 'a path holds a line break or a backslash, which cron does not take',
      hint: 'choose shorter and plainer paths',
    });
  const minute = Math.floor(offsetMs / 60_000) % askMinutes;
  return ok(`${scheduleLine(schedule)}
# Asked every ${askMinutes} minutes whether it is time: what was missed is made up.
SHELL=/bin/sh
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
${minute}-59/${askMinutes} * * * * root ${command}
`);
}

/** For sh; and cron ends a command at a percent sign that has no backslash, which it takes away (crontab(5)). */
function shellWord(word: string): string {
  const quoted = /^[\w./@+:=,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
  return quoted.replaceAll('%', '\\%');
}
