import { ranges } from '../../model/net/index.ts';
import type { Effect } from '../../model/packet/index.ts';
import { bitsOf, hasConnection, hasTemplate, isSpokenFor, type Passage } from './passage.ts';
import { type Possible, possible } from './possible.ts';

/** Changes the packet or its connection as MARK, CONNMARK, TTL, TOS, NOTRACK and CT do. */
export function rewrite(effect: Effect, passage: Passage): void {
  switch (effect.kind) {
    case 'write': {
      const shift = effect.shift ?? 0;
      if (effect.field === 'mark') passage.mark = masked(passage.mark, effect.mask, effect.value, shift);
      else if (hasConnection(passage) && !hasTemplate(passage))
        passage.connmark = masked(passage.connmark, effect.mask, effect.value, shift);
      return;
    }
    case 'copy': {
      if (!hasConnection(passage)) return;
      const value = shifted(bitsOf(passage, effect.from) & effect.fromMask, effect.shift ?? 0);
      if (effect.to === 'mark') passage.mark = masked(passage.mark, effect.toMask, value);
      else if (!hasTemplate(passage)) passage.connmark = masked(passage.connmark, effect.toMask, value);
      return;
    }
    case 'hops': {
      const { change, by } = effect;
      const wanted = change === 'set' ? by : change === 'raise' ? passage.ttl + by : passage.ttl - by;
      const ttl = Math.min(255, Math.max(0, wanted));
      if (ttl === passage.ttl) return;
      passage.ttl = ttl;
      passage.rewrites += 1;
      return;
    }
    case 'service':
      passage.unsaid.tos = written(passage.unsaid.tos, effect.mask, effect.value);
      passage.rewrites += 1;
      return;
    case 'untrack':
      if (!isSpokenFor(passage)) passage.exempt = true;
      return;
    case 'track':
      if (!isSpokenFor(passage)) passage.template = true;
      return;
    default:
      throw new Error(`${effect.kind} changes no packet`);
  }
}

/**
 * What a rule that matches, or may match, changes without a field for it: from here on its bytes are others than those
 * of which earlier answers spoke. What TCPMSS adds to a packet without data hangs on options that no field holds.
 */
export function alter(effect: Extract<Effect, { kind: 'alter' | 'service' }>, passage: Passage, by: string): void {
  passage.rewrites += 1;
  // Whatever the first such rule made of it, the packet has the option by then.
  if (effect.kind === 'service' || effect.what !== 'mss' || typeof passage.length !== 'number' || passage.lengthenedBy !== '')
    return;
  const { length } = passage;
  // A header full of options has no room for one more (net/netfilter/xt_TCPMSS.c, tcpmss_mangle_packet).
  const longest = (passage.packet.family === 4 ? 60 : 40) + 56;
  if (length > longest) return;
  passage.length = [
    [length, length],
    [length + 4, length + 4],
  ];
  passage.lengthenedBy = by;
}

/** Every value that a byte may have by now. */
function written(old: Possible<number>, mask: number, value: number): Possible<number> {
  if (typeof old === 'number') return masked(old, mask, value);
  const made = new Set<number>();
  for (const [lo, hi] of old) for (let one = lo; one <= hi; one += 1) made.add(masked(one, mask, value));
  return possible(ranges(...[...made].map((one) => [one, one] as const)));
}

/** `((old & ~mask) ^ value) << shift`, in 32 bits. */
export function masked(old: number, mask: number, value: number, shift = 0): number {
  return shifted(((old & ~mask) ^ value) >>> 0, shift);
}

function shifted(value: number, by: number): number {
  return by < 0 ? value >>> -by : (value << by) >>> 0;
}
