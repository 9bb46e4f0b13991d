import { existsSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { banChainsStand, installBans, lockState, type ReadRulesets, removeBans } from '../../change/index.ts';
import { type BanEntry, exchangeBanSet, restoreBans } from '../../kernel/index.ts';
import { type Backend, hostFromTexts, type TextName } from '../../model/host/index.ts';
import type { Family, Prefix } from '../../model/net/index.ts';
import { emptyRuleset, type Ruleset } from '../../model/ruleset/index.ts';
import { failed, ok, type Problem, type Result } from '../../result.ts';
import { createNever, type NeverEntry, networkText } from '../../watch/bans/index.ts';
import type { Context } from '../verb.ts';

const texts: readonly TextName[] = ['nftSave4', 'nftSave6', 'legacySave4', 'legacySave6', 'nftChains'];

/** What tells the machine, as it starts, that saved rules may ask the sets (change/boot). */
const markFile = (stateFolder: string): string => join(stateFolder, 'bans-on');
/** Its time is that of the last word of a person, which whoever watches then looks up. */
export const wordFile = (stateFolder: string): string => join(stateFolder, 'bans-said');

/** Only root changes a firewall. */
export async function rightsToBan({ kernel }: Context): Promise<Problem | null> {
  const { root, why } = await kernel.rights();
  return root ? null : { code: 'unread', message: `the firewall may not be changed: ${why}`, hint: 'run palisade as root' };
}

/**
 * Has everything there that shuts out: first whoever is never shut out in their sets, then the chains, where they are not as they are to be.
 *
 * @returns whether rules had to be written
 */
export async function standBans(context: Context, never: readonly NeverEntry[], asked?: Backend): Promise<Result<boolean>> {
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

async function stand(context: Context, never: readonly NeverEntry[], asked: Backend | undefined): Promise<Result<boolean>> {
  const filled = await fillNever(context, never);
  if (!filled.ok) return filled;
  const read = readRulesets(context, asked);
  const backend = asked === undefined ? await backendOf(read) : ok(asked);
  if (!backend.ok) return backend;
  // The mark first: should this process end here, whoever saves the rules meanwhile has them loaded all the same.
  const mark = markFile(context.stateFolder);
  const wasThere = existsSync(mark);
  if (!wasThere) writeFileSync(mark, '', { mode: 0o600 });
  const installed = await installBans(context.kernel, backend.value, read);
  if (!installed.ok && !wasThere) rmSync(mark, { force: true });
  return installed;
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

/** Takes chains and sets away, and so lets everybody in, for `uninstall`; not there is as good. */
export async function takeBansAway(context: Context, asked: Backend | undefined): Promise<Result<boolean>> {
  return await locked(context, async () => {
    const read = readRulesets(context, asked);
    const backend = asked === undefined ? await backendOf(read) : ok(asked);
    if (!backend.ok) return backend;
    const removed = await removeBans(context.kernel, backend.value, read);
    // Whoever watches has them there again as long as this says so.
    if (removed.ok) rmSync(markFile(context.stateFolder), { force: true });
    return removed;
  });
}

/** Somebody had them made, and nobody had them taken away since. */
export function areBansThere(stateFolder: string): boolean {
  return existsSync(markFile(stateFolder));
}

/** What is nobody's own address is among them too: rules must let it pass, whoever put it into a set. */
async function fillNever({ kernel }: Context, never: readonly NeverEntry[]): Promise<Result<void>> {
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
