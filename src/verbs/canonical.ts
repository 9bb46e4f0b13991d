import type { RulesetTexts } from '../kernel/index.ts';
import type { Backend, Host } from '../model/host/index.ts';
import type { Family } from '../model/net/index.ts';
import { parseRuleset, type Ruleset } from '../model/ruleset/index.ts';
import { failed, ok, type Problem, type Result } from '../result.ts';
import type { HostAndSets, Reading } from './reading.ts';
import { knownRulesets } from './rulesets.ts';
import { stageOf } from './stage.ts';
import type { Context, Outcome } from './verb.ts';

/** What the kernel prints back. */
export interface Canonical {
  /** The host, with these rulesets in place of those that were read. */
  readonly host: Host;
  /** IPv4 first, one character a byte. */
  readonly saves: readonly string[];
}

/**
 * Loads the rules that are known into a throw-away namespace and lets the kernel's own tools print them: the form that
 * everybody's rules have after they were loaded. The backend is the one that was asked for, else that which wrote the
 * text of a family, else nft.
 */
export async function canonicalOf(context: Context, read: HostAndSets, reading: Reading): Promise<Result<Canonical>> {
  const rulesets = knownRulesets(read.host);
  const unread = setsUnread(read, rulesets);
  if (unread !== undefined) return failed(unread);
  context.progress('asking the kernel');
  const texts = await ask(context, read, rulesets, reading);
  if (!texts.ok) return texts;
  const printed: Partial<Record<Family, Ruleset>> = {};
  const saves: string[] = [];
  for (const { family } of rulesets) {
    const text = texts.value[family];
    if (text === undefined) continue;
    saves.push(text);
    // Without rules and chains the tools print nothing at all, which is no ruleset to parse.
    if (!text.includes('*')) continue;
    const parsed = parseRuleset(text, { file: `the kernel (IPv${family})`, family });
    if (!parsed.ok) return parsed;
    printed[family] = parsed.value;
  }
  const inPlace = (family: Family): Host['rulesets'][4] => {
    const value = printed[family];
    return value === undefined ? read.host.rulesets[family] : { known: true, value };
  };
  return ok({ host: { ...read.host, rulesets: { 4: inPlace(4), 6: inPlace(6) } }, saves });
}

/** One rehearsal a backend: texts of two are rare, and each is printed by the tools of its own. */
async function ask(
  context: Context,
  { host, sets }: HostAndSets,
  rulesets: readonly Ruleset[],
  reading: Reading,
): Promise<Result<RulesetTexts>> {
  const { canonical } = await import('../kernel/index.ts');
  const backends = Map.groupBy(rulesets, (ruleset) => reading.backend ?? ruleset.writer?.backend ?? 'nft');
  let texts: RulesetTexts = {};
  for (const [backend, own] of backends) {
    const printed = await canonical(context.kernel, {
      // They are there for the rules that look their link up, and stay down: then nothing is sent that would be counted.
      links: stageOf(host).links.map((link) => ({ ...link, up: false })),
      backend: backend satisfies Backend,
      policiesLeftOut: true,
      sets: sets.known ? sets.value : '',
      rulesets: Object.fromEntries(own.map(({ family, text }) => [family, text])),
      files: {
        ...Object.fromEntries(own.map(({ family, file }) => [family, file])),
        ...(reading.sets !== undefined && { sets: reading.sets }),
      },
    });
    if (!printed.ok) return printed;
    texts = { ...texts, ...printed.value };
  }
  return ok(texts);
}

/** Rules that ask sets cannot be loaded without them. */
function setsUnread({ sets }: HostAndSets, rulesets: readonly Ruleset[]): Problem | undefined {
  if (sets.known) return undefined;
  const asking = rulesets.find(({ text }) => /--match-set|-j SET /.test(text));
  if (asking === undefined) return undefined;
  return { code: 'unread', message: `the sets that ${asking.file} names are needed, and ${sets.why}`, hint: sets.remedy };
}

/**
 * Of files, a rule or a set that is refused where it stands is bad input. Of a live host it was taken once: what is refused
 * now is not known. Neither is what this machine cannot try.
 */
export function refusalOf(problems: readonly Problem[], host: Host): Outcome<never> {
  const bad = host.origin === 'files' && problems.every(({ code, at }) => at !== undefined && code !== 'unread');
  return { kind: bad ? 'invalid' : 'unread', problems };
}
