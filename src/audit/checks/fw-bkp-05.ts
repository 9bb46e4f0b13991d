import { type Backup, backupsOf, dailyBackup } from '../backups.ts';
import { sayList } from '../blame.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { guide, oneLink } from '../examples.ts';
import { file, snapshot } from '../host-examples.ts';
import { fine, found, given } from '../host-finding.ts';
import { scheduled } from '../schedule.ts';

const one = file('/backup/iptables.rules', guide);
const host = (...files: readonly object[]): object => ({ ...oneLink, processes: [{ pid: 1, name: 'systemd' }], files });

/** What carries files to other machines, as a command or as an agent. */
const carries = /\b(?:rsync|scp|sftp|rclone|restic|borg|borgmatic|duplicity|rsnapshot|aws\s+s3|gsutil|azcopy|lftp|unison)\b/;
const agents = /^(bacula-fd|bareos-fd|veeam|amandad|dsmc|dsmcad|cbagent|urbackup|proxmox-backup)/;

/** Where palisade puts each snapshot too, as its configuration says: something stands behind `copies`. */
const copies = /^\s+copies:\s*(?:\[\s*[^\]\s#]|(?:#[^\n]*)?\n\s*-\s*\S)/m;

/** Whether a copy elsewhere is there cannot be seen from the host, so the finding is only possible. */
export const fwBkp05: Check = {
  id: 'FW-BKP-05',
  title: 'several backups are kept, on another machine too, with checksums',
  severity: 'medium',
  kinds: ['H'],
  refs: ['NIST 800-53 CP-9'],
  why: 'One file that is overwritten each night holds the mistake of yesterday; one on the same disk is lost with it; one without checksum may be changed.',
  fix: 'Keep several under names with their date, copy them to another machine, and write a checksum beside each.',
  run,
  examples: [
    { title: 'one file on one disk', facts: host(one), finds: ['medium null'] },
    {
      title: 'several, carried away, with checksums',
      facts: host(
        file('/backup/iptables-2026-01-01.rules', guide),
        file('/backup/iptables-2026-01-02.rules', guide),
        file('/backup/iptables-2026-01-02.rules.sha256', 'abc'),
        file('/etc/cron.daily/copy', '#!/bin/sh\nrsync -a /backup/ vault:/backup/\n', { mode: '0755' }),
      ),
      finds: [],
    },
    {
      title: 'only the checksum is missing',
      facts: { ...host(one, file('/backup/iptables.old', guide)), processes: [{ pid: 9, name: 'bacula-fd' }] },
      finds: ['medium null'],
    },
    {
      title: 'snapshots, and copies of them',
      facts: host(
        snapshot(1),
        snapshot(0, null, 2),
        file('/etc/palisade/config.yaml', 'backup:\n  copies:\n    - sftp://vault@198.51.100.9/firewalls\n'),
      ),
      finds: [],
    },
    {
      title: 'snapshots on this disk alone',
      facts: host(snapshot(1), snapshot(0, null, 2), file('/etc/palisade/config.yaml', 'backup: { copies: [] }\n')),
      finds: ['medium null'],
    },
    { title: 'no backup', facts: host(), finds: [] },
    { title: 'files that were not read', facts: { ...oneLink, processes: [{ pid: 1, name: 'systemd' }] }, finds: [], unknown: 1 },
  ],
};

function run({ host }: Subject): Answer {
  return given(fwBkp05, [host.files], (files) =>
    given(fwBkp05, [backupsOf(files), scheduled(files), host.processes], (backups, schedule, processes) => {
      if (backups.length === 0) return fine;
      const config = files.get('/etc/palisade/config.yaml')?.text;
      const copied = config?.known === true && copies.test(config.value);
      // Its name is the SHA-256 of what a snapshot must hold.
      const isChecked = backups.some(({ holds }) => holds === 'everything');
      const lacking = [
        ...(several(backups) ? [] : ['older ones beside the last']),
        ...(copied || schedule.some(({ command }) => carries.test(command)) || processes.some(({ name }) => agents.test(name))
          ? []
          : ['a copy on another machine']),
        ...(isChecked || [...files.keys()].some((path) => /(?:\.sha\d*|\.md5|\.asc|\.sig|SUMS)$/.test(path))
          ? []
          : ['checksums']),
      ];
      if (lacking.length === 0) return fine;
      return found(fwBkp05, {
        certainty: 'possible',
        title: `Of the backups of the rules there are no ${sayList(lacking)}`,
        why: `As far as the files and schedules of the host say (${sayList(backups.slice(0, 3).map(({ file }) => file.path))}). What another machine fetches by itself cannot be seen here.`,
        fix: `Keep one of each day, and copy them away.\n${dailyBackup}\nrsync -a /var/backups/iptables/ BACKUPHOST:iptables/`,
      });
    }),
  );
}

/** More than one of a family. */
function several(backups: readonly Backup[]): boolean {
  return ([4, 6, null] as const).some(
    (of) => backups.filter(({ holds, family }) => holds !== 'sets' && family === of).length > 1,
  );
}
