import type { Family } from '../../model/net/index.ts';
import type { Ending, Way } from '../policy.ts';
import type { Entry } from './entry.ts';

type Lists = Readonly<Record<Way, readonly Entry[]>>;

/** Lists without the rules that a policy's basics say by themselves, and those basics. */
export interface Basic {
  readonly basics: readonly string[];
  readonly lists: Lists;
}

/**
 * Basics that the first rules of all ways seem to say. A rule that only accepts may change its place with others that do; whether
 * all is then the same as before is for a proof to say.
 */
export function basicsOf(lists: Lists, otherwise: Readonly<Record<Way, Ending>>, families: readonly Family[]): Basic {
  let left = lists;
  const basics: string[] = [];
  const isOpen = (way: Way): boolean => left[way].length === 0 && otherwise[way] === 'accept';
  const incoming = first(left.incoming, isLoopback('via'), families);
  const outgoing = first(left.outgoing, isLoopback('out'), families);
  if (incoming >= 0 && (outgoing >= 0 || isOpen('outgoing'))) {
    basics.push('loopback');
    left = { ...left, incoming: without(left.incoming, [incoming]), outgoing: without(left.outgoing, [outgoing]) };
  }
  const known = (way: Way): readonly number[] | null => {
    if (isOpen(way)) return way === 'outgoing' ? [] : null;
    const replies = first(left[way], isReplies, families);
    if (replies < 0 || way === 'outgoing') return replies < 0 ? null : [replies];
    const invalid = first(without(left[way], [replies]), isInvalid, families);
    return invalid < 0 ? null : [replies, invalid + (invalid >= replies ? 1 : 0)];
  };
  const places = { incoming: known('incoming'), forwarded: known('forwarded'), outgoing: known('outgoing') };
  if (places.incoming !== null && places.forwarded !== null && places.outgoing !== null) {
    basics.push('established');
    left = {
      incoming: without(left.incoming, places.incoming),
      forwarded: without(left.forwarded, places.forwarded),
      outgoing: without(left.outgoing, places.outgoing),
    };
  }
  return { basics, lists: left };
}

/** The place of such an entry behind nothing but what accepts all of something; -1 where there is none. */
function first(entries: readonly Entry[], is: (entry: Entry) => boolean, families: readonly Family[]): number {
  const end = entries.findIndex((entry) => entry.verb !== 'allow' && !isInvalid(entry));
  const place = entries.findIndex((entry) => is(entry) && families.every((family) => entry.families.includes(family)));
  return end >= 0 && place > end ? -1 : place;
}

function without(entries: readonly Entry[], places: readonly number[]): readonly Entry[] {
  return entries.filter((_entry, index) => !places.includes(index));
}

/** An entry about anything that says nothing but this. */
function says(entry: Entry, verb: Entry['verb'], keys: Entry['keys']): boolean {
  const { family: _family, ...rest } = entry.keys;
  return entry.verb === verb && entry.services[0] === 'any' && JSON.stringify(rest) === JSON.stringify(keys);
}

function isLoopback(side: 'via' | 'out'): (entry: Entry) => boolean {
  return (entry) => says(entry, 'allow', { [side]: 'lo' });
}

function isReplies(entry: Entry): boolean {
  return says(entry, 'allow', { state: ['established', 'related'] });
}

function isInvalid(entry: Entry): boolean {
  return says(entry, 'deny', { state: 'invalid' });
}
