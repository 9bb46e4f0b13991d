import { compareRulesets } from '../analysis/answers/index.ts';
import { surroundingsOf } from '../analysis/evaluate/surroundings.ts';
import type { Host, HostTexts, TextName } from '../model/host/index.ts';
import { foreignOf } from './status.ts';
import type { UpdatesJson } from './updates-shape.ts';

type Applied = NonNullable<UpdatesJson['applied']>;

/** What is kept of both readings, and compared: all that decides about packets. */
export const kept = [
  ['nftSave4', 'IPv4 rules (nft)'],
  ['nftSave6', 'IPv6 rules (nft)'],
  ['legacySave4', 'IPv4 rules (legacy)'],
  ['legacySave6', 'IPv6 rules (legacy)'],
  ['ipsets', 'ipsets'],
  ['nftChains', 'other nft chains'],
] as const satisfies readonly (readonly [TextName, string])[];

/** A machine as it was read. */
interface Read {
  readonly host: Host;
  readonly texts: HostTexts;
}

/** What of it could not be read, and so cannot be compared. What the kernel has no part for holds nothing. */
export function unreadOf({ host, texts }: Read): readonly string[] {
  return kept.flatMap(([name, what]) => {
    const read = texts.texts[name];
    const told = read.read ? name !== 'nftChains' || host.foreignChains.known : read.why === 'unused';
    return told ? [] : [what];
  });
}

/** Which lines of which text are not as they were. */
export function changedBetween(before: Read, after: Read): Applied['changed'] {
  const unread = [...unreadOf(before), ...unreadOf(after)];
  return kept.flatMap(([name, what]) => {
    if (unread.includes(what)) return [];
    const [one, other] = [linesOf(name, before), linesOf(name, after)];
    if (one.join('\n') === other.join('\n')) return [];
    const [gone, come] = [missingFrom(other, one), missingFrom(one, other)];
    return [{ what, gone, come: gone.length + come.length > 0 ? come : ['the same lines in another order'] }];
  });
}

/** Lines of `lines` beyond those of `others`, each as often. */
function missingFrom(others: readonly string[], lines: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  });
}

/** Without what ticks by itself: counters, comments with times, time-outs. Sets have no order. */
function linesOf(name: (typeof kept)[number][0], { host, texts }: Read): readonly string[] {
  const read = texts.texts[name];
  if (!read.read) return [];
  if (name === 'nftChains') return [...foreignOf(host), ...foreignRules(read.text)];
  const lines = read.text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) =>
      line
        .replace(/^\[\d+:\d+\] /, '')
        .replace(/ ?\[\d+:\d+\]$/, '')
        .replace(name === 'ipsets' ? / (?:timeout|packets|bytes|initval|hashsize) \S+/g : /$^/, ''),
    );
  return name === 'ipsets' ? lines.toSorted() : lines;
}

/** The rules of chains that iptables did not make, one JSON document a chain behind the list of all chains. */
function foreignRules(text: string): readonly string[] {
  const documents = text.split('\n').slice(1);
  return documents.flatMap((document) => {
    if (document.trim() === '') return [];
    const { nftables } = JSON.parse(document) as { readonly nftables: readonly { readonly rule?: NftRule }[] };
    return nftables.flatMap(({ rule }) =>
      rule === undefined ? [] : [`${rule.family} ${rule.table} ${rule.chain}: ${JSON.stringify(rule.expr, withoutCounts)}`],
    );
  });
}

interface NftRule {
  readonly family: string;
  readonly table: string;
  readonly chain: string;
  readonly expr: unknown;
}

function withoutCounts(key: string, value: unknown): unknown {
  return key === 'packets' || key === 'bytes' ? undefined : value;
}

/** Whether the changed rules treat some packet differently. */
export function packetsBetween(before: Host, after: Host): Applied['packets'] {
  const answers = ([4, 6] as const).map((family): Applied['packets'] => {
    const [one, other] = [before.rulesets[family], after.rulesets[family]];
    if (!one.known || !other.known) return 'unknown';
    const { ways, rewrites } = compareRulesets(
      family,
      { ruleset: one.value, surroundings: surroundingsOf(before) },
      { ruleset: other.value, surroundings: surroundingsOf(after) },
      { most: 1 },
    );
    if (ways.some((way) => way.kind === 'decided' && !way.equal) || (rewrites?.differences.length ?? 0) > 0) return 'different';
    return rewrites === null || ways.some(({ kind }) => kind === 'undecided') ? 'unknown' : 'same';
  });
  return answers.find((answer) => answer === 'different') ?? answers.find((answer) => answer === 'unknown') ?? 'same';
}
