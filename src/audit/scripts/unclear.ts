import type { Undetermined } from '../finding.ts';
import type { ScriptSubject } from './check.ts';

/** Commands that only a running shell can tell: what comes behind them may be otherwise. */
export function unclearTo(id: string, { timeline }: ScriptSubject): readonly Undetermined[] {
  return timeline.moments.flatMap(({ step, part }) => {
    if (step?.outcome !== 'not-understood' || step.problem === null || part !== null) return [];
    const { line, text } = step.statement;
    return [{ id, why: `line ${line}, ${text}: ${step.problem.message}`, remedy: step.problem.hint }];
  });
}

/** Sessions that are too many to follow. */
export function unwatchedBy(id: string, { unwatched }: ScriptSubject): readonly Undetermined[] {
  if (unwatched === 0) return [];
  const why = `${unwatched} more sessions are open than palisade follows`;
  return [{ id, why, remedy: 'name the peer that matters with --peer' }];
}
