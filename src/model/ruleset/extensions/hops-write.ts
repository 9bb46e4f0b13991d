import type { Effect } from '../../packet/index.ts';
import { type Bad, bad, badValue, type Use } from '../extension.ts';
import { readNumber } from '../values/number.ts';

const changes = { set: 'set', inc: 'raise', dec: 'lower' } as const;

/** What TTL and HL do, by the one of three options that was given (net/netfilter/xt_HL.c, ttl_tg and hl_tg6). */
export function writtenHops(use: Use, name: 'ttl' | 'hl'): Effect | Bad {
  for (const [suffix, change] of Object.entries(changes)) {
    const one = use.given.find((option) => option.name === `--${name}-${suffix}`);
    if (one === undefined) continue;
    const by = readNumber(one.values[0] ?? '', 255);
    return by === undefined ? badValue(one, 'write a number from 0 to 255') : { kind: 'hops', change, by };
  }
  return bad(`-j ${name.toUpperCase()} does not say what to write`, `write --${name}-set NUMBER`);
}
