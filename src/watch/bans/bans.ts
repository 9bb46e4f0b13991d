import { formatPrefix, type Prefix, parsePrefix } from '../../model/net/index.ts';
import type { Ban } from './ban.ts';
import { type Explanation, type ManualBan, widest } from './explanation.ts';
import { LiveBans } from './live-bans.ts';
import { NeighbourTable, networkAround } from './neighbours.ts';
import { createNever, type Never, type NeverEntry, networkText, sourceOf } from './never.ts';
import type { Suspect } from './suspect.ts';
import { type BanTerms, usualTerms } from './terms.ts';

export interface BanSettings {
  /** Never shut out, beside what is nobody's own address. */
  readonly never: readonly NeverEntry[];
  /** What anybody could have written into a log shuts out too. */
  readonly trustFiles?: boolean;
  readonly terms?: Partial<BanTerms>;
}

/** Decides whom to shut out. Its memory has a ceiling. Times are the events' own, epoch milliseconds, and are handed in. */
export interface Bans {
  readonly never: Never;
  /** Who is shut out now. */
  readonly live: Iterable<Ban>;
  readonly size: number;
  /** The ban that follows, which is one of a /24 where many of it were seen; `null`: none, or it is shut out already. */
  suspect(suspect: Suspect): Ban | null;
  /**
   * This source has completed a handshake: nobody else sent what it did. Its ban, if it has one, again, with the length that it would
   * have had.
   *
   * @param isOurs we have a connection of our own to it, so that not all of its packets may be dropped.
   */
  proven(source: Prefix, at: number, isOurs: boolean): Ban | null;
  /** A person's: as long as they say, and against nobody who is never shut out. */
  manual(asked: ManualBan): ReturnType<typeof judgeManual>;
  /** Takes a ban back; `null`: there is none of this source. */
  lift(source: Prefix): Ban | null;
  /** Those that have ended by now, which are forgotten with it. The kernel ends them by itself. */
  expired(now: number): readonly Ban[];
  /** Those that had to make room, or are never to be shut out any more, since this was last asked: to be taken out of the kernel. */
  dropped(): readonly Ban[];
  /** Others are never shut out from now on. */
  setNever(entries: readonly NeverEntry[]): void;
  /** A ban of before a restart, ended or not: those of one source are told oldest first. */
  recall(ban: Ban, now: number): void;
  explain(source: Prefix, now: number): Explanation;
}

/** What is kept of a source between bans. */
interface Kept {
  weight: number;
  /** Of it, what nobody could forge. */
  sure: number;
  /** When it was last suspected. */
  at: number;
  /** When bans of it began that rest on what nobody could forge, oldest first. */
  bans: number[];
  /** By which incidents it was last suspected, the newest last. */
  incidents: readonly string[];
  /** Incidents of before a person let it in again: that they go on is no reason to shut it out at once. */
  forgiven: readonly string[];
  /** Why the last suspicion led to nothing. */
  why: 'below' | 'untrusted' | 'too-many' | null;
}

const nothing = { weight: 0, sure: 0, at: 0, incidents: [], forgiven: [], why: null } as const;
/** Of one source. */
const mostIncidents = 8;

function isIn(key: string, network: Prefix): boolean {
  const prefix = parsePrefix(key);
  return prefix?.family === network.family && sourceOf({ ...prefix, length: network.length }).value === network.value;
}

