import { createHash } from 'node:crypto';
import { createEvaluator } from '../analysis/index.ts';
import { audit, type Report } from '../audit/index.ts';
import type { Host } from '../model/host/index.ts';
import { problemLine } from '../result.ts';
import type { LoggedPacket } from '../watch/index.ts';
import type { News } from './news.ts';
import { packetFor } from './packet.ts';
import { rulesetsOf } from './rulesets.ts';
import type { Served } from './serve.ts';
import { reportToJson, traceToJson } from './shapes.ts';
import { statusOf } from './status.ts';

/** Events kept for those who come late. */
const keptEvents = 1000;

/** The host as last read and audited, kept fresh, with everybody told of changes. */
export interface Live {
  /** The latest reading; every later one replaces it. */
  current(): { readonly host: Host; readonly report: Report };
  /** Reads and audits anew; tells the listeners, and says whether the rules or what is known of them changed. */
  refresh(): Promise<boolean>;
  logged(event: LoggedPacket): void;
  lost(count: number): void;
  readonly served: Served;
}

export async function live(read: () => Promise<Host>, now: () => number): Promise<Live> {
  const listeners = new Set<(news: News) => void>();
  const events: LoggedPacket[] = [];
  const tell = (news: News): void => {
    for (const listener of listeners) listener(news);
  };
  let host = await read();
  let report = audit(host);
  let fingerprint = fingerprintOf(host);
  const served: Served = {
    status: async () => statusOf(host, report),
    audit: async () => reportToJson(host.name, host.readAt, report),
    show: async () => rulesetsOf(host, undefined),
    async trace(json) {
      const packet = packetFor(host, json);
      if (!packet.ok) return { ok: false, message: packet.problems.map(problemLine).join('\n') };
      const trace = createEvaluator(host).trace(packet.value);
      if (trace !== null) return { ok: true, value: traceToJson(trace) };
      const ruleset = host.rulesets[packet.value.family];
      return { ok: false, message: ruleset.known ? 'no answer' : `${ruleset.why}; ${ruleset.remedy}` };
    },
    events: () => events.toReversed(),
    subscribe(listener, signal) {
      if (signal.aborted) return;
      listeners.add(listener);
      signal.addEventListener('abort', () => listeners.delete(listener), { once: true });
    },
  };
  return {
    current: () => ({ host, report }),
    served,
    async refresh() {
      const fresh = await read();
      const print = fingerprintOf(fresh);
      const changed = print !== fingerprint;
      host = fresh;
      report = audit(host);
      fingerprint = print;
      tell({ kind: 'audited', at: now(), changed });
      return changed;
    },
    logged(event) {
      events.push(event);
      if (events.length > keptEvents) events.splice(0, events.length - keptEvents);
      tell({ kind: 'event', event });
    },
    lost(count) {
      tell({ kind: 'lost', at: now(), count });
    },
  };
}

/** Of everything that audits depend on, without what ticks: counters, times, comments of the save tool. */
function fingerprintOf(host: Host): string {
  const hash = createHash('sha256');
  for (const family of [4, 6] as const) {
    const ruleset = host.rulesets[family];
    if (!ruleset.known) hash.update(`unknown ${ruleset.why}\n`);
    else {
      for (const line of ruleset.value.text.split('\n')) {
        if (!line.startsWith('#')) hash.update(`${line.replace(/^(\[\d+:\d+\] )|( ?\[\d+:\d+\])$/g, '')}\n`);
      }
    }
  }
  const rest = [host.foreignChains, host.sets, host.links, host.addresses, host.routes, host.sysctls, host.listeners];
  hash.update(
    JSON.stringify(rest, (_, value: unknown) =>
      typeof value === 'bigint' ? value.toString() : value instanceof Map ? [...value] : value,
    ),
  );
  return hash.digest('hex');
}
