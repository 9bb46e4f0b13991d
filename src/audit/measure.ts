import type { Host } from '../model/host/index.ts';
import type { Ending, Packet, Trace } from '../model/packet/index.ts';
import type { Part } from './atoms.ts';
import type { Subject } from './check.ts';
import type { Witness } from './finding.ts';
import { isLocal } from './surroundings.ts';
import { unreadFact } from './unread.ts';
import { crowded, ordinary } from './usual.ts';
import type { Vocabulary } from './vocabulary.ts';

/** The answer to a yes-or-no question about packets, with packets that show it. */
export type Held =
  | { readonly kind: 'yes' | 'maybe'; readonly witnesses: readonly Witness[] }
  | { readonly kind: 'no'; readonly witnesses: readonly Witness[] }
  | { readonly kind: 'unknown'; readonly why: string; readonly remedy: string };

/** Parts looked at before the rest is left alone: bounded work, the biggest parts first. */
const partsTried = 512;
/** Parts looked at even when the answer is clear, so that all the rules that make it so can be named. */
const partsNamed = 4;

/**
 * Whether something holds for parts that together make at least `share` of their universe. `maybe` counts the parts for
 * which it may hold, `unknown` those for which nothing can be said.
 */
export function measure<T extends number | bigint>(parts: readonly Part<T>[], share: number, ask: (value: T) => Held): Held {
  let yes = 0;
  let maybe = 0;
  let blank = 0;
  const rest = parts.slice(0, partsTried).reduce((sum, part) => sum + part.share, 0);
  let left = rest;
  const shown: Record<'yes' | 'maybe' | 'no', Witness[]> = { yes: [], maybe: [], no: [] };
  let unknown: Extract<Held, { kind: 'unknown' }> | null = null;
  for (const [index, part] of parts.slice(0, partsTried).entries()) {
    if (yes >= share && index >= partsNamed) break;
    // Enough is undecided: more looking may make it certain, but has not for long.
    if (yes + maybe >= share && index >= 2 * partsNamed) break;
    if (yes + maybe + blank + left < share) break;
    left -= part.share;
    const held = ask(part.value);
    if (held.kind === 'unknown') {
      unknown ??= held;
      blank += part.share;
      continue;
    }
    if (held.kind === 'yes') yes += part.share;
    else if (held.kind === 'maybe') maybe += part.share;
    if (shown[held.kind].length < 8) shown[held.kind].push(...held.witnesses);
  }
  if (yes >= share) return { kind: 'yes', witnesses: shown.yes };
  if (yes + maybe >= share) return { kind: 'maybe', witnesses: [...shown.maybe, ...shown.yes] };
  if (unknown !== null && yes + maybe + blank >= share) return unknown;
  return { kind: 'no', witnesses: shown.no };
}

/**
 * {@link measure} over the sources that strangers have. To a link-local address only a neighbour's packets come, so what
 * holds for the world is asked once more for neighbours, and theirs are the packets that show it.
 */
export function fromStrangers(vocabulary: Vocabulary, dst: bigint, share: number, ask: (src: bigint) => Held): Held {
  const held = measure(vocabulary.sources, share, ask);
  const local = isLocal({ family: vocabulary.family, value: dst });
  return local && (held.kind === 'yes' || held.kind === 'maybe') ? measure(vocabulary.neighbours, share, ask) : held;
}

/** The same for the one source that stands for most of the world; nothing where there is none. */
export function fromStranger(vocabulary: Vocabulary, dst: bigint, ask: (src: bigint) => Held): Held {
  const one = ([first]: readonly Part<bigint>[]): Held =>
    first === undefined ? { kind: 'no', witnesses: [] } : ask(first.value);
  const held = one(vocabulary.sources);
  const local = isLocal({ family: vocabulary.family, value: dst });
  return local && (held.kind === 'yes' || held.kind === 'maybe') ? one(vocabulary.neighbours) : held;
}

/** Whether an ordinary packet of the kind is let through. A queue's verdict is a program's, so it may be. */
export function accepted(subject: Subject, packet: Packet): Held {
  const trace = subject.evaluator.trace(packet);
  if (trace === null) return noRules(subject.host, packet);
  const witnesses = [{ packet, trace }];
  switch (trace.verdict) {
    case 'ACCEPT':
      return { kind: 'yes', witnesses };
    case 'DROP':
    case 'REJECT':
      return { kind: 'no', witnesses };
    case 'QUEUE':
    case 'STOLEN':
      return { kind: 'maybe', witnesses };
    case 'UNDECIDED':
      return {
        kind: 'unknown',
        why: 'more ways for one packet than palisade follows',
        remedy: 'simplify the rules that use limit, recent and the like',
      };
    case 'DEPENDS': {
      if (ordinary(trace).every(isDenied)) return { kind: 'no', witnesses };
      return maybe(subject.host, witnesses, trace, ordinary(trace), (ending) => !isDenied(ending));
    }
  }
}

/** Whether an ordinary packet of the kind is dropped or rejected, always or once the limits on its way are used up. */
export function denied(subject: Subject, packet: Packet): Held {
  const trace = subject.evaluator.trace(packet);
  if (trace?.verdict === 'DEPENDS') {
    const witnesses = [{ packet, trace }];
    if (trace.outcomes.every(isDenied)) return { kind: 'yes', witnesses };
    const endings = crowded(trace);
    return endings.some(isDenied) ? maybe(subject.host, witnesses, trace, endings, isDenied) : { kind: 'no', witnesses };
  }
  const held = accepted(subject, packet);
  if (held.kind === 'no') return { ...held, kind: 'yes' };
  // What a program does with its queue is no claim of the rules'.
  return held.kind === 'unknown' ? held : { ...held, kind: 'no' };
}

function isDenied({ verdict }: Ending): boolean {
  return verdict === 'DROP' || verdict === 'REJECT';
}

/** It may hold; unless whether it can hang on what was not read. */
function maybe(
  host: Host,
  witnesses: readonly Witness[],
  trace: Trace,
  endings: readonly Ending[],
  holds: (ending: Ending) => boolean,
): Held {
  const fact = unreadFact(host, trace, endings, holds);
  return fact === null ? { kind: 'maybe', witnesses } : { kind: 'unknown', ...fact };
}

function noRules(host: Host, packet: Packet): Held {
  const fact = host.rulesets[packet.family];
  return fact.known
    ? { kind: 'unknown', why: `the IPv${packet.family} rules cannot be followed`, remedy: 'report this: palisade should' }
    : { kind: 'unknown', why: fact.why, remedy: fact.remedy };
}
