import { existsSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  type BanStart,
  banChainsStand,
  banUnitName,
  forgetBans,
  hasBanStart,
  installBans,
  lockState,
  type ReadRulesets,
  readyBanStart,
  rememberBans,
  removeBanStart,
  removeBans,
} from '../../change/index.ts';
import { type BanEntry, exchangeBanSet, makeBanSets, restoreBans } from '../../kernel/index.ts';
import { type Backend, hostFromTexts, type TextName } from '../../model/host/index.ts';
import type { Family, Prefix } from '../../model/net/index.ts';
import { emptyRuleset, type Ruleset } from '../../model/ruleset/index.ts';
import { failed, ok, type Problem, type Result } from '../../result.ts';
import { createNever, type NeverEntry, networkText } from '../../watch/bans/index.ts';
import type { Context } from '../verb.ts';
import { rulesThatAsk, savedRulesHint } from './saved-rules.ts';

const texts: readonly TextName[] = ['nftSave4', 'nftSave6', 'legacySave4', 'legacySave6', 'nftChains'];

/** Somebody had chains and sets made. */
const markFile = (stateFolder: string): string => join(stateFolder, 'bans-on');
/** Its time is that of the last word of a person, which whoever watches then looks up. */
export const wordFile = (stateFolder: string): string => join(stateFolder, 'bans-said');

/** Only root changes a firewall. */
export async function rightsToBan({ kernel }: Context): Promise<Problem | null> {
  const { root, why } = await kernel.rights();
  return root ? null : { code: 'unread', message: `the firewall may not be changed: ${why}`, hint: 'run palisade as root' };
}

export interface Stood {
  /** Rules had to be written. */
  readonly written: boolean;
  /** That the machine has got a unit, or why it has none; `null`: there is nothing to know of its next start. */
  readonly start: string | null;
}

/**
 * Has everything there that shuts out: what makes the sets when the machine starts, whoever is never shut out in their sets, and then the chains, where they
 * are not as they are to be.
 */
export async function standBans(context: Context, never: readonly NeverEntry[], asked?: Backend): Promise<Result<Stood>> {
  return await locked(context, async () => await stand(context, never, asked));
}

/** The same, with those in the sets who are shut out; nothing where uninstall took all of it away meanwhile. */
export async function standBansAgain(
  context: Context,
  never: readonly NeverEntry[],
  entries: () => readonly BanEntry[],
): Promise<Result<void>> {
  return await locked(context, async () => {
    if (!areBansThere(context.stateFolder)) return ok(undefined);
    const stood = await stand(context, never, undefined);
    return stood.ok ? await restoreBans(context.kernel.run, entries()) : stood;
  });
}

async function stand(context: Context, never: readonly NeverEntry[], asked: Backend | undefined): Promise<Result<Stood>> {
  const filled = await fillNever(context, never);
  if (!filled.ok) return filled;
  const read = readRulesets(context, asked);
  const backend = asked === undefined ? await backendOf(read) : ok(asked);
  if (!backend.ok) return backend;
  const mark = markFile(context.stateFolder);
  const wasThere = existsSync(mark);
  if (!wasThere) writeFileSync(mark, '', { mode: 0o600 });
  // Before the chains: should this process end here, whoever saves the rules meanwhile has them loaded all the same.
  const start = await readyBanStart(context.kernel.run, resolve(context.stateFolder));
  const installed = await installBans(context.kernel, backend.value, read);
  if (!installed.ok) {
    if (!wasThere) rmSync(mark, { force: true });
    if (start.kind === 'ready' && start.isNew) await removeBanStart(context.kernel.run);
    return installed;
  }
  return ok({ written: installed.value, start: aboutStart(start, context.stateFolder) });
}

function aboutStart(start: BanStart, stateFolder: string): string | null {
  if (start.kind === 'ready' && start.isNew)
    return `${banUnitName} makes the sets of who is shut out when the machine starts, before saved rules are loaded.`;
  return savedRulesHint(start, stateFolder);
}

