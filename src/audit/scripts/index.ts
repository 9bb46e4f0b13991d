/**
 * What is wrong with a script of commands: not only the rules that it leaves, but every state on the way there.
 *
 * A script is followed command by command in thought. Checks of scripts ask whether somebody who manages the host is cut off on
 * the way or locked out in the end, and whether the host stands open in between; the rules that are left are audited as those
 * of a host. Nothing is run and nothing is read here. `verbs` call it.
 */
import type { Family } from '../../model/net/index.ts';
import { examined } from '../examination.ts';
import type { Finding, Located, Report, Undetermined } from '../finding.ts';
import { defaultProfile, type Profile } from '../profiles/index.ts';
import { reportOf } from '../report.ts';
import { refsOf } from '../standards/index.ts';
import type { ScriptCheck, ScriptSubject } from './check.ts';
import { namer } from './follower.ts';
import { fwOps01 } from './fw-ops-01.ts';
import { fwOps02 } from './fw-ops-02.ts';
import { fwOps03 } from './fw-ops-03.ts';
import { fwOps06 } from './fw-ops-06.ts';
import { type Prepared, type ScriptQuestion, scriptSubjectOf } from './subject.ts';
import type { Equivalent } from './transaction.ts';

export type { ScriptCheck, ScriptExample, ScriptSubject } from './check.ts';
export { type Cut, cutOf } from './cut.ts';
export type { AskedPeer, ManagementSession } from './session.ts';
export type { Life, Moment, Passing } from './timeline.ts';
export { asCommand, type Equivalent, type Transaction } from './transaction.ts';
export type { ScriptQuestion };

/** In the order of their ids. */
export const scriptChecks: readonly ScriptCheck[] = [fwOps01, fwOps02, fwOps03, fwOps06];

export interface ScriptAudit {
  readonly report: Report;
  readonly subject: ScriptSubject;
  readonly equivalent: Equivalent;
}

/** Audits the way and the end of a script. Lines of findings are those of the script; rules from before it have none. */
export function auditScript(question: ScriptQuestion, profile: Profile = defaultProfile): ScriptAudit {
  const prepared = scriptSubjectOf(question);
  const { subject, equivalent } = prepared;
  const end = examined(subject.after, profile);
  const answers = [...scriptChecks.map((check) => check.run(subject)), inScript(prepared, end)];
  const unknown = answers.flatMap((answer) => answer.unknown);
  const findings = answers.flatMap((answer) => answer.findings).map((finding) => ({ ...finding, refs: refsOf(finding) }));
  return { report: reportOf(findings, unknown, end.asked + scriptChecks.length, end.judged), subject, equivalent };
}

function inScript(
  { subject, left }: Prepared,
  answer: { readonly findings: readonly Finding[]; readonly unknown: readonly Undetermined[] },
): typeof answer {
  const { moments, policies } = subject.timeline;
  const named: Record<Family, ReturnType<typeof namer>> = { 4: namer(left[4], policies), 6: namer(left[6], policies) };
  const place = (at: Located): Located => named[at.family](at);
  const isDoubtful = subject.doubtfulFrom < moments.length;
  return {
    unknown: answer.unknown,
    findings: answer.findings.map((finding) => ({
      ...finding,
      certainty: isDoubtful ? 'possible' : finding.certainty,
      at: finding.at.map(place),
      causedBy: finding.causedBy.map(place),
    })),
  };
}
