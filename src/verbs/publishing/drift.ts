import type { HostState } from '../../monitor/index.ts';
import { type Problem, problemLine } from '../../result.ts';
import type { DriftFoundJson } from '../drift-shape.ts';
import { byWords } from '../drifting/following.ts';
import type { Noticed } from '../drifting/watching.ts';

/** What is known of drift, as those who look say it. */
export interface DriftTeller {
  take(noticed: Noticed): void;
  /** As it was last seen; `null`: it was not, or no longer could be. */
  readonly found: DriftFoundJson | null;
  readonly by: string | null;
  /** @param announcedUntil epoch seconds */
  state(announcedUntil: number | null): HostState['drift'];
}

/** @param watches false: nobody looks */
export function createDriftTeller(watches: boolean): DriftTeller {
  let found: DriftFoundJson | null = null;
  let by: string | null = null;
  let unwatched: Problem | null = null;
  let why = watches ? 'the firewall was not compared with what was accepted yet' : 'nobody watches for drift (--no-drift)';
  let remedy = watches ? 'wait a moment' : 'start palisade up without --no-drift';
  return {
    take(noticed) {
      switch (noticed.kind) {
        case 'looked':
          found = noticed.found;
          if (!found.drifted) by = null;
          break;
        case 'drifted':
          by = byWords(noticed.by);
          break;
        case 'failed': {
          // Where it was compared all the same, what could not be is in what was found.
          const [problem] = noticed.problems;
          if (noticed.lasting === true) unwatched ??= problem ?? null;
          if (problem === undefined || found?.unknown.some((one) => problem.message.includes(one.what)) === true) break;
          found = null;
          why = problemLine(problem);
          remedy = problem.hint;
          break;
        }
        default:
      }
    },
    get found() {
      return found;
    },
    get by() {
      return by;
    },
    state(announcedUntil) {
      if (found === null) return { known: false, why, remedy };
      if (unwatched !== null && !found.drifted) return { known: false, why: unwatched.message, remedy: unwatched.hint };
      const [hole] = found.unknown;
      // That nothing has drifted in what could be compared is no answer; that something has is one.
      if (hole !== undefined && !found.drifted) return { known: false, why: `${hole.what}: ${hole.why}`, remedy: hole.remedy };
      const { drifted, baseline, counts, says } = found;
      return {
        known: true,
        value: {
          ...{ drifted, changes: [...counts], says: [...says], by, announcedUntil },
          baseline: { id: baseline.id, at: baseline.at, reason: baseline.reason },
        },
      };
    },
  };
}
