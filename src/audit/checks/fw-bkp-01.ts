import type { Host } from '../../model/host/index.ts';
import { backupJobs, backupsOf, dailyBackup, isLookedAt, newest, nothingToKeep } from '../backups.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { empty, guide, oneLink } from '../examples.ts';
import { file } from '../host-examples.ts';
import { fine, found, given, unanswered } from '../host-finding.ts';
import { differing } from '../same-rules.ts';

const dayS = 86_400;
const freshDays = 7;

const host = (...files: readonly object[]): object => ({ ...oneLink, files });
const backup = (days: number, text = guide): object => file('/backup/iptables.rules', text, { modified: -days * dayS });

/**
 * Backups are looked for where people keep them on the host (/backup, /var/backups, /root and so on), by their text. One that holds the
 * rules in force is fresh whatever its age. Copies on other machines cannot be seen, so that none was found is only possible.
 */
export const fwBkp01: Check = {
  id: 'FW-BKP-01',
  title: 'there is a fresh backup of the rules',
  severity: 'medium',
  kinds: ['H'],
  refs: ['NIST 800-53 CP-9', 'NIST SP 800-41r1 5.5'],
  why: 'After a mistake or a break-in there is nothing to go back to.',
  fix: 'Make one every day.',
  run,
  examples: [
    { title: 'of today', v4: guide, facts: host(backup(0)), finds: [] },
    { title: 'none', v4: guide, facts: host(), finds: ['medium null'] },
    { title: 'old, but the rules are the same', v4: guide, facts: host(backup(400)), finds: [] },
    {
      title: 'old, and the rules have changed',
      v4: guide.replace('--dport 443', '--dport 8443'),
      facts: host(backup(30)),
      finds: ['medium null'],
    },
    { title: 'no rules', v4: empty, v6: empty, facts: host(), finds: [] },
    {
      title: 'cron writes one where palisade does not look',
      v4: guide,
      facts: host(file('/etc/cron.d/fw', '5 4 * * * root iptables-save > /data/fw/rules\n')),
      finds: [],
      unknown: 1,
    },
    {
      title: 'a command that is not there',
      v4: guide,
      facts: host(file('/etc/cron.d/fw', '5 4 * * * root palisade backup create\n')),
      finds: ['medium null'],
    },
    { title: 'files that were not read', v4: guide, finds: [], unknown: 1 },
  ],
};

function run({ host }: Subject): Answer {
  if (nothingToKeep(host)) return fine;
  return given(fwBkp01, [host.files], (files) =>
    given(fwBkp01, [backupsOf(files), backupJobs(files)], (backups, jobs) => {
      const last = [...backups].sort((a, b) => (b.file.modified ?? 0) - (a.file.modified ?? 0))[0];
      if (last === undefined) {
        const elsewhere = jobs.find(({ target }) => target === null || !isLookedAt(target));
        if (elsewhere !== undefined) {
          const { path, line } = elsewhere.job;
          return unanswered(fwBkp01, {
            why: `${path}:${line} writes backups${elsewhere.target === null ? '' : ` to ${elsewhere.target}`}, where palisade does not look`,
            remedy: 'look there whether the last one is fresh, or keep them in /backup or /var/backups',
          });
        }
        return found(fwBkp01, {
          certainty: 'possible',
          title: 'No backup of the rules was found on the host',
          why: 'Neither /backup, /var/backups nor /root holds one, and nothing that is scheduled makes one. A copy on another machine cannot be seen from here.',
          fix: `Make one now, and one every day.\n${dailyBackup}`,
        });
      }
      if (last.file.modified === null) {
        return unanswered(fwBkp01, {
          why: `the files do not say how old ${last.file.path} is`,
          remedy: 'add its "modified" to --facts FILE',
        });
      }
      const days = Math.floor((host.readAt / 1000 - last.file.modified) / dayS);
      if (days <= freshDays) return fine;
      return given(fwBkp01, [holdsThose(host, backups)], (same) =>
        same
          ? fine
          : found(fwBkp01, {
              title: `The last backup of the rules is ${days} days old: ${last.file.path}`,
              why: 'The rules have changed since. Going back to it would undo those changes too.',
              fix: `Make one now, and one every day.\n${dailyBackup}`,
            }),
      );
    }),
  );
}

/** Whether the newest backup of IPv4 does what the rules in force do. */
function holdsThose(host: Host, backups: Parameters<typeof newest>[0]): ReturnType<typeof same> {
  return same(host, newest(backups, 4));
}

function same(host: Host, backup: ReturnType<typeof newest>) {
  const live = host.rulesets[4];
  if (!live.known) return live;
  if (backup === null || backup.ruleset === null) return { known: true, value: false } as const;
  const difference = differing(host, live.value, backup.ruleset, { now: 'now', other: 'in the backup' });
  return difference.known ? ({ known: true, value: difference.value === null } as const) : difference;
}