/** Has the machine shut out those who are, with what is left of their time, when it starts; what kept it from doing so. */
export async function keepForStart({ kernel, stateFolder, clock }: Context): Promise<Problem | null> {
  return areBansThere(stateFolder) ? await rememberBans(kernel.run, stateFolder, clock.now()) : null;
}

/** As the only one who changes the firewall. */
async function locked<T>({ stateFolder }: Context, change: () => Promise<Result<T>>): Promise<Result<T>> {
  const lock = lockState(stateFolder);
  if (!lock.ok) return lock;
  try {
    return await change();
  } finally {
    lock.value();
  }
}

/** Whether the chains are as they are to be, as far as that can be read; without the lock, which others need for their changes. */
export async function areBansStanding(context: Context): Promise<boolean> {
  const read = await readRulesets(context, undefined)();
  return read.ok && banChainsStand(read.value);
}

/**
 * Takes chains and sets away, and so lets everybody in, for `uninstall`; not there is as good.
 *
 * @returns a file of saved rules that still asks the sets: then the machine goes on making them when it starts
 */
export async function takeBansAway(context: Context, asked: Backend | undefined): Promise<Result<string | null>> {
  return await locked(context, async () => {
    const read = readRulesets(context, asked);
    const backend = asked === undefined ? await backendOf(read) : ok(asked);
    if (!backend.ok) return backend;
    const removed = await removeBans(context.kernel, backend.value, read);
    if (!removed.ok) return removed;
    // Whoever watches has them there again as long as this says so.
    rmSync(markFile(context.stateFolder), { force: true });
    forgetBans(context.stateFolder);
    if (!hasBanStart()) return ok(null);
    const asking = rulesThatAsk();
    if (asking === null) await removeBanStart(context.kernel.run);
    return ok(asking);
  });
}

/** Somebody had them made, and nobody had them taken away since. */
export function areBansThere(stateFolder: string): boolean {
  return existsSync(markFile(stateFolder));
}

/** What is nobody's own address is among them too: rules must let it pass, whoever put it into a set. */
async function fillNever({ kernel }: Context, never: readonly NeverEntry[]): Promise<Result<void>> {
  const made = await makeBanSets(kernel.run);
  if (!made.ok) return made;
  return await exchangeBanSet(kernel.run, 'never', byFamily(createNever(never).entries.map(({ network }) => network)));
}

export function byFamily(networks: readonly Prefix[]): Readonly<Record<Family, readonly string[]>> {
  const of = (family: Family): readonly string[] => [
    ...new Set(networks.filter((network) => network.family === family).map(networkText)),
  ];
  return { 4: of(4), 6: of(6) };
}

/** Says that there is something new in the store. */
export function touchWord({ stateFolder, clock }: Context): void {
  const file = wordFile(stateFolder);
  writeFileSync(file, '', { mode: 0o600 });
  utimesSync(file, clock.now() / 1000, clock.now() / 1000);
}

function readRulesets(context: Context, asked: Backend | undefined): ReadRulesets {
  return async () => {
    const host = hostFromTexts(
      await context.kernel.read({ signal: context.signal, only: texts }),
      asked === undefined ? {} : { backend: asked },
    );
    const of = (family: Family): Result<Ruleset> => {
      const ruleset = host.rulesets[family];
      if (ruleset.known) return ok(ruleset.value.tables.length === 0 ? emptyRuleset(family, 'no rules') : ruleset.value);
      return failed({ code: 'unread', message: `the IPv${family} rules are unknown: ${ruleset.why}`, hint: ruleset.remedy });
    };
    const [four, six] = [of(4), of(6)];
    if (!four.ok) return four;
    return six.ok ? ok({ 4: four.value, 6: six.value }) : six;
  };
}

/** The one that holds the host's rules; where there are none, nft. */
async function backendOf(rulesets: ReadRulesets): Promise<Result<Backend>> {
  const read = await rulesets();
  return read.ok ? ok(read.value[4].writer?.backend ?? read.value[6].writer?.backend ?? 'nft') : read;
}
