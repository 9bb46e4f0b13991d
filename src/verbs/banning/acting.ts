import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { banSetNames, countBanSets, type Namespace, openBanSets, restoreBans } from '../../kernel/index.ts';
import { formatPrefix } from '../../model/net/index.ts';
import { type Problem, problemLine, type Result } from '../../result.ts';
import type { Reading } from '../../store/index.ts';
import { type Ban, type Bans, createBans, createNever, type NeverEntry, usualTerms } from '../../watch/bans/index.ts';
import type { Context } from '../verb.ts';
import { entriesOf, entryOf } from './entry.ts';
import { lengthOf } from './length.ts';
import { fillLists } from './lists.ts';
import { type NeverNow, neverReader } from './never.ts';
import { createProof } from './proof.ts';
import {
  areBansStanding,
  areBansThere,
  byFamily,
  keepForStart,
  rightsToBan,
  standBans,
  standBansAgain,
  wordFile,
} from './stand.ts';

/** Bans as they are put into effect, and kept so. */
export interface Acting extends AsyncDisposable {
  readonly bans: Bans;
  /** Puts a ban into the kernel at once; `null`: it is only said whom it would shut out. */
  readonly act: ((ban: Ban) => void) | null;
}

export interface ActingOptions {
  /** Bans of before. */
  readonly remembered: Pick<Reading, 'bans'>;
  /** A ban that another one becomes, once it is known who its source is; it is in the kernel already. */
  readonly changed: (ban: Ban) => void;
  readonly notice: (text: string) => void;
  readonly namespace?: Pick<Namespace, 'enter' | 'env'>;
  /** So often it is looked whether all of it stands, and who is never shut out by now: a minute. */
  readonly againMs?: number;
}

const minuteMs = 60_000;
const tickMs = 1000;
const settleMs = 5000;

/**
 * Has chains and sets there with all who are shut out still, and whom nobody may shut out looked up again and again, until it is disposed of.
 *
 * @returns a problem where nothing could be put into effect: then nobody is shut out
 */
