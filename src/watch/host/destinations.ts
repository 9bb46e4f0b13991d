import { type Address, formatPrefix } from '../../model/net/index.ts';

/** A connection that a program of this host has made. */
export interface Contact {
  /** `null`: it cannot be seen whose it is. */
  readonly process: string | null;
  readonly peer: Address;
  readonly port: number;
}

/** What is remembered, as it is kept. Times are epoch milliseconds. */
export interface KeptDestinations {
  /** When learning began. */
  readonly since: number;
  /** By program and destination, when it was last seen. */
  readonly known: Readonly<Record<string, number>>;
  /** Destinations that were new, and when. */
  readonly fresh: Readonly<Record<string, number>>;
}

export interface Destinations {
  /** Takes what is connected now. @returns keys of those that are new, `curl 203.0.113.0/24 443`; none while it learns. */
  take(contacts: readonly Contact[], at: number): readonly string[];
  /** Those that were new within the last hour. */
  recent(at: number): readonly string[];
  /** `null`: nothing has changed that is worth writing since it was last asked. */
  toKeep(): KeptDestinations | null;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** What was not seen for so long is new again. */
const rememberedMs = 90 * dayMs;
/** So many are remembered in all; those that were not seen for longest go. */
const mostKnown = 4000;
/** A program with more destinations than these goes everywhere (a browser, a mail server): none of them says anything. */
const mostOfOne = 200;

/**
 * Learns whither the programs of a host connect, and then tells what is new: by program, network (a /24 or a /48) and port. It says at most one an
 * hour of each program, and only remembers the others.
 */
export function createDestinations(kept: KeptDestinations | null, learnMs: number): Destinations {
  let since = kept?.since ?? null;
  const known = new Map(Object.entries(kept?.known ?? {}));
  const fresh = new Map(Object.entries(kept?.fresh ?? {}));
  /** When each program was last told of. */
  const told = new Map([...fresh].map(([key, when]) => [programOf(key), when]));
  const counts = new Map<string, number>();
  for (const key of known.keys()) counts.set(programOf(key), (counts.get(programOf(key)) ?? 0) + 1);
  let isDirty = false;

  const forget = (key: string): void => {
    known.delete(key);
    const left = (counts.get(programOf(key)) ?? 1) - 1;
    if (left <= 0) counts.delete(programOf(key));
    else counts.set(programOf(key), left);
  };

  return {
    take(contacts, at) {
      if (since === null) {
        since = at;
        isDirty = true;
      }
      const news: string[] = [];
      for (const key of new Set(contacts.map(keyOf))) {
        const before = known.get(key);
        // The latest stand last.
        known.delete(key);
        known.set(key, at);
        if (before !== undefined && at - before < dayMs) {
          known.set(key, before);
          continue;
        }
        isDirty = true;
        if (before !== undefined && at - before < rememberedMs) continue;
        const program = programOf(key);
        const count = before === undefined ? (counts.get(program) ?? 0) + 1 : (counts.get(program) ?? 1);
        counts.set(program, count);
        if (at - since < learnMs || count > mostOfOne) continue;
        if (Math.abs(at - (told.get(program) ?? Number.NEGATIVE_INFINITY)) < hourMs) continue;
        told.set(program, at);
        fresh.set(key, at);
        news.push(key);
      }
      while (known.size > mostKnown) forget(known.keys().next().value as string);
      for (const [key, when] of fresh) {
        if (Math.abs(at - when) < hourMs) continue;
        fresh.delete(key);
        if (told.get(programOf(key)) === when) told.delete(programOf(key));
        isDirty = true;
      }
      return news;
    },
    recent: (at) => [...fresh].flatMap(([key, when]) => (Math.abs(at - when) < hourMs ? [key] : [])),
    toKeep() {
      if (!isDirty || since === null) return null;
      isDirty = false;
      return { since, known: Object.fromEntries(known), fresh: Object.fromEntries(fresh) };
    },
  };
}

/** Blanks part it, so that a program's are taken out of its name. */
function keyOf({ process, peer, port }: Contact): string {
  const length = peer.family === 4 ? 24 : 48;
  const low = BigInt((peer.family === 4 ? 32 : 128) - length);
  const network = formatPrefix({ family: peer.family, value: (peer.value >> low) << low, length });
  return `${(process ?? '(unknown)').replace(/\s+/g, '_').slice(0, 64)} ${network} ${port}`;
}

function programOf(key: string): string {
  return key.slice(0, key.indexOf(' '));
}
