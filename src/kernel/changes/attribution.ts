import { basename } from 'node:path';
import { clean, sameNumbers, seeActor } from './actor.ts';
import type { AuditLog } from './audit-log.ts';
import { type Actor, type By, unknownBy } from './change.ts';
import type { LegacyDifference } from './legacy-tables.ts';
import type { NftCommit } from './nft-commits.ts';
import type { Started, StartedPrograms } from './started.ts';

/** Says who made a change, from whatever tells it on this host. */
export interface Attribution extends Disposable {
  /** At once: the process may be gone in the next millisecond. */
  ofCommit(commit: NftCommit): By;
  /** For who was not seen: what audit recorded of it. */
  auditedCommit(commit: NftCommit): By | null;
  /** Of a table of iptables-legacy that was found changed; `since` is the look before, in both clocks. */
  ofLegacy(difference: LegacyDifference, since: Moment): By;
  ofSets(since: Moment): By;
  /** Whether there is an audit log, which may be a moment late. */
  readonly audited: boolean;
}

export interface Moment {
  /** Of the clock that only goes forwards. */
  readonly steady: number;
  /** Epoch milliseconds. */
  readonly wall: number;
}

/** Commands of iptables that change something, and those of ipset that do not. */
const changing = /^(-[a-z0-9]*[ADIRFXNPEZ]|--(app|del|ins|repl|fl|new|pol|ren|zer))/;
const looking = /^(-L|-S|-T|-h|-v|--list|--save|--test|--help|--version|list|save|test|help|version)$/;
/** The kernel's tick, and what a look takes. */
const slackMs = 50;
const justNowMs = 500;

export function createAttribution(started: StartedPrograms | null, audit: AuditLog | null): Attribution {
  const here = sameNumbers();
  const ran = (since: Moment, could: (each: Started) => boolean): By => {
    const all = started?.since(since.steady - slackMs) ?? [];
    const actors = all.filter((each) => writes(each.actor) && could(each));
    return actors.length === 0 ? unknownBy : { how: 'ran', processes: distinct(actors.map(({ actor }) => actor)) };
  };
  return {
    audited: audit !== null,
    ofCommit({ pid, program }) {
      if (pid === null) return unknownBy;
      const unseen: Actor = { pid, program: clean(program), exe: null, command: null, uid: null, loginUid: null, parents: [] };
      if (here) {
        const known = started?.of(pid) ?? seeActor(pid, program) ?? unseen;
        return { how: 'named', processes: [{ ...known, program: clean(program) }] };
      }
      // In a container the number is another process's here: who ran just now and is called so may be the one.
      const likely = ran({ steady: performance.now() - justNowMs, wall: 0 }, ({ actor }) => actor.program === program);
      return likely.how === 'ran' ? likely : { how: 'named', processes: [unseen] };
    },
    auditedCommit({ pid, generation }) {
      const found = audit?.since(0).findLast((each) => each.generation === generation && each.actor.pid === pid);
      return found === undefined ? null : { how: 'audited', processes: [found.actor] };
    },
    ofLegacy({ family, table, what, entriesBefore }, since) {
      const number = family === 4 ? 2 : 10;
      const records = (audit?.since(since.wall - slackMs) ?? []).filter(
        (each) => each.family === number && each.table === table && /^xt_(replace|register)$/.test(each.operation),
      );
      // Records are of all namespaces: the one that found as many entries as we knew is this table's.
      const first = records.findIndex(({ operation, entries }) =>
        what === 'appeared' ? operation === 'xt_register' : operation === 'xt_replace' && entries === entriesBefore,
      );
      const actors = first < 0 ? [] : records.slice(first).map(({ actor }) => started?.of(actor.pid) ?? actor);
      if (actors.length > 0) return { how: 'audited', processes: distinct(actors) };
      return ran(since, ({ actor }) => couldChange(family, actor));
    },
    ofSets: (since) => ran(since, ({ actor }) => basename(actor.exe ?? '').startsWith('ipset')),
    [Symbol.dispose]() {
      started?.[Symbol.dispose]();
      audit?.[Symbol.dispose]();
    },
  };
}

function couldChange(family: 4 | 6, { command, exe }: Actor): boolean {
  const called = basename(command?.[0] ?? '');
  if (!/tables/.test(called) && !/tables/.test(exe ?? '')) return false;
  // The backend's own names are known to be the other's; the plain name is whichever the host chose, and its path tells.
  if (/-nft/.test(called) || /nft/.test(basename(exe ?? ''))) return false;
  return family === 4 ? !/^(ip6|arp|eb)tables/.test(called) : !/^(iptables|arptables|ebtables)/.test(called);
}

/** Not those who list, test or save; in doubt, all. */
function writes({ command, exe }: Actor): boolean {
  if (command === null) return true;
  const [called = '', ...words] = command;
  if (basename(exe ?? '').startsWith('ipset')) return !words.some((word, index) => looking.test(word) && index <= 2);
  return /-restore\b/.test(basename(called)) || words.some((word) => changing.test(word));
}

/** The same process but once. */
export function distinct(actors: readonly Actor[]): readonly Actor[] {
  return [...new Map(actors.map((actor) => [actor.pid, actor])).values()].slice(-mostActors);
}

const mostActors = 16;

/** Who did one or the other. */
export function joinBy(one: By, two: By): By {
  if (one.processes.length === 0) return two;
  if (two.processes.length === 0) return one;
  const rank = ['unknown', 'ran', 'audited', 'named'] as const;
  const how = rank[Math.min(rank.indexOf(one.how), rank.indexOf(two.how))] ?? 'unknown';
  return { how, processes: distinct([...one.processes, ...two.processes]) };
}
