/**
 * What is wrong with a firewall as it stands: checks, their findings, and the report made of them.
 *
 * It judges a host that was read, by packets that the analysis follows; it reads nothing itself, proves nothing on the
 * kernel and changes nothing. Verbs call `audit`; documentation is made from `checks`.
 */
import type { Host } from '../model/host/index.ts';
import { checks } from './checks/index.ts';
import type { Report } from './finding.ts';
import { reportOf } from './report.ts';
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

/** Runs every check on the host. Pure: the same host gives the same report. */
export function audit(host: Host): Report {
  const subject = subjectOf(host);
  const answers = checks.map((check) => check.run(subject));
  // A host of whose rules nothing is known gets no score for its packages.
  const judged = checks.some(
    ({ kinds }, at) => (kinds.includes('S') || kinds.includes('Y')) && answers[at]?.unknown.length === 0,
  );
  return reportOf(
    answers.flatMap(({ findings }) => findings),
    answers.flatMap(({ unknown }) => unknown),
    checks.length,
    judged,
  );
}
