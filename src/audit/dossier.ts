import type { Host } from '../model/host/index.ts';
import { type AcceptedRisk, type Settlement, settle } from './accepted.ts';
import type { Check } from './check.ts';
import { checks } from './checks/index.ts';
import { type CheckOutcome, type ControlRow, controlsOf } from './controls.ts';
import { type Evidence, evidenceOf, type Tool } from './evidence.ts';
import { type Digest, type Filed, file } from './filed.ts';
import { type Finding, type Proof, type Report, type Severity, severities, type Undetermined } from './finding.ts';
import { isAsked, type Profile } from './profiles/index.ts';
import { reportOf } from './report.ts';

/** Everything that a report of any format says; formats only write it down. */
export interface Dossier extends Omit<Settlement, 'counting'> {
  readonly evidence: Evidence;
  readonly profile: Profile;
  /** Of what counts. */
  readonly score: number | null;
  readonly confidence: number;
  /** Those that count, worst first. */
  readonly findings: readonly Filed[];
  readonly unknown: readonly Undetermined[];
  /** Every check that was asked, in the order of their ids. */
  readonly checks: readonly Asked[];
  /** Of the profile's standards; empty when it names none. */
  readonly controls: readonly ControlRow[];
  /** The mildest severity that the caller wants to hear of as a failure. */
  readonly failOn: Severity;
}

export interface Asked {
  readonly check: Check;
  /** Findings that count. */
  readonly findings: readonly Filed[];
  readonly accepted: Settlement['accepted'];
  readonly unknown: readonly Undetermined[];
  readonly outcome: CheckOutcome;
}

/** What a dossier is made from, beside the host and its report. */
export interface Circumstances {
  readonly profile: Profile;
  readonly risks: readonly AcceptedRisk[];
  /** Epoch milliseconds: which accepted risks have expired. */
  readonly now: number;
  readonly failOn: Severity;
  readonly tool: Tool;
  readonly digest: Digest;
  /** Of findings of the report that were tried on the kernel. */
  readonly proofs?: ReadonlyMap<Finding, Proof>;
}

export function dossierOf(host: Host, report: Report, circumstances: Circumstances): Dossier {
  const { profile, risks, now, failOn, tool, digest, proofs = new Map() } = circumstances;
  const today = new Date(now).toISOString().slice(0, 10);
  const { counting, accepted, expired, unused } = settle(file(host, report.findings, digest, proofs), risks, today);
  const asked = checks
    .filter((check) => isAsked(profile, check))
    .map((check) => askedOf(check, counting, accepted, report.unknown));
  const { score } = reportOf(
    counting.map(({ finding }) => finding),
    report.unknown,
    asked.length,
  );
  const outcomes = new Map(asked.map((one) => [one.check.id, (family: 4 | 6 | null) => outcomeOf(one, family)]));
  return {
    evidence: evidenceOf(host, tool, digest),
    profile,
    // Where nothing was known that could be scored, acceptances make no score of it.
    score: report.score === null ? null : score,
    confidence: report.confidence,
    findings: counting,
    accepted,
    expired,
    unused,
    unknown: report.unknown,
    checks: asked,
    controls: controlsOf(profile, outcomes, host),
    failOn,
  };
}

function askedOf(
  check: Check,
  counting: readonly Filed[],
  allAccepted: Settlement['accepted'],
  allUnknown: readonly Undetermined[],
): Asked {
  const findings = counting.filter(({ finding }) => finding.id === check.id);
  const accepted = allAccepted.filter(({ filed }) => filed.finding.id === check.id);
  const unknown = allUnknown.filter(({ id }) => id === check.id);
  const said = { findings, accepted, unknown };
  return { check, ...said, outcome: outcomeOf(said, null) };
}

/** What a check says in all, or of one family and of what is no family's. */
function outcomeOf(
  { findings, accepted, unknown }: Pick<Asked, 'findings' | 'accepted' | 'unknown'>,
  family: 4 | 6 | null,
): CheckOutcome {
  const concerns = (of: 4 | 6 | null): boolean => family === null || of === null || of === family;
  const of = (filed: readonly Filed[]) => filed.map(({ finding }) => finding).filter((finding) => concerns(finding.family));
  const counting = of(findings);
  const found = [...counting, ...of(accepted.map(({ filed }) => filed))];
  const grave = found.filter(({ severity }) => severity !== 'info');
  const sure = grave.filter(({ certainty }) => certainty === 'certain');
  if (sure.some((finding) => counting.includes(finding))) return 'fail';
  if (sure.length > 0) return 'accepted';
  if (unknown.some(({ why }) => concerns(familyNamed(why)))) return 'unknown';
  if (grave.length > 0) return 'possible';
  return found.length > 0 ? 'info' : 'pass';
}

/** Open questions name their family in their first word where they have one. */
export function familyNamed(why: string): 4 | 6 | null {
  const family = /^IPv([46])\b/.exec(why)?.[1];
  return family === '4' ? 4 : family === '6' ? 6 : null;
}

/** Whether a finding is as grave as the caller wants to hear of. */
export function fails(failOn: Severity, severity: Severity): boolean {
  return severities.indexOf(severity) <= severities.indexOf(failOn);
}

export function countsOf(findings: readonly Filed[]): Readonly<Record<Severity, number>> {
  const sum = { critical: 0, high: 0, medium: 0, low: 0, info: 0 };
  for (const { finding } of findings) sum[finding.severity] += 1;
  return sum;
}
