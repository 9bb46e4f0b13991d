import { problemLine } from '../../result.ts';
import type { Family } from '../net/index.ts';
import { brief, emptyRuleset, parseRuleset, type Ruleset, unreadTables } from '../ruleset/index.ts';
import type { NftChains } from './chain.ts';
import type { Backend, BackendUse } from './host.ts';
import { type Known, known, type Unknown, unknown } from './known.ts';
import { type NativeRule, nativeRules } from './native.ts';
import type { TextRead } from './texts.ts';
import { unread } from './unread.ts';

/** What was read of one family's rules. */
export interface RuleTexts {
  readonly nftSave: TextRead;
  readonly legacySave: TextRead;
  readonly nftRules: TextRead;
  readonly nftChains: Known<NftChains>;
}

export interface Rules {
  readonly ruleset: Known<Ruleset>;
  readonly backends: Known<BackendUse>;
  readonly native: Known<readonly NativeRule[]>;
}

/**
 * Decides what one family's rules are, or that they are unknown. No output, by itself, is never taken for no rules:
 * there are none once both backends' saves and nft's own listing were read and all show none. `before` are rulesets of an earlier
 * reading, taken where the text did not change.
 */
export function decideRules(
  family: Family,
  texts: RuleTexts,
  chosen: Backend | undefined,
  before: readonly Ruleset[] = [],
): Rules {
  const nft = nftRules(family, texts, before);
  const legacy = legacyRules(family, texts.legacySave, before);
  const backends = !nft.known ? nft : !legacy.known ? legacy : known({ nft: nft.value, legacy: legacy.value });
  return { ruleset: inForce(family, nft, legacy, chosen), backends, native: nativeIn(family, texts) };
}

function nativeIn(family: Family, { nftRules: expressions, nftChains }: RuleTexts): Known<readonly NativeRule[]> {
  const asleep = sleeping(family, nftChains).map((table): NativeRule => ({ table, chain: '', handle: 0, why: asleepBecause }));
  if (expressions.read) return known([...asleep, ...nativeRules(expressions.text)]);
  if (expressions.why === 'unused' || asleep.length > 0) return known(asleep);
  if (expressions.why === 'too-large' || expressions.why === 'timeout') {
    return unknown(
      `whether nft made IPv${family} rules of its own among those of iptables was not looked for: ${expressions.detail}`,
      'put the addresses into an ipset instead of one rule each; until then, keep rules of nft in tables of other names',
    );
  }
  return unread(expressions, `the IPv${family} rules that nft made among those of iptables`);
}

const asleepBecause = 'nft has put it to sleep (flags dormant): no packet meets its rules';

/** Tables of iptables whose rules are listed, and do nothing. */
function sleeping(family: Family, chains: Known<NftChains>): readonly string[] {
  if (!chains.known) return [];
  return [...chains.value.asleep].filter(
    (table) => chains.value.iptables.has(table) && table.startsWith(family === 4 ? 'ip ' : 'ip6 '),
  );
}

function inForce(
  family: Family,
  nft: Known<Ruleset | null>,
  legacy: Known<Ruleset | null>,
  chosen: Backend | undefined,
): Known<Ruleset> {
  const ip = `IPv${family}`;
  const none = emptyRuleset(family, family === 4 ? 'iptables-save' : 'ip6tables-save');
  if (chosen !== undefined) {
    const wanted = chosen === 'nft' ? nft : legacy;
    return wanted.known ? known(wanted.value ?? none) : wanted;
  }
  if (!nft.known) return nft;
  if (!legacy.known) return legacy;
  const [byNft, byLegacy] = [nft.value !== null && holdsRules(nft.value), legacy.value !== null && holdsRules(legacy.value)];
  if (byNft && byLegacy) {
    const save = family === 4 ? 'iptables-legacy-save' : 'ip6tables-legacy-save';
    return unknown(
      `both backends hold ${ip} rules, nft and legacy, and packets must pass both`,
      `move them into one: load what ${save} prints with ${save.replace('legacy-save', 'nft-restore')} --noflush and flush the legacy tables; to look at one of them alone, add --backend nft or --backend legacy`,
    );
  }
  if (byLegacy) return known(legacy.value ?? none);
  // Without rules in either, whatever was printed is shown: built-in chains, all accepting.
  return known([nft.value, legacy.value].find((ruleset) => ruleset !== null && ruleset.tables.length > 0) ?? none);
}

