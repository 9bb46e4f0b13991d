import type { Host } from '../model/host/index.ts';
import type { Subject } from './check.ts';
import { checks } from './checks/index.ts';
import type { Finding, Undetermined } from './finding.ts';
import { isAsked, type Profile, weighed } from './profiles/index.ts';
import { refsOf } from './standards/index.ts';
import { subjectOf } from './subject.ts';

/** What the checks of a profile say of a host. */
export interface Examination {
  readonly findings: readonly Finding[];
  readonly unknown: readonly Undetermined[];
  /** How many checks were asked. */
  readonly asked: number;
  /** Some check of the rules could be answered: a host of whose rules nothing is known gets no score for its packages. */
  readonly judged: boolean;
}

export function examined(host: Host, profile: Profile, subject: Subject = subjectOf(host)): Examination {
  const asked = checks.filter((check) => isAsked(profile, check));
  const answers = asked.map((check) => ({ check, answer: check.run(subject) }));
  return {
    findings: answers.flatMap(({ check, answer }) =>
      answer.findings.map((finding) => weighed(profile, check, { ...finding, refs: refsOf(finding) })),
    ),
    unknown: answers.flatMap(({ answer }) => answer.unknown),
    asked: asked.length,
    judged: answers.some(
      ({ check: { kinds }, answer }) => (kinds.includes('S') || kinds.includes('Y')) && answer.unknown.length === 0,
    ),
  };
}
