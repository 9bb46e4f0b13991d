import type { Host } from '../../model/host/index.ts';
import { ageOf, backupJobs, backupsOf, dailyBackup, isLookedAt, newest, nothingToKeep } from '../backups.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { empty, guide, oneLink } from '../examples.ts';
import { file, snapshot } from '../host-examples.ts';
import { fine, found, given, unanswered } from '../host-finding.ts';
import { differing } from '../same-rules.ts';

const dayS = 86_400;
const freshDays = 7;

const host = (...files: readonly object[]): object => ({ ...oneLink, files });
const backup = (days: number, text = guide): object => file('/backup/iptables.rules', text, { modified: -days * dayS });
const schedule = file('/etc/cron.d/palisade', '5 4 * * * root palisade backup create\n');

/**
 * Backups are looked for where people keep them on the host (/backup, /var/backups, /root and so on), by their text, and palisade's snapshots
 * where it keeps them. One that holds the rules in force is fresh whatever its age; so is the last of a schedule that takes another only when
 * something has changed. Copies on other machines cannot be seen, so that none was found is only possible.
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
    { title: 'a snapshot of today', v4: guide, facts: host(snapshot(0)), finds: [] },
    {
      title: 'an old snapshot, and a schedule that finds nothing new',
      v4: guide,
      facts: host(snapshot(400), schedule),
      finds: [],
    },
    { title: 'an old snapshot, and nobody takes another', v4: guide, facts: host(snapshot(400)), finds: [], unknown: 1 },
    { title: 'a schedule that has taken none yet', v4: guide, facts: host(schedule), finds: ['medium null'] },
    { title: 'files that were not read', v4: guide, finds: [], unknown: 1 },
  ],
};

function run({ host }: Subject): Answer {
  if (nothingToKeep(host)) return fine;
  return given(fwBkp01, [host.files], (files) =>
    given(fwBkp01, [backupsOf(files), backupJobs(files)], (backups, jobs) => {
      const last = [...backups].sort((a, b) => (ageOf(b) ?? 0) - (ageOf(a) ?? 0))[0];
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
      const made = ageOf(last);
      if (made === null) {
        return unanswered(fwBkp01, {
          why: `the files do not say how old ${last.file.path} is`,
          remedy: 'add its "modified" to --facts FILE',
        });
      }
      const days = Math.floor((host.readAt / 1000 - made) / dayS);
      const isKept = last.holds === 'everything' && jobs.some(({ snapshots }) => snapshots);
      if (days <= freshDays || isKept) return fine;
      if (last.holds === 'everything' && !backups.some(({ ruleset }) => ruleset !== null)) {
        return unanswered(fwBkp01, {
          why: `the last snapshot is ${days} days old, and whether the rules have changed since is not seen from here`,
          remedy: 'ask palisade backup diff latest live, or take another with palisade backup create',
        });
      }
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
