import { type Loop, loopOf } from '../analysis/answers/index.ts';
import { surroundingsOf } from '../analysis/evaluate/surroundings.ts';
import type { Source } from '../analysis/symbolic/index.ts';
import { type Backend, type Host, isNotGiven, type Known } from '../model/host/index.ts';
import type { Family } from '../model/net/index.ts';
import type { Ruleset } from '../model/ruleset/index.ts';
import { failed, ok, type Problem, type Result } from '../result.ts';
import type { Proving } from './proof/index.ts';
import { type HostAndSets, readHostAndSets } from './reading.ts';
import { foreignOf } from './status.ts';
import type { Context } from './verb.ts';

interface Asked {
  readonly before: string;
  readonly after: string;
  readonly sets?: string | undefined;
  readonly setsAfter?: string | undefined;
  readonly facts?: string | undefined;
  readonly backend?: Backend | undefined;
}

/** What can be compared, family by family. */
export interface Sides {
  readonly pairs: readonly { readonly family: Family; readonly before: Source; readonly after: Source }[];
  /** Each with the host that its rules are rehearsed on. */
  readonly proving: { readonly before: Proving; readonly after: Proving };
  readonly assumed: readonly string[];
  readonly unknown: readonly { readonly what: string; readonly why: string; readonly remedy: string }[];
}

/** Reads both rulesets. What is known of the host counts for both: a file is compared as if it were loaded there. */
export async function readSides(context: Context, asked: Asked): Promise<Result<Sides>> {
  const before = await readSide(context, asked, asked.before, asked.sets);
  if (!before.ok) return before;
  const after = await readSide(context, asked, asked.after, asked.setsAfter ?? asked.sets);
  return after.ok ? sidesOf(asked, before.value, after.value) : after;
}

/** What of two hosts can be compared. */
export function sidesOf(asked: Asked, before: HostAndSets, after: HostAndSets): Result<Sides> {
  const hosts = [before.host, after.host] as const;
  const pairs: Sides['pairs'][number][] = [];
  const unknown: Sides['unknown'][number][] = [];
  for (const family of [4, 6] as const) {
    const [one, other] = [hosts[0].rulesets[family], hosts[1].rulesets[family]];
    for (const ruleset of [one, other]) {
      const loop = ruleset.known ? loopOf(ruleset.value) : null;
      if (ruleset.known && loop !== null) return failed(looping(ruleset.value, loop));
    }
    if (one.known && other.known) {
      pairs.push({
        family,
        before: { ruleset: one.value, surroundings: surroundings(hosts[0], hosts[1]) },
        after: { ruleset: other.value, surroundings: surroundings(hosts[1], hosts[0]) },
      });
      continue;
    }
    // Whoever names files of one family asks about that one.
    if (hosts.some((host) => isNotGiven(host, family))) continue;
    for (const [host, name] of [
      [hosts[0], asked.before],
      [hosts[1], asked.after],
    ] as const) {
      const ruleset = host.rulesets[family];
      if (!ruleset.known) unknown.push({ what: `the IPv${family} rules of ${name}`, why: ruleset.why, remedy: ruleset.remedy });
    }
  }
  if (pairs.length === 0) return failed(nothingToCompare(asked, unknown));
  const proving = {
    before: rehearsable(before, after, asked.backend),
    after: rehearsable(after, before, asked.backend),
  };
  return ok({ pairs, proving, unknown, assumed: [...assumptions(asked, hosts), ...leftOut(asked, hosts)] });
}

function readSide(
  context: Context,
  { facts, backend }: Asked,
  word: string,
  sets: string | undefined,
): Promise<Result<HostAndSets>> {
  if (word === 'live') return readHostAndSets(context, { ruleset: [], backend });
  return readHostAndSets(context, { ruleset: word.split(',').filter((file) => file !== ''), sets, facts, backend });
}

/** Of a file that is compared with a live host, what the file does not say is the host's. */
function surroundings(host: Host, other: Host): Source['surroundings'] {
  const own = surroundingsOf(host);
  if (host.origin === other.origin || host.origin === 'live') return own;
  const live = surroundingsOf(other);
  return {
    sets: own.sets ?? live.sets,
    links: own.links ?? live.links,
    addresses: own.addresses ?? live.addresses,
    routes: own.routes ?? live.routes,
    listeners: own.listeners ?? live.listeners,
  };
}

/** As {@link surroundings}, for a rehearsal. Its rules are its own. */
function rehearsable({ host, sets }: HostAndSets, other: HostAndSets, backend: Backend | undefined): Proving {
  if (host.origin === other.host.origin || host.origin === 'live') return { host, sets, backend };
  const live = other.host;
  const known = <T>(own: Known<T>, theirs: Known<T>): Known<T> => (own.known ? own : theirs);
  return {
    backend,
    sets: host.sets.known ? sets : other.sets,
    host: {
      ...host,
      links: known(host.links, live.links),
      addresses: known(host.addresses, live.addresses),
      routes: known(host.routes, live.routes),
      routingRules: {
        4: known(host.routingRules[4], live.routingRules[4]),
        6: known(host.routingRules[6], live.routingRules[6]),
      },
    },
  };
}

function assumptions({ before, after }: Asked, hosts: readonly [Host, Host]): readonly string[] {
  const sentences = new Set<string>();
  for (const [host, word] of [
    [hosts[0], before],
    [hosts[1], after],
  ] as const) {
    for (const name of foreignOf(host)) sentences.add(`the nft chain ${name} also sees packets; what it does is not compared`);
    if (host.origin === 'files' && hosts.some(({ origin }) => origin === 'live'))
      sentences.add(`${word} is taken as if this host loaded it, with its links, addresses and sets`);
  }
  return [...sentences];
}

function looping({ file }: Ruleset, { table, rule }: Loop): Problem {
  return {
    code: 'ruleset-syntax',
    at: { file, line: rule.line },
    message: `${table} ${rule.chain} rule ${rule.number} leads back to its own chain, which the kernel refuses`,
    hint: 'break the circle of jumps',
  };
}

/** Families that one side has and the other was not asked about. */
function leftOut({ before, after }: Asked, hosts: readonly [Host, Host]): readonly string[] {
  return ([4, 6] as const).flatMap((family) => {
    const [one, other] = hosts.map((host) => isNotGiven(host, family));
    return one === other ? [] : [`IPv${family} is not compared: no file of ${one ? before : after} was named for it`];
  });
}

function nothingToCompare({ before, after }: Asked, unknown: Sides['unknown']): Problem {
  const [first] = unknown;
  if (first !== undefined) return { code: 'unread', message: `${first.what} are unknown: ${first.why}`, hint: first.remedy };
  return {
    code: 'usage',
    message: `${before} and ${after} are of different families`,
    hint: 'name rulesets of one family, or several files of each side with commas',
  };
}
