import { createHash } from 'node:crypto';
import { createStandings } from '../analysis/answers/bystanders.ts';
import { createEvaluator } from '../analysis/index.ts';
import type { Audited } from '../audit/index.ts';
import type { Host } from '../model/host/index.ts';
import type { Ruleset } from '../model/ruleset/index.ts';
import { problemLine } from '../result.ts';
import type { LoggedPacketJson } from './event.ts';
import type { BanJson, IncidentJson } from './incident-shape.ts';
import type { News } from './news.ts';
import { packetFor } from './packet.ts';
import { rulesetsOf } from './rulesets.ts';
import type { Served } from './serve.ts';
import { reportToJson, traceToJson } from './shapes.ts';
import { statusOf } from './status.ts';

/** Events kept for those who come late. */
const keptEvents = 1000;
/** As many incidents, and as many bans. */
const keptHappenings = 200;

/** The host as last read and audited, kept fresh, with everybody told of changes. */
export interface Live {
  /** The latest reading; every later one replaces it. */
  current(): Current;
  /**
   * Reads anew, audits what is not as it was, or was audited a day ago, tells the listeners, and says whether the rules or what is known of
   * them changed, and whether it was audited.
   */
  refresh(): Promise<{ readonly changed: boolean; readonly audited: boolean }>;
  logged(event: LoggedPacketJson): void;
  /** So many more were logged within a second, and are not told of one by one. */
  more(count: number): void;
  /** What was open, and who is shut out, when watching began. */
  known(incidents: readonly IncidentJson[], bans: readonly BanJson[]): void;
  /** What happens, as incidents and bans. */
  happened(news: Extract<News, { kind: 'incident' | 'ban' }>): void;
  lost(count: number): void;
  /** Somebody has the page open. */
  isLookedAt(): boolean;
  readonly served: Served;
}

/** The latest reading, and what was said of it. */
interface Current extends Audited {
  readonly host: Host;
  /** Epoch milliseconds: when the counters were read, and when it was audited. */
  readonly countedAt: number;
  readonly auditedAt: number;
}

/** What nothing was seen to change is audited all the same, so often: time passes, and not all that an audit reads is looked at each minute. */
export const auditEveryMs = 86_400_000;

/** Where a live host comes from, and who judges it. */
export interface Sources {
  /** `countedAt`: epoch milliseconds at which the rules' counters were read. `before` is the reading before. */
  read(before: Host | null): Promise<{ readonly host: Host; readonly countedAt: number }>;
  audit(host: Host): Promise<Audited>;
  now(): number;
}

export async function live({ read, audit, now }: Sources): Promise<Live> {
  const listeners = new Set<(news: News) => void>();
  const events: LoggedPacketJson[] = [];
  const incidents = new Map<string, IncidentJson>();
  const bans = new Map<string, BanJson>();
  const tell = (news: News): void => {
    for (const listener of listeners) listener(news);
  };
  let { host, countedAt } = await read(null);
  let { report, exposure } = await audit(host);
  let auditedAt = now();
  let fingerprint = fingerprintOf(host);
  const served: Served = {
    status: async () => statusOf(host, report),
    audit: async () => reportToJson(host.name, host.readAt, report),
    show: async () => rulesetsOf(host, undefined, countedAt),
    async trace(json) {
      const packet = packetFor(host, json);
      if (!packet.ok) return { ok: false, message: packet.problems.map(problemLine).join('\n') };
      const trace = createEvaluator(host).trace(packet.value);
      if (trace !== null) return { ok: true, value: traceToJson(trace, createStandings(host)(packet.value, trace)) };
      const ruleset = host.rulesets[packet.value.family];
      return { ok: false, message: ruleset.known ? 'no answer' : `${ruleset.why}; ${ruleset.remedy}` };
    },
    events: () => events.toReversed(),
    happened: () => ({
      incidents: [...incidents.values()].reverse(),
      bans: [...bans.values()].filter(({ until }) => until * 1000 > now()).reverse(),
    }),
    subscribe(listener, signal) {
      if (signal.aborted) return;
      listeners.add(listener);
      signal.addEventListener('abort', () => listeners.delete(listener), { once: true });
    },
  };
  return {
    current: () => ({ host, report, exposure, countedAt, auditedAt }),
    served,
    async refresh() {
      const fresh = await read(host);
      const print = fingerprintOf(fresh.host);
      const changed = print !== fingerprint;
      // Until the audit is done, page and API show the reading before, whole.
      const audited = changed || Math.abs(now() - auditedAt) >= auditEveryMs;
      if (audited) {
        ({ report, exposure } = await audit(fresh.host));
        auditedAt = now();
      }
      ({ host, countedAt } = fresh);
      fingerprint = print;
      tell({ kind: 'audited', at: now(), changed });
      return { changed, audited };
    },
    logged(event) {
      events.push(event);
      if (events.length > keptEvents) events.splice(0, events.length - keptEvents);
      tell({ kind: 'event', event });
    },
    more(count) {
      tell({ kind: 'more', at: now(), count });
    },
    known(before, held) {
      for (const incident of before.toReversed()) keepLatest(incidents, incident.id, incident);
      for (const ban of held.toReversed()) keepLatest(bans, ban.source, ban);
    },
    happened(news) {
      if (news.kind === 'incident') keepLatest(incidents, news.incident.id, news.incident);
      else if (news.acted) keepLatest(bans, news.ban.source, news.ban);
      tell(news);
    },
    lost(count) {
      tell({ kind: 'lost', at: now(), count });
    },
    isLookedAt: () => listeners.size > 0,
  };
}

