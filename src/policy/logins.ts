import { contains, TCP } from '../model/net/index.ts';
import type { Place } from '../result.ts';
import type { Conditions, Item } from './policy.ts';

/** A rule by which whoever writes a feed says who may come in at a port: he could write himself into it. */
export interface Stranger {
  readonly at: Place;
  readonly feed: string;
  readonly port: number;
}

/**
 * Rules that let in at one of these ports of TCP whom a feed names that may not say who logs in. Within a group, whom both name comes in:
 * an address that the policy names itself is no stranger.
 */
export function strangersAmong(
  items: readonly Item[],
  ports: readonly number[],
  around: readonly Conditions[] = [],
): readonly Stranger[] {
  return items.flatMap((item): readonly Stranger[] => {
    if (item.kind === 'group') return strangersAmong(item.items, ports, [...around, item]);
    if (item.kind !== 'rule' || item.ending !== 'accept') return [];
    const all = [...around, item];
    const named = all.flatMap(({ from }) => (from === null || from.except ? [] : [from.feeds]));
    const feed = named.every((feeds) => feeds.length > 0) ? named[0]?.[0] : undefined;
    const port = ports.find((one) => all.every((conditions) => speaksOf(conditions, one)));
    return feed === undefined || port === undefined ? [] : [{ at: item.at, feed, port }];
  });
}

function speaksOf({ services }: Conditions, port: number): boolean {
  return services === null || services.some(({ proto, ports }) => proto === TCP && (ports === null || contains(ports, port)));
}
