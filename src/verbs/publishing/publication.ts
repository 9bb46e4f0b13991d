import type { HostState } from '../../monitor/index.ts';
import { type ExpositionFormat, exposition, metricsOf } from '../../monitor/prometheus/index.ts';

/** The state as it is told to whoever asks: made into text piece by piece, so that what changes often costs nothing of what is large. */
export interface Publication {
  put(pieces: Partial<HostState>): void;
  /** `null`: not all of it is there yet. */
  json(): Buffer | null;
  /** As Prometheus reads it; of a state that is stale it says just that. `null`: as {@link json}. */
  metrics(format: ExpositionFormat): Buffer | null;
}

/** In the order in which it is written; nothing is left out. */
const whole: Readonly<Record<keyof HostState, true>> = {
  ...{ form: true, host: true, at: true, until: true, palisade: true, audit: true, backends: true, rulesets: true, chains: true },
  ...{ rules: true, drift: true, persistence: true, sets: true, conntrack: true, log: true, incidents: true, bans: true },
  ...{ backup: true, updates: true, exposure: true, alerts: true, spent: true },
};
const order = Object.keys(whole) as (keyof HostState)[];

/** @param now epoch milliseconds */
export function createPublication(now: () => number): Publication {
  const pieces = new Map<keyof HostState, string>();
  const made = new Map<'json' | ExpositionFormat, Buffer>();

  const json = (): Buffer | null => {
    const before = made.get('json');
    if (before !== undefined) return before;
    const texts: string[] = [];
    for (const name of order) {
      const piece = pieces.get(name);
      if (piece === undefined) return null;
      texts.push(`${JSON.stringify(name)}:${piece}`);
    }
    const text = Buffer.from(`{${texts.join(',')}}\n`);
    made.set('json', text);
    return text;
  };

  return {
    put(next) {
      for (const [name, value] of Object.entries(next) as [keyof HostState, unknown][]) {
        const text = JSON.stringify(value);
        if (pieces.get(name) === text) continue;
        pieces.set(name, text);
        made.clear();
      }
    },
    json,
    metrics(format) {
      const text = json();
      if (text === null) return null;
      if (now() > 1000 * Number(pieces.get('until'))) {
        const problem = {
          code: 'unread',
          message: 'the host was not read for long',
          hint: 'see why palisade up does not',
        } as const;
        return Buffer.from(exposition(metricsOf({ ok: false, problem }), format));
      }
      const before = made.get(format);
      if (before !== undefined) return before;
      const state = JSON.parse(text.toString('utf8')) as HostState;
      const written = Buffer.from(exposition(metricsOf({ ok: true, state }), format));
      made.set(format, written);
      return written;
    },
  };
}
