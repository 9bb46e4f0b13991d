/**
 * What can be said of a change before it is made: whether it may be made at all (`judged`), and which lines and packets it changes
 * (`report`). `plan` prints the whole; `apply` asks only whether it may. Nothing here changes anything.
 */

export { isOwnSet, type Judged, judge, sessionRefusals, sessionsKept, testRefusals } from './judged.ts';
export { firstLook, lookedAt, wholeLook } from './looked-at.ts';
export { markdownOf } from './markdown.ts';
export { type PlannedBefore, readPlan, writePlan } from './plan-file.ts';
export { reportOf } from './report.ts';