export async function openActing(context: Context, options: ActingOptions): Promise<Result<Acting>> {
  const { settings, clock } = context;
  const { action, longest } = settings.bans;
  const neverNow = neverReader(context);
  const first = await neverNow();
  // Whoever is shut out while nobody knows that he must not be may be the one who would mend it.
  if (action === 'on' && first.problems.length > 0) return { ok: false, problems: first.problems };
  const bans = createBans({
    never: first.entries,
    trustFiles: settings.watch['trust-files'],
    terms: { longest: lengthOf(longest) ?? usualTerms.longest },
  });
  const recall = (): Recalled => recalled(bans, options.remembered, clock.now());
  recall();
  if (action !== 'on') {
    const ticking = setInterval(() => {
      bans.expired(clock.now());
      // None of them is in the kernel; they are not kept for anybody.
      bans.dropped();
    }, tickMs);
    return {
      ok: true,
      value: { bans, act: null, [Symbol.asyncDispose]: async () => clearInterval(ticking) },
    };
  }
  const rights = await rightsToBan(context);
  if (rights !== null) return { ok: false, problems: [rights] };
  const stood = await standBans(context, first.entries);
  if (!stood.ok) return stood;
  const { start } = stood.value;
  if (start !== null) options.notice(start);
  const restored = await restoreBans(
    context.kernel.run,
    [...bans.live].flatMap((ban) => entriesOf(ban, clock.now())),
  );
  if (!restored.ok) return restored;

  const said = new Set<string>();
  /** Once, until it is mended. */
  const trouble = (problem: Problem): void => {
    const text = problemLine(problem);
    if (said.has(text) || said.size > 100) return;
    said.add(text);
    options.notice(text);
  };
  const sets = openBanSets({ trouble, ...(options.namespace !== undefined && { namespace: options.namespace }) });
  /** Whether the next start of the machine is to find others in the sets than were kept for it. */
  let isOther = true;
  const keep = async (): Promise<void> => {
    if (!isOther) return;
    isOther = false;
    // Where there is no ipset it never answers.
    await Promise.race([sets.settled(), sleep(settleMs, undefined, { ref: false })]);
    const problem = await keepForStart(context);
    if (problem === null) return;
    isOther = true;
    trouble(problem);
  };
  const put = (ban: Ban): void => {
    isOther = true;
    for (const entry of entriesOf(ban, clock.now())) sets.add(entry);
  };
  const isShort = (ban: Ban): boolean => ban.until - ban.at <= usualTerms.spoofable;
  const proof = createProof(context.kernel.run, (source, isOurs) => {
    const ban = bans.proven(source, clock.now(), isOurs);
    if (ban === null) return;
    put(ban);
    options.changed(ban);
  });
  const stop = new AbortController();
  const take = (ban: Ban): void => {
    isOther = true;
    for (const kind of ['new', 'all'] as const) sets.remove(entryOf(ban, kind, 0));
  };
  /** What a person said meanwhile. He has put it into the kernel himself; what was decided at the same moment may have undone it. */
  const listen = (): void => {
    const { lifted, added } = recall();
    lifted.forEach(take);
    for (const ban of added) put(ban);
  };
  const keeping = keepStanding(context, {
    bans,
    neverNow,
    first: first.entries,
    listen,
    keep,
    changed: () => {
      isOther = true;
    },
    signal: stop.signal,
    trouble,
    againMs: options.againMs ?? minuteMs,
  });
  let wordAt = wordOf(context.stateFolder);
  /** What is over, what had to make room, and what a person said meanwhile. */
  const ticking = setInterval(() => {
    bans.expired(clock.now());
    for (const ban of bans.dropped()) take(ban);
    const word = wordOf(context.stateFolder);
    if (word === wordAt) return;
    wordAt = word;
    listen();
  }, tickMs);
  const act = (ban: Ban): void => {
    put(ban);
    proof.ask(ban, isShort(ban));
  };
  return {
    ok: true,
    value: {
      bans,
      get act() {
        // Once uninstall took all of it away nobody asks the sets, and they are not made again.
        return areBansThere(context.stateFolder) ? act : null;
      },
      async [Symbol.asyncDispose]() {
        stop.abort();
        clearInterval(ticking);
        proof[Symbol.dispose]();
        await keeping;
        await keep();
        await sets[Symbol.asyncDispose]();
      },
    },
  };
}

interface Recalled {
  readonly lifted: readonly Ban[];
  readonly added: readonly Ban[];
}

/** Oldest first, so that later ones count those before; whoever was let in again meanwhile is, and begins anew. */
function recalled(bans: Bans, remembered: Pick<Reading, 'bans'>, now: number): Recalled {
  const all = remembered.bans({ since: now - usualTerms.remembered }).toReversed();
  const letIn = new Map<string, number>();
  for (const { source, lifted } of all) {
    const key = formatPrefix(source);
    if (lifted !== null) letIn.set(key, Math.max(lifted.at, letIn.get(key) ?? 0));
  }
  const live = new Map([...bans.live].map((ban) => [formatPrefix(ban.source), ban]));
  const lifted = [...live].flatMap(([key, ban]) => (ban.at <= (letIn.get(key) ?? -1) ? (bans.lift(ban.source) ?? []) : []));
  for (const { source } of lifted) live.delete(formatPrefix(source));
  const added = new Map<string, Ban>();
  for (const { lifted: _, ...ban } of all) {
    const key = formatPrefix(ban.source);
    if (ban.at <= (letIn.get(key) ?? -1)) continue;
    const there = live.get(key);
    if (there !== undefined && there.until >= ban.until) continue;
    bans.recall(ban, now);
    if (ban.until > now) added.set(key, ban);
  }
  return { lifted, added: [...added.values()].filter((ban) => bans.explain(ban.source, now).kind === 'banned') };
}

/** A list that could not be had is asked for again after this, if not before: the network may not be up yet. */
const listsAgainMs = 600_000;

