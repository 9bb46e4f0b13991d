/**
 * What a machine does by itself, and when: snapshots, by a timer of systemd's or by cron.
 *
 * `due` says when it is time, and knows no clock; `timer` and `cron` are what the machine is told; `install` tells it, and says what it was
 * told; `runs` keeps when it was last done. What is done is the verbs' affair.
 */
export { type Every, isDue, offsetOf, usualJitterMs } from './due.ts';
export { installSchedule, type Machine, removeSchedule, scheduleInstalled } from './install.ts';
export { readRuns, writeRuns } from './runs.ts';
export type { Schedule } from './schedule.ts';
