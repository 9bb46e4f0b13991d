import { bitsOf } from '../../model/net/index.ts';
import { type Fetched, linesOf, readMember, type Source } from '../../policy/index.ts';
import type { FetchPlace } from './fetch-set.ts';
import { keep, placeOf, readKept, touch } from './kept.ts';
import { type Limits, request } from './request.ts';

/** A list that somebody else writes, and what it says. */
export type List<T> =
  | {
      readonly kind: 'had';
      readonly value: T;
      /** Epoch milliseconds. */
      readonly asOf: number;
      /** Why it is not the newest; `null`: it is. */
      readonly trouble: string | null;
    }
  | { readonly kind: 'none'; readonly why: string };

/** What a text says and how many entries that is, or what is wrong with it. */
export type Understood<T> = { readonly value: T; readonly entries: number } | { readonly wrong: string };

/** A list that shrinks below this part of what it was is not believed. */
const leastPart = 4;
/** Of lists that are shorter, a few lines less mean nothing. */
const fewEntries = 20;

/**
 * A list by its address: what is kept while that is young enough, else what the server says, else again what is kept. What cannot be read
 * whole, holds nothing, or has suddenly become small never takes the place of one that was good.
 */
export async function listOf<T>(
  url: string,
  everySeconds: number,
  { stateFolder, now, signal }: FetchPlace,
  understand: (text: string) => Understood<T>,
  limits?: Limits,
): Promise<List<T>> {
  const kept = readKept(stateFolder, url);
  const known = kept === null ? null : understand(kept.body);
  const last = kept === null || known === null || 'wrong' in known ? null : { ...known, kept };
  const age = now - (last?.kept.asOf ?? 0);
  if (last !== null && age >= 0 && age < everySeconds * 1000) return had(last.value, last.kept.asOf, null);
  const answer = await request(url, last?.kept ?? null, signal, limits);
  if (answer.kind === 'same' && last !== null) {
    touch(stateFolder, url, now);
    return had(last.value, now, null);
  }
  if (answer.kind !== 'new') return lastOr(answer.kind === 'failed' ? answer.why : 'the server says that nothing changed');
  const read = understand(answer.body);
  if ('wrong' in read) return lastOr(read.wrong);
  if (read.entries === 0) return lastOr('it holds nothing');
  if (last !== null && last.entries >= fewEntries && read.entries * leastPart < last.entries)
    return lastOr(
      `it holds ${read.entries} where it held ${last.entries}; remove ${placeOf(stateFolder, url)} if that is as it should be`,
    );
  const { body, etag, lastModified } = answer;
  keep(stateFolder, url, { body, etag, lastModified, asOf: now });
  return had(read.value, now, null);

  function lastOr(why: string): List<T> {
    return last === null ? { kind: 'none', why } : had(last.value, last.kept.asOf, why);
  }
}

function had<T>(value: T, asOf: number, trouble: string | null): List<T> {
  return { kind: 'had', value, asOf, trouble };
}

/** The addresses of a feed. */
export async function fetchFeed(
  { url, everySeconds, onFailure }: Extract<Source, { kind: 'feed' }>,
  place: FetchPlace,
  limits?: Limits,
): Promise<Fetched> {
  const list = await listOf(url, everySeconds, place, understandFeed, limits);
  if (list.kind === 'none') {
    const why = `the feed ${url} cannot be had: ${list.why}`;
    return onFailure === 'empty' ? { addresses: [], lacking: null, said: why } : { addresses: [], lacking: why };
  }
  const { value, asOf, trouble } = list;
  const said = `${value.length} ${value.length === 1 ? 'line' : 'lines'} of ${url}, as of ${ageOf(place.now - asOf)}`;
  return { addresses: value, lacking: null, said: trouble === null ? said : `${said}; no newer ones: ${trouble}` };
}

/** Wider networks than these are nobody's whom a list could mean: a line of all of IPv4 would shut everybody out, or let everybody in. */
const widest = { 4: 8, 6: 16 } as const;
const mostLines = 500_000;

function understandFeed(text: string): Understood<readonly string[]> {
  const lines = linesOf(text);
  if (lines.length > mostLines) return { wrong: `it has more than ${mostLines.toLocaleString('en')} lines` };
  for (const { word, line } of lines) {
    const member = readMember(word);
    if (member === undefined) return { wrong: `line ${line}: "${word.slice(0, 40)}" is no address` };
    const { family, range } = member;
    if (range[1] - range[0] >= 1n << BigInt(bitsOf(family) - widest[family]))
      return { wrong: `line ${line}: ${word} is more than a list may name at once (a /${widest[family]})` };
  }
  return { value: lines.map(({ word }) => word), entries: lines.length };
}

/** `3 hours ago`. */
export function ageOf(ms: number): string {
  for (const [unit, length] of [
    ['day', 86_400_000],
    ['hour', 3_600_000],
    ['minute', 60_000],
    ['second', 1000],
  ] as const) {
    const count = Math.floor(ms / length);
    if (count > 0) return `${count} ${unit}${count === 1 ? '' : 's'} ago`;
  }
  return 'now';
}
