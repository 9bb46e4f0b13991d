import { type Match, opaque, type ValueType } from '../../extension.ts';
import { options } from '../../option.ts';
import { choice } from '../../values/choice.ts';
import { u64, wholeRange } from '../../values/number.ts';

const ends = wholeRange(u64, (lo, hi) => (hi === u64 ? `${lo}` : `${lo}:${hi}`), 'rising');

/** One number means from there on. */
const counted: ValueType = { ...ends, saved: (text, family) => ends.saved(text.includes(':') ? text : `${text}:`, family) };

/** net/netfilter/xt_connbytes.c: counts what the connection has carried. */
export const connbytes: Match = {
  kind: 'match',
  name: 'connbytes',
  families: [4, 6],
  options: options(
    ['*! --connbytes RANGE', counted],
    ['*--connbytes-mode MODE', choice(['packets', 'bytes', 'avgpkt'])],
    ['*--connbytes-dir DIRECTION', choice(['original', 'reply', 'both'])],
  ),

  // An inverted range is kept with its ends swapped: one number is never inverted.
  saved: (_use, _backend, spelled) =>
    spelled.map((one) => ({ ...one, inverted: one.inverted && !isOneNumber(one.values[0] ?? '') })),
  meaning: (use) => opaque(use, 'stateful'),
};

function isOneNumber(text: string): boolean {
  const [lo, hi = String(u64)] = text.split(':');
  return lo === hi;
}
