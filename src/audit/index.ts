/**
 * What is wrong with a firewall as it stands: checks, their findings, and the report made of them.
 *
 * It judges a host that was read, by packets that the analysis follows; it reads nothing itself, proves nothing on the
 * kernel and changes nothing. Verbs call `audit`; documentation is made from `checks`.
 */
import type { Host } from '../model/host/index.ts';
import { checks } from './checks/index.ts';
import type { Report } from './finding.ts';
import { defaultProfile, isAsked, type Profile, weighed } from './profiles/index.ts';
import { reportOf } from './report.ts';
import { refsOf } from './standards/index.ts';
import { subjectOf } from './subject.ts';

export type { Answer, Check, Example, Subject } from './check.ts';
export * from './finding.ts';
export { checks };

/** The report of an audit that came to no end: every check unknown, for the one reason. */
export function unaudited(why: string, remedy: string): Report {
  return reportOf(
    [],
    checks.map(({ id }) => ({ id, why, remedy })),
    checks.length,
  );
}

/** Runs every check that the profile asks on the host. Pure: the same host gives the same report. */
export function audit(host: Host, profile: Profile = defaultProfile): Report {
  const subject = subjectOf(host);
  const asked = checks.filter((check) => isAsked(profile, check));
  const answers = asked.map((check) => ({ check, answer: check.run(subject) }));
  return reportOf(
    answers.flatMap(({ check, answer }) =>
      answer.findings.map((finding) => weighed(profile, check, { ...finding, refs: refsOf(finding) })),
    ),
    answers.flatMap(({ answer }) => answer.unknown),
    asked.length,
  );
}
