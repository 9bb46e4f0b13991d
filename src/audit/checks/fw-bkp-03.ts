import { backupsOf, dailyBackup, newest, nothingToKeep } from '../backups.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { empty, guide, oneLink } from '../examples.ts';
import { file, snapshot } from '../host-examples.ts';
import { both, fine, found, given } from '../host-finding.ts';
import { holdsOwnRules } from '../neighbours.ts';

const host = (text: string): object => ({ ...oneLink, files: [file('/backup/iptables.rules', text)] });
const hostOf = (...files: readonly object[]): object => ({ ...oneLink, files });

/**
 * Judged by the text: a file without COMMIT or with a fault is refused, an empty one changes nothing and says so to nobody, and tables
 * without rules take the firewall away. That a rehearsal on this kernel takes it is more, and is said of palisade's snapshots alone, which say
 * whether they were proved so.
 */
export const fwBkp03: Check = {
  id: 'FW-BKP-03',
  title: 'the last backup can bring the rules back',
  severity: 'high',
  kinds: ['H', 'S'],
  refs: ['NIST 800-53 CP-9'],
  why: 'A backup that was torn while it was written is noticed on the day on which it is needed. Restoring an empty file even reports success.',
  fix: 'Make a new one, and look at it by restoring it into a rehearsal.',
  run,
  examples: [
    { title: 'whole', v4: guide, facts: host(guide), finds: [] },
    { title: 'empty', v4: guide, facts: host(''), finds: ['high 4'] },
    { title: 'torn', v4: guide, facts: host(guide.slice(0, guide.length / 2)), finds: ['high 4'] },
    {
      title: 'a rule that is none',
      v4: guide,
      facts: host(guide.replace('--dport 22 -j', '--dport 222222 -j')),
      finds: ['high 4'],
    },
    { title: 'it accepts everything', v4: guide, facts: host(empty), finds: ['high 4'] },
    { title: 'a snapshot that was proved', v4: guide, facts: hostOf(snapshot(0)), finds: [] },
    {
      title: 'a snapshot that came back otherwise',
      v4: guide,
      facts: hostOf(snapshot(0, 'a rule came back otherwise')),
      finds: ['high 4'],
    },
    {
      title: 'a snapshot that was not proved, and one behind it that was',
      v4: guide,
      facts: hostOf(snapshot(3, 'a rule came back otherwise'), snapshot(0, null, 2)),
      finds: [],
    },
    {
      title: 'a damaged snapshot',
      v4: guide,
      facts: hostOf(file(`/var/lib/palisade/backups/${'0'.repeat(64)}.snapshot`, 'palisade-snap', { mode: '0600' })),
      finds: ['high 4'],
    },
    {
      title: 'a family that has no rules',
      v4: guide,
      v6: empty,
      facts: { ...oneLink, files: [file('/backup/ip6tables.rules', '')] },
      finds: [],
    },
    { title: 'no backup, which is a finding of its own', v4: guide, facts: { ...oneLink, files: [] }, finds: [] },
    { title: 'files that were not read', v4: guide, finds: [], unknown: 1 },
  ],
};

function run({ host }: Subject): Answer {
  if (nothingToKeep(host)) return fine;
  return given(fwBkp03, [host.files], (files) =>
    given(fwBkp03, [backupsOf(files)], (backups) =>
      both(
        ...([4, 6] as const).map((family) => {
          const live = host.rulesets[family];
          if (live.known && !holdsOwnRules(live.value)) return fine;
          const last = newest(backups, family);
          if (last === null || last.fault === null) return fine;
          const { path } = last.file;
          return found(fwBkp03, {
            family,
            title: `The last backup of the IPv${family} rules is no good: ${path}`,
            why: `${last.fault.slice(0, 1).toUpperCase()}${last.fault.slice(1)}.`,
            fix: `Make a new one, which is written whole or not at all.\n${dailyBackup}`,
          });
        }),
      ),
    ),
  );
}
