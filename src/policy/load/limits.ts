import type { Limit, UpTo } from '../policy.ts';
import type { Path } from './document.ts';
import type { Say } from './lookup.ts';
import { bytesOf, type RuleShape, secondsOf } from './schema.ts';

/** So many packets, or lines of what is logged. */
export function upToOf(say: Say, rule: RuleShape, path: Path): UpTo | null {
  const rate = rule['up-to'];
  if (rule.burst !== undefined && rate === undefined)
    say([...path, 'burst'], 'burst says nothing by itself', 'write up-to too, such as 5/minute', 'key');
  if (rate !== undefined && (rule['at-most'] ?? rule.rate) !== undefined)
    say([...path, 'up-to'], 'this rule has two limits', 'keep one of them', 'key');
  return rate === undefined ? null : { rate, burst: rule.burst ?? 5 };
}

/** How much a rule takes, of connections or of packets. */
export function limitOf(say: Say, rule: RuleShape, path: Path): Limit | null {
  const { rate } = rule;
  const atMost = rule['at-most'];
  if (atMost !== undefined) return newConnections(atMost);
  if (rate === undefined) return null;
  if ((rate.packets === undefined) === (rate.bytes === undefined)) {
    say([...path, 'rate'], 'a rate is of packets or of bytes', 'write one of the two');
    return null;
  }
  if (rate.packets !== undefined) {
    const [amount = '', unit = ''] = rate.packets.split('/');
    return { of: 'packets', amount: Number(amount), withinSeconds: secondsOf(`1${unit}`), per: rate.per, beyond: rate.beyond };
  }
  return { of: 'bytes', amount: bytesOf(rate.bytes ?? ''), withinSeconds: 1, per: rate.per, beyond: rate.beyond };
}

export function newConnections(of: { new: number; within: string; per: 'source' | 'all'; beyond: Limit['beyond'] }): Limit {
  return { of: 'new', amount: of.new, withinSeconds: secondsOf(of.within), per: of.per, beyond: of.beyond };
}
