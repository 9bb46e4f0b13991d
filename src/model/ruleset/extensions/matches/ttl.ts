import { always, type Constraint, invertIf, never } from '../../../packet/index.ts';
import { type Bad, bad, badValue, type Match, type Use } from '../../extension.ts';
import { options } from '../../option.ts';
import { readNumber, u8, whole } from '../../values/number.ts';

/** net/netfilter/xt_hl.c, ttl_mt. */
export const ttl: Match = {
  kind: 'match',
  name: 'ttl',
  families: [4],
  options: options(['! --ttl-eq|--ttl TTL', whole(0n, u8)], ['--ttl-lt TTL', whole(0n, u8)], ['--ttl-gt TTL', whole(0n, u8)]),

  meaning: hops,
};

/** One comparison of the TTL or the hop limit. */
export function hops(use: Use): Constraint | Bad {
  const one = use.given[0];
  if (one === undefined || use.given.length > 1)
    return bad(`-m ${use.family === 4 ? 'ttl' : 'hl'} takes one comparison`, 'write one', use.given[1]?.name ?? null);
  const value = readNumber(one.values[0] ?? '', 255);
  if (value === undefined) return badValue(one, 'write a number from 0 to 255');
  const [lo, hi] = one.name.endsWith('-lt') ? [0, value - 1] : one.name.endsWith('-gt') ? [value + 1, 255] : [value, value];
  return invertIf(
    one.inverted,
    lo > hi ? never : lo === 0 && hi === 255 ? always : { kind: 'number', field: 'ttl', ranges: [[lo, hi]] },
  );
}