function nftRules(
  family: Family,
  { nftSave, nftChains, nftRules: expressions }: RuleTexts,
  before: readonly Ruleset[],
): Known<Ruleset | null> {
  const ip = family === 4 ? 'ip' : 'ip6';
  if (!nftSave.read) return nftSave.why === 'unused' ? known(null) : unread(nftSave, `the IPv${family} rules of the nft backend`);
  const [asleep] = sleeping(family, nftChains);
  if (asleep !== undefined)
    return unknown(
      `the table ${asleep} is listed, and ${asleepBecause}`,
      `wake it with \`nft add table ${asleep}\`, and find out who did that`,
    );
  const hidden = unreadTables(nftSave.text);
  if (hidden.length > 0) {
    const names = brief(hidden.map((table) => `${ip} ${table}`).join(', '));
    return unknown(
      `${nftSave.command} cannot show ${names}: it holds rules or chains that nft made by itself`,
      `look at it with \`nft list table ${ip} ${brief(hidden[0] ?? '')}\`; keep rules of nft in tables of other names`,
    );
  }
  if (nftSave.text.trim() === '') {
    if (!nftChains.known) {
      return unknown(
        `${nftSave.command} printed nothing, which alone does not prove that there are no IPv${family} rules (${nftChains.why})`,
        nftChains.remedy,
      );
    }
    const held = [...nftChains.value.iptables].filter((table) => table.startsWith(`${ip} `));
    if (held.length > 0) {
      return unknown(
        `${nftSave.command} printed nothing, but nft has chains in ${held.join(', ')}`,
        `look at them with \`nft list table ${held[0]}\`, and run palisade again`,
      );
    }
    return known(emptyRuleset(family, nftSave.command));
  }
  // Where nft is not there to ask, nobody used it to put rules of its own into iptables' tables either.
  const native = expressions.read ? nativeRules(expressions.text)[0] : undefined;
  if (native !== undefined) {
    const place = brief(`${native.table} ${native.chain}`);
    return unknown(
      `nft made rules by itself in ${place} (${native.why}), which iptables-save shows wrongly or not at all`,
      `look at them with \`nft -a list chain ${place}\` (handle ${native.handle}); keep rules of nft in tables of other names`,
    );
  }
  return parsed(family, nftSave.text, nftSave.command, before);
}

function legacyRules(family: Family, save: TextRead, before: readonly Ruleset[]): Known<Ruleset | null> {
  if (!save.read) return save.why === 'unused' ? known(null) : unread(save, `the IPv${family} rules of the legacy backend`);
  // The kernel lists the legacy tables that exist; the tool prints every one of them, so nothing means none.
  return save.text.trim() === '' ? known(emptyRuleset(family, save.command)) : parsed(family, save.text, save.command, before);
}

function parsed(family: Family, text: string, command: string, before: readonly Ruleset[]): Known<Ruleset> {
  const same = before.find((ruleset) => ruleset.file === command && ruleset.text === text);
  if (same !== undefined) return known(same);
  const result = parseRuleset(text, { file: command, family });
  return result.ok ? known(result.value) : misunderstood(result.problems.map(problemLine));
}

function misunderstood(lines: readonly string[]): Unknown {
  const [first = 'the rules could not be understood'] = lines;
  return unknown(first, 'mend that rule; if iptables-restore takes what the tool printed, please report it as a bug of palisade');
}

/**
 * True when packets can be treated differently from no rules at all: any rule, or a built-in chain that does not accept.
 * Reading legacy tables makes them, empty; they hold nothing.
 */
export function holdsRules(ruleset: Ruleset): boolean {
  return ruleset.tables.some(
    (table) => table.rules.length > 0 || [...table.chains.values()].some(({ policy }) => policy === 'DROP'),
  );
}
