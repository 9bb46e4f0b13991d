import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BanSets, type Namespace, openBanSets, restoreBans } from '../../kernel/index.ts';
import { formatPrefix } from '../../model/net/index.ts';
import { type Problem, problemLine, type Result } from '../../result.ts';
import type { Reading } from '../../store/index.ts';
import { type Ban, type Bans, createBans, type NeverEntry, usualTerms } from '../../watch/bans/index.ts';
import type { Context } from '../verb.ts';
import { entriesOf, entryOf } from './entry.ts';
import { lengthOf } from './length.ts';
import { fillLists } from './lists.ts';
import { type NeverNow, neverReader } from './never.ts';
import { createProof } from './proof.ts';
import { areBansThere, fillNever, rightsToBan, standBans, wordFile } from './stand.ts';

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
}

/** Whom nobody may shut out is looked up so often, and whether all of it stands. */
const againMs = 60_000;
const tickMs = 1000;

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
  const bans = createBans({
    never: first.entries,
    trustFiles: settings.watch['trust-files'],
    terms: { longest: lengthOf(longest) ?? usualTerms.longest },
  });
  const recall = (): void => recalled(bans, options.remembered, clock.now());
  recall();
  if (action !== 'on') {
    const ticking = setInterval(() => void bans.expired(clock.now()), tickMs);
    return {
      ok: true,
      value: { bans, act: null, [Symbol.asyncDispose]: async () => clearInterval(ticking) },
    };
  }
  const rights = await rightsToBan(context);
  if (rights !== null) return { ok: false, problems: [rights] };
  const stood = await standBans(context, first.entries);
  if (!stood.ok) return stood;
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
  const isShort = (ban: Ban): boolean => ban.until - ban.at <= usualTerms.spoofable;
  const proof = createProof(context.kernel.run, (source, isOurs) => {
    const ban = bans.proven(source, clock.now(), isOurs);
    if (ban === null) return;
    put(sets, ban, clock.now());
    options.changed(ban);
  });
  const stop = new AbortController();
  const keeping = keepStanding(context, bans, neverNow, first.entries, stop.signal, trouble);
  const take = (ban: Ban): void => {
    for (const kind of ['new', 'all'] as const) sets.remove(entryOf(ban, kind, 0));
  };
  let wordAt = wordOf(context.stateFolder);
  /** What is over, what had to make room, and what a person said meanwhile. */
  const ticking = setInterval(() => {
    bans.expired(clock.now());
    for (const ban of bans.dropped()) take(ban);
    const word = wordOf(context.stateFolder);
    if (word === wordAt) return;
    wordAt = word;
    recall();
  }, tickMs);
  return {
    ok: true,
    value: {
      bans,
      act(ban) {
        put(sets, ban, clock.now());
        proof.ask(ban, isShort(ban));
      },
      async [Symbol.asyncDispose]() {
        stop.abort();
        clearInterval(ticking);
        proof[Symbol.dispose]();
        await keeping;
        await sets[Symbol.asyncDispose]();
      },
    },
  };
}

function put(sets: BanSets, ban: Ban, now: number): void {
  for (const entry of entriesOf(ban, now)) sets.add(entry);
}

/** Oldest first, so that later ones count those before; who was let in again meanwhile is. */
function recalled(bans: Bans, remembered: Pick<Reading, 'bans'>, now: number): void {
  const known = new Map([...bans.live].map((ban) => [formatPrefix(ban.source), ban]));
  for (const { lifted, ...ban } of remembered.bans({ since: now - usualTerms.remembered }).toReversed()) {
    const there = known.get(formatPrefix(ban.source));
    if (lifted !== null) {
      if (there !== undefined && there.at <= lifted.at) bans.lift(ban.source);
    } else if (there === undefined || there.until < ban.until) bans.recall(ban, now);
  }
}

/** Until the signal aborts. */
async function keepStanding(
  context: Context,
  bans: Bans,
  neverNow: () => Promise<NeverNow>,
  first: readonly NeverEntry[],
  signal: AbortSignal,
  trouble: (problem: Problem) => void,
): Promise<void> {
  let words = wordsOf(first);
  let listsAt = Number.NEGATIVE_INFINITY;
  const every = lengthOf(context.settings.bans['lists-every']) ?? 86_400_000;
  for (;;) {
    if (context.settings.bans.lists.length > 0 && context.clock.now() - listsAt >= every) {
      listsAt = context.clock.now();
      const filled = await fillLists(context, bans.never);
      if (!filled.ok) filled.problems.forEach(trouble);
    }
    await sleep(againMs, undefined, { signal, ref: false }).catch(() => undefined);
    if (signal.aborted) return;
    const { entries, problems } = await neverNow();
    problems.forEach(trouble);
    // What could not be read now was read before.
    const kept = problems.length > 0 ? [...first, ...entries] : entries;
    if (wordsOf(kept) !== words) {
      words = wordsOf(kept);
      bans.setNever(kept);
      const filled = await fillNever(context, kept);
      if (!filled.ok) filled.problems.forEach(trouble);
    }
    if (!areBansThere(context.stateFolder)) {
      trouble(takenAway);
      continue;
    }
    const stood = await standBans(context, kept);
    // Somebody else is changing the firewall: it is looked at again in a minute.
    if (!stood.ok) stood.problems.filter(({ code }) => code !== 'change-waits').forEach(trouble);
  }
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
