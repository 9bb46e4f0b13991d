import { identify } from '../incidents/identity.ts';
import { evidenceKept, type Incident, type Severity } from '../incidents/incident.ts';

/** What sees these incidents, as their `detector` says. */
export const hostDetectors = ['finding', 'drift', 'listener', 'destination', 'backup', 'blind'] as const;
export type HostDetector = (typeof hostDetectors)[number];

/** Its incidents are no matter of events: whoever watches packets leaves them alone. */
export function isOfHost(detector: string): boolean {
  return (hostDetectors as readonly string[]).includes(detector);
}

/** Something that is not as it should be, as long as it is said again. */
export interface Condition {
  readonly detector: HostDetector;
  /** Whose it is: of one detector and key there is one incident at a time. */
  readonly key: string;
  readonly severity: Severity;
  readonly title: string;
  readonly why: string;
  readonly remedy: string;
  readonly targets: readonly string[];
  readonly evidence: readonly string[];
  /** How much of it there is: findings, changes. */
  readonly count: number;
}

export interface Followed {
  readonly change: 'opened' | 'grew' | 'closed';
  readonly incident: Incident;
}

/**
 * What has become of things. An incident's id says whose it is, so that nothing needs to be remembered but the incidents themselves: after a restart what
 * was open goes on.
 *
 * @param open those of the host's own that are open
 * @param isJudged whether the absence of the condition behind an open incident means anything: what could not be looked at is not over by that
 * @param at epoch milliseconds
 */
export function followConditions(
  open: readonly Incident[],
  conditions: readonly Condition[],
  isJudged: (incident: Incident) => boolean,
  at: number,
): readonly Followed[] {
  const followed: Followed[] = [];
  const going = new Set<string>();
  for (const condition of conditions) {
    const before = open.find(
      ({ id, detector, first }) => detector === condition.detector && id === identify(detector, first, condition.key),
    );
    if (before === undefined) {
      followed.push({ change: 'opened', incident: begun(condition, at) });
      continue;
    }
    going.add(before.id);
    if (isSame(before, condition)) continue;
    const incident = { ...before, ...saidOf(condition), last: Math.max(at, before.last) };
    followed.push({ change: 'grew', incident });
  }
  for (const incident of open)
    if (!going.has(incident.id) && isJudged(incident))
      followed.push({ change: 'closed', incident: { ...incident, state: 'closed', last: Math.max(at, incident.last) } });
  return followed;
}

function begun(condition: Condition, at: number): Incident {
  return {
    id: identify(condition.detector, at, condition.key),
    detector: condition.detector,
    ...saidOf(condition),
    ...{ sources: [], sourceCount: 0, first: at, last: at, spoofable: false, trusted: true, state: 'open' },
  };
}

/** Longer ones are cut: it is kept, sent and shown, and some of it comes from rules and programs. */
const longest = 2000;

function saidOf({ severity, title, why, remedy, targets, evidence, count }: Condition) {
  const { first, last } = evidenceKept;
  return {
    ...{ severity, title: cut(title), why: cut(why), remedy: cut(remedy) },
    ...{ targets: targets.slice(0, 12).map(cut), evidence: evidence.slice(0, first + last).map(cut), events: count },
  };
}

function cut(text: string): string {
  if (text.length <= longest) return text;
  return `${[...text.slice(0, longest)].slice(0, -1).join('')}…`;
}

function isSame(before: Incident, condition: Condition): boolean {
  const said = saidOf(condition);
  return (
    before.severity === said.severity &&
    before.title === said.title &&
    before.events === said.events &&
    before.targets.join('\n') === said.targets.join('\n')
  );
}
