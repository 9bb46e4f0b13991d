import { formatProtocol } from '../../model/net/index.ts';
import type { HostState } from '../../monitor/index.ts';
import { openReading, type Reading, type Standing } from '../../store/index.ts';
import type { Severity } from '../../watch/incidents/incident.ts';
import type { Told } from '../watching/told.ts';

type LogState = HostState['log'];
type IncidentsState = Extract<HostState['incidents'], { known: true }>['value'];

/** What happened, as the store remembers it, and where logged packets are read. */
export interface HappenedTeller {
  /** What whoever watches says. */
  take(told: Told): void;
  /** @param now epoch milliseconds @param dropped packets that rules and policies dropped, as counted; `null`: not known */
  state(now: number, dropped: number | null): Pick<HostState, 'log' | 'incidents' | 'bans'>;
}

const mostListed = 100;
const ranks: Readonly<Record<Severity, number>> = { critical: 0, high: 1, medium: 2, low: 3, info: 4 };
/** Over which logged packets a minute are told. */
const rateSeconds = 300;

/** @param watches false: nobody reads logged packets */
export function createHappenedTeller(
  stateFolder: string,
  action: 'off' | 'say' | 'on',
  watches: boolean,
): HappenedTeller & Disposable {
  const sources = new Set<string>();
  const unavailable = new Set<string>();
  let watching: 'no' | 'yes' | { readonly why: string; readonly remedy: string } = watches
    ? { why: 'logged packets are not watched yet', remedy: 'wait a moment' }
    : { why: 'logged packets are not watched (--no-watch)', remedy: 'start palisade up without --no-watch' };
  let reading: Reading | null = null;

  const ask = <T>(question: (reading: Reading) => T): T | { readonly why: string; readonly remedy: string } => {
    if (reading === null) {
      const opened = openReading(stateFolder);
      if (!opened.ok) {
        const [problem] = opened.problems;
        return { why: problem?.message ?? 'the store cannot be read', remedy: problem?.hint ?? 'try again' };
      }
      reading = opened.value;
    }
    try {
      return question(reading);
    } catch (error) {
      // Whoever writes may have put another file in its place: it is opened anew next time.
      reading[Symbol.dispose]();
      reading = null;
      return { why: `the store cannot be read (${(error as Error).message})`, remedy: 'see palisade incidents' };
    }
  };

  return {
    take(told) {
      switch (told.kind) {
        case 'watching':
          watching = 'yes';
          for (const { name } of told.sources) sources.add(name);
          break;
        case 'taken':
        case 'failed':
          watching = { why: told.problem.message, remedy: told.problem.hint };
          break;
        case 'unavailable':
          unavailable.add(told.source);
          break;
        default:
      }
    },
    state(now, dropped) {
      const asked = ask((store) => ({
        standing: store.standing(now),
        rates: store.rates(rateSeconds, now),
        losses: store.losses(0),
      }));
      if ('why' in asked) {
        const unknown = { known: false, ...asked } as const;
        return { log: unknown, incidents: unknown, bans: unknown };
      }
      const { standing, rates, losses } = asked;
      const lost = new Map<string, number>();
      for (const { source, count } of losses) lost.set(source, (lost.get(source) ?? 0) + count);
      const log: LogState =
        typeof watching === 'object'
          ? { known: false, ...watching }
          : {
              known: true,
              value: {
                sources: [...sources].filter((name) => !unavailable.has(name)),
                events: standing.logged.map(({ proto, prefix, events: count }) => ({ proto: protocolOf(proto), prefix, count })),
                lost: [...lost].map(([source, count]) => ({ source, count })),
                perMinute: Math.round((10 * 60 * rates.reduce((sum, one) => sum + one, 0)) / rateSeconds) / 10,
                last: standing.lastEvent === null ? null : standing.lastEvent / 1000,
                dropped,
              },
            };
      return {
        log,
        incidents: { known: true, value: incidentsOf(standing) },
        bans: { known: true, value: { action, active: standing.bans } },
      };
    },
    [Symbol.dispose]() {
      reading?.[Symbol.dispose]();
      reading = null;
    },
  };
}

function protocolOf(proto: number): string {
  return proto < 0 ? 'unknown' : formatProtocol(proto);
}

function incidentsOf({ open }: Standing): IncidentsState {
  const counts = { critical: 0, high: 0, medium: 0, low: 0, info: 0 };
  let attended = 0;
  for (const one of open) {
    if (one.attended) attended += 1;
    else counts[one.severity] += 1;
  }
  const list = open
    .toSorted(
      (a, b) =>
        Number(a.attended) - Number(b.attended) ||
        ranks[a.severity] - ranks[b.severity] ||
        b.last - a.last ||
        (a.id < b.id ? -1 : 1),
    )
    .slice(0, mostListed)
    .map(({ first, last, ...one }) => ({ ...one, since: first / 1000, last: last / 1000 }));
  return { open: counts, attended, list };
}
