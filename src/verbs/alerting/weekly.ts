import { isWeeklyDue, messageId, type Week, type WeeklyTime, weeklyDigest } from '../../alert/index.ts';
import type { StateRead } from '../../monitor/index.ts';
import { type Outbox, openReading, type Reading } from '../../store/index.ts';
import { isOfHost } from '../../watch/index.ts';
import type { Post, Timing } from './post.ts';

interface WeeklyOptions {
  readonly time: WeeklyTime & { readonly to: readonly string[] };
  readonly stateFolder: string;
  readonly outbox: Outbox;
  readonly post: Pick<Post, 'sending' | 'wake'>;
  readonly timing: Pick<Timing, 'now'>;
  readonly random: () => number;
  readonly host: string;
  readonly read: () => Promise<StateRead>;
  readonly commit: () => void;
  readonly say: (text: string) => void;
}

/** What is remembered of the last one, or of when it was first asked about. */
interface Last {
  readonly at: number;
  readonly score: number | null;
}

const weekMs = 7 * 86_400_000;
const againMs = 3_600_000;
const keptAs = 'weekly';

/** Sums each week up, at its time. */
export interface Weekly {
  /** Called about once a second. */
  look(): void;
}

export function createWeekly(options: WeeklyOptions): Weekly {
  const { time, stateFolder, outbox, post, timing, random, host, read, commit, say } = options;
  let last = lastIn(outbox.remembered.kept.get(keptAs));
  let isAt = false;
  let notBefore = Number.NEGATIVE_INFINITY;

  const send = async (before: Last): Promise<void> => {
    const state = await read();
    const now = timing.now();
    const week = weekOf(stateFolder, state, { since: Math.max(before.at, now - weekMs), now, score: before.score });
    for (const channel of time.to) outbox.queue(weeklyDigest(week, host, messageId(now, random)), channel, post.sending);
    last = { at: now, score: week.score.now };
    // In one commit with the messages: it is sent once, or tried again.
    outbox.keep(keptAs, JSON.stringify(last));
    commit();
    post.wake();
  };

  return {
    look() {
      const now = timing.now();
      // The first time it is only noted since when there is something to sum up; as it is where a clock was far ahead.
      if (last === null || last.at > now) {
        last = { at: now, score: null };
        outbox.keep(keptAs, JSON.stringify(last));
        commit();
        return;
      }
      if (isAt || now < notBefore || !isWeeklyDue(time, last.at, now)) return;
      isAt = true;
      send(last)
        .catch((error: Error) => {
          notBefore = now + againMs;
          say(`The week cannot be summed up (${error.message}); it is tried again.`);
        })
        .finally(() => {
          isAt = false;
        });
    },
  };
}

function lastIn(text: string | undefined): Last | null {
  if (text === undefined) return null;
  const said = JSON.parse(text) as Partial<Last> | null;
  if (typeof said?.at !== 'number') return null;
  return { at: said.at, score: typeof said.score === 'number' ? said.score : null };
}

/** What the store remembers of a week, and how the host stands now. */
export function weekOf(
  stateFolder: string,
  read: StateRead,
  { since, now, score }: { readonly since: number; readonly now: number; readonly score: number | null },
): Week {
  const opened = openReading(stateFolder);
  if (!opened.ok) return joined(null, read, since, now, score);
  using store = opened.value;
  return joined(store, read, since, now, score);
}

const mostSources = 5;

function joined(store: Reading | null, read: StateRead, since: number, now: number, score: number | null): Week {
  const state = read.ok ? read.state : null;
  const all = store?.incidents({ since }) ?? [];
  const findings = all.filter(({ detector }) => detector === 'finding');
  const incidents = { critical: 0, high: 0, medium: 0, low: 0, info: 0 };
  for (const { detector, severity, first } of all) if (!isOfHost(detector) && first >= since) incidents[severity] += 1;
  const audit = state?.audit.known === true ? state.audit.value : null;
  const open = state?.incidents.known === true ? state.incidents.value.open : null;
  const backup = state?.backup.known === true ? state.backup.value : null;
  return {
    ...{ since, until: now, incidents },
    score: { now: audit?.score ?? null, before: score },
    findings: {
      opened: findings.filter(({ first }) => first >= since).map(({ title }) => title),
      closed: findings.filter(({ state: became }) => became === 'closed').map(({ title }) => title),
      open: audit === null ? null : audit.counts.critical + audit.counts.high,
    },
    open: open === null ? null : Object.values(open).reduce((sum, count) => sum + count, 0),
    bans: store?.bans({ since }).length ?? 0,
    sources: (store?.top({ by: 'source', since, most: mostSources }).rows ?? []).map(({ what, events }) => ({ what, events })),
    backup: backup === null ? null : { last: backup.last === null ? null : backup.last.at * 1000, failing: backup.failing },
    drift: {
      times: all.filter(({ detector, first }) => detector === 'drift' && first >= since).length,
      now: state?.drift.known === true ? state.drift.value.drifted : null,
    },
    unknown: read.ok ? null : read.problem.message,
  };
}
