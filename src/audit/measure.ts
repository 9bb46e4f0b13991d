import type { Host } from '../model/host/index.ts';
import type { Ending, Packet, Trace } from '../model/packet/index.ts';
import type { Part } from './atoms.ts';
import type { Subject } from './check.ts';
import type { Witness } from './finding.ts';
import { crowded, ordinary } from './usual.ts';

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

/** Why a question that hangs on some match has no answer, or `null` when the match decides by itself at its own time. */
export function unreadFact(host: Host, trace: Trace): { readonly why: string; readonly remedy: string } | null {
  const unread = trace.dependsOn.map((text) => {
    if (text.includes('--match-set') && !host.sets.known) return host.sets;
    if (text.includes('-m addrtype')) return host.addresses.known ? (host.routes.known ? null : host.routes) : host.addresses;
    return null;
  });
  const first = unread[0];
  // One match that decides for itself makes the answer "possible", whatever else is missing.
  if (!first || unread.some((fact) => fact === null)) return null;
  return { why: `it hangs on ${trace.dependsOn.join(', ')}: ${first.why}`, remedy: first.remedy };
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
      return maybe(subject.host, witnesses, trace);
    }
  }
}

/** Whether an ordinary packet of the kind is dropped or rejected, always or once the limits on its way are used up. */
export function denied(subject: Subject, packet: Packet): Held {
  const trace = subject.evaluator.trace(packet);
  if (trace?.verdict === 'DEPENDS') {
    const witnesses = [{ packet, trace }];
    if (trace.outcomes.every(isDenied)) return { kind: 'yes', witnesses };
    return crowded(trace).some(isDenied) ? maybe(subject.host, witnesses, trace) : { kind: 'no', witnesses };
  }
  const held = accepted(subject, packet);
  if (held.kind === 'no') return { ...held, kind: 'yes' };
  // What a program does with its queue is no claim of the rules'.
  return held.kind === 'unknown' ? held : { ...held, kind: 'no' };
}

function isDenied({ verdict }: Ending): boolean {
  return verdict === 'DROP' || verdict === 'REJECT';
}

function maybe(host: Host, witnesses: readonly Witness[], trace: Trace): Held {
  const fact = unreadFact(host, trace);
  return fact === null ? { kind: 'maybe', witnesses } : { kind: 'unknown', ...fact };
}

function noRules(host: Host, packet: Packet): Held {
  const fact = host.rulesets[packet.family];
  return fact.known
    ? { kind: 'unknown', why: `the IPv${packet.family} rules cannot be followed`, remedy: 'report this: palisade should' }
    : { kind: 'unknown', why: fact.why, remedy: fact.remedy };
}
