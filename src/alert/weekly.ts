import type { Severity } from '../watch/incidents/incident.ts';
import type { Message } from './message.ts';

/** What became of a host in a week. Times are epoch milliseconds. */
export interface Week {
  readonly since: number;
  readonly until: number;
  /** Of the audit, now and a week ago; `null`: not known. */
  readonly score: { readonly now: number | null; readonly before: number | null };
  /** Findings that are grave, which came and went, by their titles. */
  readonly findings: { readonly opened: readonly string[]; readonly closed: readonly string[]; readonly open: number | null };
  /** All other incidents that began, by severity. */
  readonly incidents: Readonly<Record<Severity, number>>;
  /** Of these and of earlier ones, those that go on and nobody attends to. */
  readonly open: number | null;
  readonly bans: number;
  readonly sources: readonly { readonly what: string; readonly events: number }[];
  readonly backup: { readonly last: number | null; readonly failing: string | null } | null;
  /** How often somebody changed the firewall, and whether it is other than it was accepted; `null`: not known. */
  readonly drift: { readonly times: number; readonly now: boolean | null };
  /** Why the present state is not known; `null`: it is. */
  readonly unknown: string | null;
}

const severities = ['critical', 'high', 'medium', 'low', 'info'] as const;
const mostTitles = 3;

/**
 * The message that sums a week up. It is about no incident: what it says is the evidence of one that is over with it, so that no channel takes it for
 * something that goes on.
 */
export function weeklyDigest(week: Week, host: string, id: string): Omit<Message, 'sequence'> {
  const { until: at, since } = week;
  const title = titleOf(week);
  return {
    ...{ id, kind: 'digest', thread: 'weekly', host, at, severity: 'info', state: 'resolved', title, more: 0 },
    alerts: [
      {
        ...{ key: `weekly-${day(at)}`, state: 'resolved', detector: 'weekly', severity: 'info', title },
        why: `What happened from ${day(since)} to ${day(at)}.`,
        remedy: 'palisade status says how it stands now; palisade incidents --since 7d lists what happened.',
        ...{ sources: [], sourceCount: 0, targets: [], since, last: at, resolvedAt: at },
        events: Object.values(week.incidents).reduce((sum, count) => sum + count, 0) + week.findings.opened.length,
        evidence: linesOf(week),
        acknowledgedBy: null,
      },
    ],
  };
}

function titleOf({ score, incidents, findings, unknown }: Week): string {
  if (unknown !== null) return 'The week: how the host stands is not known';
  const grave = incidents.critical + incidents.high;
  const parts = [
    score.now === null ? 'no score' : `score ${score.now}${change(score)}`,
    count(findings.opened.length, 'new finding'),
    count(grave, 'grave incident'),
  ];
  return `The week: ${parts.join(', ')}`;
}

function change({ now, before }: Week['score']): string {
  if (now === null || before === null) return '';
  return now === before ? ' as before' : ` (${before} a week ago)`;
}

function linesOf(week: Week): string[] {
  const { score, findings, incidents, open, bans, sources, backup, drift, unknown } = week;
  const happened = severities.flatMap((severity) => (incidents[severity] === 0 ? [] : [`${incidents[severity]} ${severity}`]));
  return [
    ...(unknown === null ? [] : [`How the host stands now is not known: ${unknown}`]),
    `Score: ${score.now ?? 'not known'}${change(score)}`,
    `Grave findings: ${findings.open ?? 'not known'} now; ${findings.opened.length} came, ${findings.closed.length} went`,
    ...titles('  came', findings.opened),
    ...titles('  went', findings.closed),
    `Incidents: ${happened.length === 0 ? 'none' : happened.join(', ')}${open === null ? '' : `; ${open} open that nobody attends to`}`,
    `Bans: ${bans}`,
    ...(sources.length === 0
      ? []
      : [`Most was logged of: ${sources.map(({ what, events }) => `${what} (${events})`).join(', ')}`]),
    backup === null
      ? 'Snapshots: not known'
      : `Snapshots: ${backup.last === null ? 'there is none' : `the newest is of ${day(backup.last)}`}${backup.failing === null ? '' : `; the last one failed: ${backup.failing}`}`,
    `Changes beside palisade: ${drift.times}; the firewall ${drift.now === null ? 'could not be compared' : drift.now ? 'is not as it was accepted' : 'is as it was accepted'}`,
  ];
}

function titles(what: string, all: readonly string[]): string[] {
  const more = all.length - mostTitles;
  return [...all.slice(0, mostTitles).map((title) => `${what}: ${title}`), ...(more > 0 ? [`${what}: ${more} more`] : [])];
}

function count(number: number, what: string): string {
  return `${number === 0 ? 'no' : number} ${what}${number === 1 ? '' : 's'}`;
}

function day(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

export const weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

/** When it is to be sent, by the clocks of a place. */
export interface WeeklyTime {
  readonly day: (typeof weekdays)[number];
  /** `08:00`. */
  readonly at: string;
  /** `Europe/Berlin`. */
  readonly zone: string;
}

const minuteMs = 60_000;
const weekMinutes = 10_080;
/** Half of a week: what was missed and done late counts for the time that follows at once. */
const leastMs = (weekMinutes / 2) * minuteMs;

/** Whether it is time. @param last when it was done, or when it was first asked about, in epoch milliseconds */
export function isWeeklyDue(time: WeeklyTime, last: number, now: number): boolean {
  return weeklyBefore(time, now) - last > leastMs;
}

/** The latest moment at which it was to be sent, in epoch milliseconds. */
export function weeklyBefore(time: WeeklyTime, now: number): number {
  const guess = Math.floor(now / minuteMs) * minuteMs - minutesSince(time, now) * minuteMs;
  // Clocks may have been changed in between.
  const off = minutesSince(time, guess);
  return guess - (off > weekMinutes / 2 ? off - weekMinutes : off) * minuteMs;
}

/** Minutes since it was last that time of the week there, by the clock on the wall. */
function minutesSince({ day: wanted, at, zone }: WeeklyTime, now: number): number {
  const part = Object.fromEntries(
    clockOf(zone)
      .formatToParts(now)
      .map(({ type, value }) => [type, value]),
  );
  const today = (weekdays as readonly (string | undefined)[]).indexOf(part['weekday']?.toLowerCase());
  const [hour = 0, minute = 0] = at.split(':').map(Number);
  const minutes =
    (today - weekdays.indexOf(wanted)) * 1440 + (Number(part['hour']) - hour) * 60 + Number(part['minute']) - minute;
  return ((minutes % weekMinutes) + weekMinutes) % weekMinutes;
}

const clocks = new Map<string, Intl.DateTimeFormat>();

function clockOf(timeZone: string): Intl.DateTimeFormat {
  const known = clocks.get(timeZone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'long',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  clocks.set(timeZone, made);
  return made;
}
