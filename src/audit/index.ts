/**
 * What is wrong with a firewall as it stands: checks, their findings, and the report made of them.
 *
 * It judges a host that was read, by packets that the analysis follows; it reads nothing itself, proves nothing on the
 * kernel and changes nothing. Verbs call `audit`; documentation is made from `checks`.
 */
import type { Host, Known } from '../model/host/index.ts';
import { checks } from './checks/index.ts';
import { examined } from './examination.ts';
import { type Exposure, exposuresOf } from './exposure/index.ts';
import type { Report } from './finding.ts';
import { defaultProfile, type Profile } from './profiles/index.ts';
import { reportOf } from './report.ts';
import { subjectOf } from './subject.ts';

export type { Answer, Check, Example, Subject } from './check.ts';
export type { Exposure } from './exposure/index.ts';
export * from './finding.ts';
export { type Mending, mendingOf } from './mending.ts';
export { sayPacket } from './probes.ts';
export { checks };

/** The report of an audit that came to no end: every check unknown, for the one reason. */
export function unaudited(why: string, remedy: string): Report {
  return reportOf(
    [],
    checks.map(({ id }) => ({ id, why, remedy })),
    checks.length,
  );
}

/** A report, and who of the world outside reaches what, which are asked of the same functions. */
export interface Audited {
  readonly report: Report;
  readonly exposure: Known<readonly Exposure[]>;
}

/** As {@link audit}, and who reaches what. */
export function auditAndExposure(host: Host): Audited {
  const subject = subjectOf(host);
  const { findings, unknown: undetermined, asked, judged } = examined(host, defaultProfile, subject);
  return { report: reportOf(findings, undetermined, asked, judged), exposure: exposuresOf(subject) };
}

/** Runs every check that the profile asks on the host. Pure: the same host gives the same report. */
export function audit(host: Host, profile: Profile = defaultProfile): Report {
  const { findings, unknown, asked, judged } = examined(host, profile);
  return reportOf(findings, unknown, asked, judged);
}