/** The latest stand last, and the oldest make room. */
function keepLatest<T>(all: Map<string, T>, key: string, value: T): void {
  all.delete(key);
  all.set(key, value);
  if (all.size <= keptHappenings) return;
  for (const oldest of all.keys()) {
    all.delete(oldest);
    return;
  }
}

/** Of everything that audits depend on, without what ticks: counters, times, comments of the save tool. */
function fingerprintOf(host: Host): string {
  const hash = createHash('sha256');
  for (const family of [4, 6] as const) {
    const backends = host.backends[family];
    // Beside the rules in force, those that another backend holds.
    const rulesets = backends.known ? [backends.value.nft, backends.value.legacy] : [];
    for (const ruleset of rulesets) hash.update(`${ruleset === null ? 'none' : rulesPrint(ruleset)}\n`);
    for (const fact of [host.rulesets[family], backends, host.nativeRules[family]]) {
      hash.update(fact.known ? 'known\n' : `unknown ${fact.why}\n`);
    }
    const inForce = host.rulesets[family];
    if (inForce.known && !rulesets.includes(inForce.value)) hash.update(`${rulesPrint(inForce.value)}\n`);
  }
  const rest = [
    host.foreignChains,
    host.sets,
    host.links,
    host.addresses,
    host.routes,
    settings(host),
    host.listeners,
    software(host),
  ];
  hash.update(
    JSON.stringify(rest, (_, value: unknown) =>
      typeof value === 'bigint' ? value.toString() : value instanceof Map ? [...value] : value,
    ),
  );
  return hash.digest('hex');
}

/** How many connections there are is among the settings, and is none. */
function settings({ sysctls }: Host): unknown {
  return sysctls.known ? [...sysctls.value].filter(([name]) => name !== 'net.netfilter.nf_conntrack_count') : sysctls;
}

/** The age of package lists counts by days. */
function software({ release, packages, pending, packageLists, restart, automaticUpdates, readAt }: Host): unknown {
  const days = packageLists.known ? Math.floor((readAt - packageLists.value) / 86_400_000) : packageLists.why;
  return [release, packages, pending, restart, automaticUpdates, days];
}

const prints = new WeakMap<Ruleset, string>();

/** SHA-256 of the rules as they were read, without counters and the comments of the save tool. */
export function rulesPrint(ruleset: Ruleset): string {
  const found = prints.get(ruleset);
  if (found !== undefined) return found;
  const hash = createHash('sha256');
  for (const line of ruleset.text.split('\n')) {
    if (!line.startsWith('#')) hash.update(`${line.replace(/^(\[\d+:\d+\] )|( ?\[\d+:\d+\])$/g, '')}\n`);
  }
  const print = hash.digest('hex');
  prints.set(ruleset, print);
  return print;
}
