import { closest } from '../../closest.ts';
import { type Family, parseAddress, parsePrefix, prefixRange, type Ranges, rangesOf, without } from '../../model/net/index.ts';
import type { Addresses, AddressSet } from '../policy.ts';
import type { EndpointShape } from './schema.ts';

/** A problem with one word of a list or with a single word: where among them it stands, what is wrong, what to write. */
export interface BadWord {
  /** Below the value: nothing for a word by itself, the place in a list, a key and a place. */
  readonly below: readonly (string | number)[];
  readonly message: string;
  readonly hint: string;
}

export type Members = Readonly<Record<Family, Ranges<bigint>>>;

/** One line of a set or one word of a rule: an address, a network, or a range `a-b`. */
export function readMember(word: string): { readonly family: Family; readonly range: readonly [bigint, bigint] } | undefined {
  const prefix = parsePrefix(word);
  if (prefix !== undefined) return { family: prefix.family, range: prefixRange(prefix) };
  const [first, last, more] = word.split('-');
  const [lo, hi] = [parseAddress(first?.trim() ?? ''), parseAddress(last?.trim() ?? '')];
  if (lo === undefined || hi === undefined || more !== undefined || lo.family !== hi.family || lo.value > hi.value)
    return undefined;
  return { family: lo.family, range: [lo.value, hi.value] };
}

export function membersOf(spans: readonly { readonly family: Family; readonly range: readonly [bigint, bigint] }[]): Members {
  const of = (family: Family): Ranges<bigint> => rangesOf(spans.filter((one) => one.family === family).map(({ range }) => range));
  return { 4: of(4), 6: of(6) };
}

/** Addresses by the words of a rule; `null` for anyone. */
export function readEndpoint(shape: EndpointShape, sets: ReadonlyMap<string, AddressSet>): Addresses | null | readonly BadWord[] {
  const except = typeof shape === 'object' && !Array.isArray(shape);
  const given = except ? (shape as { 'anyone-except': string | string[] })['anyone-except'] : (shape as string | string[]);
  const words = typeof given === 'string' ? [given] : given;
  if (!except && words.includes('anyone') && words.length === 1) return null;
  const bad: BadWord[] = [];
  type Span = { readonly family: Family; readonly range: readonly [bigint, bigint] };
  const spans: Span[] = [];
  const listed: Span[] = [];
  const feeds: string[] = [];
  for (const [index, word] of words.entries()) {
    const below = [...(except ? ['anyone-except'] : []), ...(typeof given === 'string' ? [] : [index])];
    const set = sets.get(word);
    if (set !== undefined) {
      const into = set.listed ? listed : spans;
      if (!set.trusted) feeds.push(word);
      for (const family of [4, 6] as const) for (const range of set.members[family]) into.push({ family, range });
      continue;
    }
    const member = readMember(word);
    if (member !== undefined) spans.push(member);
    else bad.push({ below, ...unknownAddress(word, sets) });
  }
  if (bad.length > 0) return bad;
  const [own, others] = [membersOf(spans), membersOf(listed)];
  return {
    ranges: membersOf([...spans, ...listed]),
    except,
    listed: { 4: without(others[4], own[4]), 6: without(others[6], own[6]) },
    feeds,
    text: except ? `anyone except ${words.join(', ')}` : words.join(', '),
  };
}

function unknownAddress(
  word: string,
  sets: ReadonlyMap<string, AddressSet>,
): { readonly message: string; readonly hint: string } {
  if (word === 'anyone') return { message: '"anyone" stands beside others', hint: 'leave the others out, or "anyone"' };
  if (/^[\d.:/a-fA-F-]+$/.test(word) && /[.:]/.test(word))
    return { message: `"${word}" is no address`, hint: 'write an address, a network such as "192.0.2.0/24", or a range "a-b"' };
  const near = closest(word, [...sets.keys(), 'anyone']);
  return {
    message: `there is no set "${word}"`,
    hint: near === undefined ? 'add it under sets, or write an address in quotes' : `did you mean "${near}"?`,
  };
}
