import type { Family } from '../model/net/index.ts';

/** The sets that rules ask whether a source is shut out; their names are fixed. Each has one of either family. */
export const banSetNames = {
  /** Connections that these begin are dropped. */
  new: { 4: 'PALISADE-BAN4', 6: 'PALISADE-BAN6' },
  /** Every packet of these is. */
  all: { 4: 'PALISADE-SHUT4', 6: 'PALISADE-SHUT6' },
  /** These are let pass by whatever the others hold. */
  never: { 4: 'PALISADE-NEVER4', 6: 'PALISADE-NEVER6' },
  /** Whom lists of others name: connections that they begin are dropped. */
  list: { 4: 'PALISADE-LIST4', 6: 'PALISADE-LIST6' },
} as const satisfies Readonly<Record<string, Readonly<Record<Family, string>>>>;

export type BanSetKind = keyof typeof banSetNames;

/** Members at most. Twice the bans that there may be, since one in the kernel ends when its own second is over. */
const most: Readonly<Record<BanSetKind, number>> = { new: 131_072, all: 131_072, never: 65_536, list: 1_048_576 };

/** A set as `ipset restore` makes it. Those of bans end their members by themselves; what they count tells who still tries. */
export function createBanSet(kind: BanSetKind, family: Family, name: string = banSetNames[kind][family]): string {
  // Who is on a list stays; that the set could let go of him says that it may be empty at times.
  const timed = { new: ' timeout 600 counters', all: ' timeout 600 counters', list: ' timeout 0', never: '' }[kind];
  return `create ${name} hash:net family ${family === 4 ? 'inet' : 'inet6'} hashsize 1024 maxelem ${most[kind]}${timed}\n`;
}

/** All of them. With `-exist` it does nothing where they are there. */
export const createBanSets: string = (['never', 'new', 'all', 'list'] as const)
  .flatMap((kind) => [createBanSet(kind, 4), createBanSet(kind, 6)])
  .join('');

/** ipset takes at most so many seconds (IPSET_MAX_TIMEOUT of ip_set.h: half of UINT_MAX in milliseconds). */
export const longestBanSeconds = 2_147_483;

/** Somebody in a set, for so long. */
export interface BanEntry {
  readonly kind: 'new' | 'all';
  readonly family: Family;
  /** An address or a network, as ipset reads it. */
  readonly network: string;
  readonly seconds: number;
}

export function addLine({ kind, family, network, seconds }: BanEntry): string {
  // 0 would be for ever.
  const bounded = Math.min(Math.max(Math.ceil(seconds), 1), longestBanSeconds);
  return `add ${banSetNames[kind][family]} ${network} timeout ${bounded}\n`;
}

export function deleteLine({ kind, family, network }: Omit<BanEntry, 'seconds'>): string {
  return `del ${banSetNames[kind][family]} ${network}\n`;
}
