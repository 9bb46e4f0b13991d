import type { Entry } from './entry.ts';
import { saysFamily } from './families.ts';
import { pingOf, wholeServices } from './words.ts';

/** The list as people would write it: neighbours that differ in one thing alone are one rule, `family` stands where nothing else says it. */
export function tidied(entries: readonly Entry[], within: readonly (4 | 6)[] = [4, 6]): readonly Entry[] {
  const list: Entry[] = [];
  for (const entry of resets(entries.map((one) => pinged(one)))) {
    const inner = entry.inner === null ? null : tidied(entry.inner, entry.families);
    const told = familyOf({ ...entry, inner }, within);
    const before = list.at(-1);
    const joined = before === undefined ? null : together(before, told);
    if (joined === null) list.push(told);
    else list[list.length - 1] = joined;
  }
  return list.map((entry) => ({ ...entry, services: wholeServices(entry.services) }));
}

/** A ping of one family alone is that family's message. */
function pinged(entry: Entry): Entry {
  const [family] = entry.families;
  if (entry.families.length > 1 || family === undefined || entry.services[0] !== 'ping') return entry;
  return { ...entry, services: [pingOf(family)] };
}

function familyOf(entry: Entry, within: readonly (4 | 6)[]): Entry {
  const [family] = entry.families;
  if (family === undefined || entry.families.length > 1 || within.length < 2 || saysFamily(entry, family)) return entry;
  return { ...entry, keys: { ...entry.keys, family: family === 4 ? 'ipv4' : 'ipv6' } };
}

/** TCP is reset, and all else told that nobody is there: that is what `reject` says by itself. */
function resets(entries: readonly Entry[]): readonly Entry[] {
  const list: Entry[] = [];
  for (const entry of entries) {
    const before = list.at(-1);
    const { answer, ...rest } = entry.keys;
    const isRest = entry.verb === 'reject' && entry.services[0] === 'any' && answer === 'port-unreachable';
    if (
      isRest &&
      before?.verb === 'reject' &&
      before.services.join() === 'tcp' &&
      sameFamilies(before, entry) &&
      textOf(before.keys) === textOf(rest) &&
      rest['up-to'] === undefined
    )
      list[list.length - 1] = { ...entry, keys: rest, note: before.note ?? entry.note };
    else list.push(entry);
  }
  return list;
}

function sameFamilies(one: Entry, other: Entry): boolean {
  return one.families.join() === other.families.join();
}

function together(one: Entry, other: Entry): Entry | null {
  if (one.verb !== other.verb || one.note !== other.note) return null;
  if (one.verb !== 'allow' && one.verb !== 'deny' && one.verb !== 'reject') return null;
  if (one.keys['up-to'] !== undefined) return null;
  const isAny = one.services[0] === 'any' || other.services[0] === 'any';
  if (!isAny && textOf(one.keys) === textOf(other.keys))
    return { ...one, services: [...new Set([...one.services, ...other.services])], families: joinedFamilies(one, other) };
  if (one.services.join() !== other.services.join()) return null;
  for (const side of ['from', 'to', 'via', 'out'] as const) {
    const [mine, theirs] = [wordsOf(one.keys[side]), wordsOf(other.keys[side])];
    if (mine === null || theirs === null) continue;
    if (textOf({ ...one.keys, [side]: 0 }) !== textOf({ ...other.keys, [side]: 0 })) continue;
    return { ...one, keys: { ...one.keys, [side]: [...new Set([...mine, ...theirs])] }, families: joinedFamilies(one, other) };
  }
  return null;
}

/** Addresses or links; `null` where there are none, or all but some are meant. */
function wordsOf(value: unknown): readonly string[] | null {
  return typeof value === 'string' ? [value] : Array.isArray(value) ? (value as readonly string[]) : null;
}

function joinedFamilies(one: Entry, other: Entry): Entry['families'] {
  return [...new Set([...one.families, ...other.families])].sort();
}

function textOf(keys: Entry['keys']): string {
  return JSON.stringify(Object.entries(keys).sort());
}
