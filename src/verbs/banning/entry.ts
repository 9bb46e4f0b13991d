import type { BanEntry } from '../../kernel/index.ts';
import { type Ban, networkText } from '../../watch/bans/index.ts';

/** What of the kernel's sets a ban is: whoever loses all packets is also kept from beginning connections, should rules of the raw table be lost. */
export function entriesOf(ban: Ban, now: number): readonly BanEntry[] {
  const seconds = (ban.until - now) / 1000;
  if (seconds <= 0) return [];
  return (ban.reach === 'all' ? (['new', 'all'] as const) : (['new'] as const)).map((kind) => entryOf(ban, kind, seconds));
}

export function entryOf({ source }: Pick<Ban, 'source'>, kind: BanEntry['kind'], seconds: number): BanEntry {
  return { kind, family: source.family, network: networkText(source), seconds };
}