export function createBans(settings: BanSettings): Bans {
  const terms: BanTerms = { ...usualTerms, ...settings.terms };
  const isShort = (ban: Ban): boolean => ban.by.kind === 'incident' && ban.until - ban.at <= terms.spoofable;
  let never = createNever(settings.never);
  const live = new LiveBans(isShort);
  const neighbours = new NeighbourTable(Math.max(1, terms.known >> 2), terms.together);
  const sources = new Map<string, Kept>();
  let gone: Ban[] = [];
  const bucket = { tokens: terms.spoofableBurst, at: 0 };

  return {
    get never() {
      return never;
    },
    get live() {
      return live.all();
    },
    get size() {
      return live.size;
    },
    suspect(said) {
      const source = sourceOf(said.source);
      if (source.length < widest.detector[source.family] || never.meets(source) !== null) return null;
      const kept = keep(source);
      if (!said.trusted && settings.trustFiles !== true) return leave(kept, 'untrusted');
      const left = remainder(kept, said.at);
      const weight = kept.forgiven.includes(said.incident) ? said.weight * terms.forgiven : said.weight;
      if (kept.incidents.at(-1) !== said.incident)
        kept.incidents = [...kept.incidents.filter((id) => id !== said.incident), said.incident].slice(-mostIncidents);
      kept.weight = kept.weight * left + weight;
      // What may be forged adds nothing to what may not: else it would make a long ban of a short one.
      kept.sure = kept.sure * left + (said.spoofable ? 0 : weight);
      kept.at = Math.max(kept.at, said.at);
      if (kept.weight < terms.threshold) return leave(kept, 'below');
      const isShortOnly = kept.sure < terms.threshold;
      const there = liveAt(source, said.at);
      if (there !== null && (isShortOnly || !isShort(there))) return null;
      const network = around(source, said.at, isShortOnly);
      if (network === null) return shutOut(source, said, there, isShortOnly, said.why);
      const why = `${network.members} addresses of ${networkText(network.source)} were at it, the last of them: ${said.why}`;
      return shutOut(network.source, said, live.get(network.source), network.isShortOnly, why);
    },
    proven(source, at, isOurs) {
      const there = live.get(sourceOf(source));
      // That one of a network was at it proves nothing of the others; and a person has said how long.
      if (there === null || there.until <= at || there.reach === 'all' || there.by.kind !== 'incident') return null;
      if (there.source.length < (there.source.family === 4 ? 32 : 64)) return null;
      const wasShort = isShort(there);
      if (isOurs && !wasShort) return null;
      const kept = keep(there.source);
      const before = wasShort ? countBefore(kept, there.at) : there.before;
      if (wasShort) kept.bans.push(there.at);
      const until = wasShort ? there.at + lengthOf(before) : there.until;
      const ban: Ban = { ...there, until, before, reach: isOurs ? 'new' : 'all' };
      live.add(ban);
      return ban;
    },
    manual(asked) {
      const judged = judgeManual(never, asked);
      if (judged.kind === 'ban') {
        makeRoom(judged.ban);
        live.add(judged.ban);
      }
      return judged;
    },
    lift(source) {
      const key = sourceOf(source);
      const ban = live.remove(key);
      forgive(key, ban);
      return ban;
    },
    expired(now) {
      const ended: Ban[] = [];
      for (let first = live.first(); first !== null && first.until <= now; first = live.first()) {
        live.remove(first.source);
        ended.push(first);
      }
      return ended;
    },
    dropped() {
      const all = gone;
      gone = [];
      return all;
    },
    setNever(entries) {
      never = createNever(entries);
      for (const ban of [...live.all()]) if (never.meets(ban.source) !== null) drop(ban);
    },
    recall(ban, now) {
      if (ban.by.kind === 'incident' && !isShort(ban) && now - ban.at <= terms.remembered) {
        const kept = keep(ban.source);
        // One that was proven is told twice, and all of them are told again when a person says something.
        if (!kept.bans.some((at) => Math.floor(at) === Math.floor(ban.at))) kept.bans.push(ban.at);
      }
      if (ban.until > now && never.meets(ban.source) === null && makeRoom(ban)) live.add(ban);
    },
    explain(source, now) {
      const key = sourceOf(source);
      const entry = never.meets(key);
      if (entry !== null) return { kind: 'never', entry };
      const ban = liveAt(key, now);
      if (ban !== null) return { kind: 'banned', ban, isShort: isShort(ban) };
      const kept = sources.get(formatPrefix(key));
      if (kept === undefined || (kept.weight === 0 && kept.forgiven.length > 0)) return { kind: 'unseen' };
      const weight = kept.weight * remainder(kept, now);
      if (kept.why === null) return { kind: 'over', bans: kept.bans.length };
      return { kind: kept.why, weight, threshold: terms.threshold };
    },
  };

  function liveAt(source: Prefix, now: number): Ban | null {
    const ban = live.covering(source);
    return ban !== null && ban.until > now ? ban : null;
  }

  /** The source that was heard of longest ago makes room. */
  function keep(source: Prefix): Kept {
    const key = formatPrefix(source);
    const found = sources.get(key) ?? { ...nothing, bans: [] };
    if (!sources.delete(key) && sources.size >= terms.known)
      for (const oldest of sources.keys()) {
        sources.delete(oldest);
        break;
      }
    sources.set(key, found);
    return found;
  }

  /** Whoever was let in again begins anew, with all who were let in with him. */
  function forgive(source: Prefix, ban: Ban | null): void {
    const isOne = source.length === (source.family === 4 ? 32 : 64);
    const within = isOne ? [formatPrefix(source)] : [...sources.keys()].filter((key) => isIn(key, source));
    if (!isOne) neighbours.forget(source);
    const named = ban !== null && ban.by.kind === 'incident' ? [ban.by.incident] : [];
    for (const key of within) {
      const forgiven = [...new Set([...named, ...(sources.get(key)?.incidents ?? [])])];
      sources.delete(key);
      if (forgiven.length > 0) sources.set(key, { ...nothing, bans: [], forgiven });
    }
  }

  function leave(kept: Kept, why: NonNullable<Kept['why']>): null {
    kept.why = why;
    return null;
  }

  /** How much of what was suspected still counts. */
  function remainder(kept: Kept, now: number): number {
    return 0.5 ** (Math.max(0, now - kept.at) / terms.halfLife);
  }

  function countBefore(kept: Kept, at: number): number {
    kept.bans = kept.bans.filter((one) => at - one <= terms.remembered).slice(-terms.steps.length);
    return kept.bans.length;
  }

  function lengthOf(before: number): number {
    const step = terms.steps[Math.min(before, terms.steps.length - 1)] ?? terms.longest;
    return Math.min(step, terms.longest);
  }

  /** The /24 to shut out in the source's place; `null`: too few of it were seen, or somebody in it is never shut out. */
  function around(source: Prefix, at: number, isShortOnly: boolean) {
    if (source.family !== 4 || source.length !== 32) return null;
    const members = neighbours.note(source, at, isShortOnly);
    if (members.all < terms.members) return null;
    const network = networkAround(source);
    if (never.meets(network) !== null) return null;
    return { source: network, members: members.all, isShortOnly: members.proven < terms.members };
  }

  function shutOut(source: Prefix, said: Suspect, there: Ban | null, isShortOnly: boolean, why: string): Ban | null {
    const kept = keep(source);
    const before = countBefore(kept, said.at);
    const length = isShortOnly ? Math.min(terms.spoofable, terms.longest) : lengthOf(before);
    const by = { kind: 'incident', detector: said.detector, incident: said.incident } as const;
    const ban: Ban = { source, at: said.at, until: said.at + length, reach: 'new', why, by, before };
    if (there !== null && there.until >= ban.until) return null;
    if ((isShortOnly && !mayBeForged(said.at)) || !makeRoom(ban)) return leave(kept, 'too-many');
    live.add(ban);
    kept.why = null;
    if (!isShortOnly) kept.bans.push(said.at);
    return ban;
  }

  function mayBeForged(at: number): boolean {
    if (live.short >= terms.mostSpoofable) return false;
    const passed = Math.max(0, at - bucket.at) / 1000;
    bucket.tokens = Math.min(terms.spoofableBurst, bucket.tokens + passed * terms.spoofablePerSecond);
    bucket.at = Math.max(bucket.at, at);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  /** False: there is none, since all others end later. What a person says always finds some. */
  function makeRoom(ban: Ban): boolean {
    if (live.size < terms.most || live.get(ban.source) !== null) return true;
    const first = live.first();
    if (first === null || (first.until > ban.until && ban.by.kind !== 'person')) return false;
    drop(first);
    return true;
  }

  function drop(ban: Ban): void {
    live.remove(ban.source);
    gone.push(ban);
  }
}

/** Whether a person may shut a network out, by itself; used too where nobody watches. */
export function judgeManual(never: Never, { network, at, forMs, why, name }: ManualBan) {
  const source = sourceOf(network);
  const most = widest.person[source.family];
  if (source.length < most) return { kind: 'too-wide', source, most } as const;
  const entry = never.meets(source);
  if (entry !== null) return { kind: 'never', source, entry } as const;
  const ban: Ban = { source, at, until: at + forMs, reach: 'new', why, by: { kind: 'person', name }, before: 0 };
  return { kind: 'ban', ban } as const;
}
