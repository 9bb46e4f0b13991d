import type { Host } from '../../model/host/index.ts';
import type { Family } from '../../model/net/index.ts';
import { backupsOf, newest, nothingToKeep } from '../backups.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { empty, filter, guide, oneLink } from '../examples.ts';
import { file } from '../host-examples.ts';
import { fine, found, given, shellWord, unanswered } from '../host-finding.ts';
import { differing } from '../same-rules.ts';

const host = (...files: readonly object[]): object => ({ ...oneLink, files });

/**
 * The last backup is the baseline. Who changed the rules is for the audit log to say
 * (FW-CAP-02).
 */
export const fwOps04: Check = {
  id: 'FW-OPS-04',
  title: 'the rules are those of the last backup',
  severity: 'medium',
  kinds: ['L'],
  refs: ['PCI-DSS 4.0 11.5.2', 'NIST 800-53 CM-3'],
  why: 'A rule that nobody remembers to have added is how an intruder keeps a door open.',
  fix: 'Look at the difference; make a new backup if it is right, restore the old one if not.',
  run,
  examples: [
    { title: 'the same', v4: guide, facts: host(file('/backup/iptables.rules', guide)), finds: [] },
    {
      title: 'the same in other words',
      v4: filter(['-A INPUT -s 192.0.2.0/25 -j ACCEPT', '-A INPUT -s 192.0.2.128/25 -j ACCEPT']),
      facts: host(file('/backup/iptables.rules', filter(['-A INPUT -s 192.0.2.0/24 -j ACCEPT']))),
      finds: [],
    },
    {
      title: 'a port was opened since',
      v4: filter(['-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT', '-A INPUT -p tcp -m tcp --dport 4444 -j ACCEPT']),
      facts: host(file('/backup/iptables.rules', filter(['-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT']))),
      finds: ['medium 4'],
    },
    { title: 'nothing to compare with', v4: guide, facts: host(), finds: [], unknown: 1 },
    { title: 'no rules', v4: empty, v6: empty, facts: host(), finds: [] },
    { title: 'files that were not read', v4: guide, finds: [], unknown: 1 },
  ],
};

function run({ host }: Subject): Answer {
  if (nothingToKeep(host)) return fine;
  return given(fwOps04, [host.files], (files) =>
    given(fwOps04, [backupsOf(files)], (backups) => {
      const answers = ([4, 6] as const).map((family) => ask(host, family, newest(backups, family)));
      const told = answers.flatMap((answer) => answer ?? []);
      if (told.length === 0) {
        return unanswered(fwOps04, {
          why: 'whether the rules were changed is not known: there is no backup that they could be compared with',
          remedy: 'make one, as FW-BKP-01 says',
        });
      }
      return { findings: told.flatMap(({ findings }) => findings), unknown: told.flatMap(({ unknown }) => unknown) };
    }),
  );
}

/** `null`: nothing to compare with. */
function ask(host: Host, family: Family, backup: ReturnType<typeof newest>): Answer | null {
  if (backup === null || backup.ruleset === null || backup.fault !== null) return null;
  const { path, modified } = backup.file;
  const ruleset = backup.ruleset;
  return given(fwOps04, [host.rulesets[family]], (live) =>
    given(fwOps04, [differing(host, live, ruleset, { now: 'now', other: 'by the backup' })], (difference) => {
      if (difference === null) return fine;
      const when = modified === null || modified <= 0 ? '' : ` of ${new Date(modified * 1000).toISOString().slice(0, 10)}`;
      return found(fwOps04, {
        family,
        certainty: difference.neighbours ? 'possible' : 'certain',
        title: `The IPv${family} rules are not those of the last backup${when}: ${path}`,
        why: `${difference.example} Somebody or something changed them since.`,
        fix: `Look at what differs; then make a new backup, or go back to this one.\npalisade diff ${shellWord(path)} live`,
      });
    }),
  );
}