interface Standing {
  readonly bans: Bans;
  readonly neverNow: () => Promise<NeverNow>;
  readonly first: readonly NeverEntry[];
  /** Looks up what a person said. */
  readonly listen: () => void;
  /** Writes down who is shut out, for the next start of the machine, where others are by now. */
  readonly keep: () => Promise<void>;
  readonly changed: () => void;
  readonly signal: AbortSignal;
  readonly trouble: (problem: Problem) => void;
  readonly againMs: number;
}

/** Until the signal aborts. */
async function keepStanding(
  context: Context,
  { bans, neverNow, first, listen, keep, changed, signal, trouble, againMs }: Standing,
): Promise<void> {
  let never = first;
  let words = wordsOf(first);
  let listsAt = Number.NEGATIVE_INFINITY;
  const { lists, 'lists-every': listsEvery } = context.settings.bans;
  const every = lists.length === 0 ? Number.POSITIVE_INFINITY : (lengthOf(listsEvery) ?? 86_400_000);
  for (;;) {
    const isThere = areBansThere(context.stateFolder);
    if (isThere && context.clock.now() - listsAt >= every) {
      // Where no lists are named any more, nobody stays shut out by those that were.
      const filled = await fillLists(context, bans.never);
      if (!filled.ok) filled.problems.forEach(trouble);
      listsAt = context.clock.now() - (filled.ok ? 0 : Math.max(0, every - listsAgainMs));
    }
    await keep();
    await sleep(againMs, undefined, { signal, ref: false }).catch(() => undefined);
    if (signal.aborted) return;
    const { entries, problems } = await neverNow();
    problems.forEach(trouble);
    // What could not be read now was read before.
    if (problems.length === 0) never = entries;
    const kept = problems.length > 0 ? [...never, ...entries] : entries;
    const isOther = wordsOf(kept) !== words;
    if (isOther) bans.setNever(kept);
    if (!areBansThere(context.stateFolder)) {
      trouble(takenAway);
      continue;
    }
    // Somebody may have emptied the sets, such as with ipset flush, or restored others in their place.
    listen();
    bans.expired(context.clock.now());
    const live = [...bans.live];
    const counts = await countBanSets(context.kernel.run);
    const isWhole = !isOther && isFilled(counts, kept) && !isLost(counts, live) && (await areBansStanding(context));
    if (isWhole) continue;
    const stood = await standBansAgain(context, kept, () => [...bans.live].flatMap((ban) => entriesOf(ban, context.clock.now())));
    if (stood.ok) {
      words = wordsOf(kept);
      changed();
    }
    // Somebody else is changing the firewall: it is looked at again in a minute.
    else stood.problems.filter(({ code }) => code !== 'change-waits').forEach(trouble);
  }
}

function isFilled(counts: ReadonlyMap<string, number>, never: readonly NeverEntry[]): boolean {
  const wanted = byFamily(createNever(never).entries.map(({ network }) => network));
  return ([4, 6] as const).every((family) => (counts.get(banSetNames.never[family]) ?? -1) >= wanted[family].length);
}

/** A few that are not there any more may have ended a moment ago; where half of them are gone somebody took them out. */
function isLost(counts: ReadonlyMap<string, number>, live: readonly Ban[]): boolean {
  return ([4, 6] as const).some((family) =>
    (['new', 'all'] as const).some((kind) => {
      const wanted = live.filter(({ source, reach }) => source.family === family && (kind === 'new' || reach === 'all')).length;
      return 2 * (counts.get(banSetNames[kind][family]) ?? 0) < wanted;
    }),
  );
}

const takenAway: Problem = {
  code: 'restore-refused',
  message: 'the chains that ask who is shut out were taken away by palisade uninstall, so nobody is',
  hint: 'start palisade up anew to have them again, or set bans.action to off',
};

function wordsOf(entries: readonly NeverEntry[]): string {
  return entries
    .map(({ network }) => formatPrefix(network))
    .toSorted()
    .join(' ');
}

function wordOf(stateFolder: string): number {
  return statSync(wordFile(stateFolder), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
