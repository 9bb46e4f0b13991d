import { backupJobs, backupsOf } from '../backups.ts';
import { sayList } from '../blame.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { guide, oneLink } from '../examples.ts';
import { file, snapshot } from '../host-examples.ts';
import { fine, found, given, shellWord, unanswered } from '../host-finding.ts';

const host = (...files: readonly object[]): object => ({ ...oneLink, files });
const cron = (command: string): object => file('/etc/cron.d/fw', `5 4 * * * root ${command}\n`);

/** Measured: `iptables-save > FILE`, when it is killed, leaves a file of 0 bytes where the last backup was. */
export const fwBkp06: Check = {
  id: 'FW-BKP-06',
  title: 'a backup that fails leaves the last one as it was',
  severity: 'medium',
  kinds: ['H'],
  refs: ['NIST 800-53 CP-9'],
  why: 'The shell empties the file before iptables-save says its first word. A full disk or a crash at that moment costs the backup that was there.',
  fix: 'Write into a new file and rename it.',
  run,
  examples: [
    { title: 'over the last one', facts: host(cron('iptables-save > /backup/iptables.rules')), finds: ['medium null'] },
    { title: 'by its own option', facts: host(cron('iptables-save -f /backup/iptables.rules')), finds: ['medium null'] },
    {
      title: 'into a new file, then renamed',
      facts: host(cron('iptables-save > /backup/iptables.new && mv /backup/iptables.new /backup/iptables.rules')),
      finds: [],
    },
    { title: 'one file a day', facts: host(cron('iptables-save > /backup/iptables-$(date +\\%F).rules')), finds: [] },
    { title: 'palisade takes snapshots', facts: host(cron('palisade backup create'), snapshot(0)), finds: [] },
    { title: 'snapshots that changes took', facts: host(snapshot(0)), finds: [] },
    { title: 'no backup at all', facts: host(), finds: [] },
    { title: 'nobody knows how it was made', facts: host(file('/backup/iptables.rules', guide)), finds: [], unknown: 1 },
    { title: 'files that were not read', finds: [], unknown: 1 },
  ],
};

function run({ host }: Subject): Answer {
  return given(fwBkp06, [host.files], (files) =>
    given(fwBkp06, [backupJobs(files), backupsOf(files)], (jobs, backups) => {
      if (jobs.length === 0) {
        // A snapshot of palisade's is there whole or not at all.
        const first = backups.find(({ holds }) => holds !== 'everything');
        return first === undefined
          ? fine
          : unanswered(fwBkp06, {
              why: `nothing that is scheduled says how ${first.file.path} is written`,
              remedy: 'see that whatever writes it makes a new file and renames it',
            });
      }
      // A name with the date is a new file each time.
      const over = jobs.filter(
        ({ target, job, snapshots }) => target !== null && !snapshots && !/\bmv\b/.test(job.command) && !/[$`%]/.test(target),
      );
      if (over.length === 0) return fine;
      const [{ target } = { target: null }] = over;
      const [last, fresh] = [shellWord(target ?? ''), shellWord(`${target}.new`)];
      return found(fwBkp06, {
        title: `The last backup is overwritten in place: ${sayList(over.map(({ job, target: to }) => `${job.path}:${job.line} writes ${to}`))}`,
        why: 'If the command is killed or the disk is full, the old backup is gone and the new one is not there.',
        fix: `Write a new file and rename it.
iptables-save > ${fresh} && sync ${fresh} && mv ${fresh} ${last}`,
      });
    }),
  );
}
