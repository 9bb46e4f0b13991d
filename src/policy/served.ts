import { type Ranges, ranges, TCP } from '../model/net/index.ts';
import type { Item, Policy } from './policy.ts';
import type { Situation } from './usual.ts';

/**
 * Ports of TCP at which somebody may be let in by the host's own addresses; new connections to all others may end early. `null`
 * where that cannot be told: a line of iptables may open or send on one, others send some on, or a rule is for every port; or
 * where what no rule speaks of is not dropped in silence.
 */
export function servedPorts(
  { otherwise, incoming, forwarded, docker, lines }: Policy,
  { foreignLinks, sendsOn }: Situation,
): Ranges<number> | null {
  if (otherwise.incoming !== 'drop' || sendsOn || lines.some(({ table }) => table === 'nat')) return null;
  // What others publish comes to this host's own addresses, and only rules for it say which.
  if (foreignLinks.length > 0 && docker === null) return null;
  const sentOn = forwarded.filter((item) => item.kind === 'rule' && item.sendTo !== null);
  const lists = [incoming, sentOn, docker ?? []].map(portsOf);
  const known = lists.filter((list) => list !== null);
  return known.length < lists.length ? null : ranges(...known.flat());
}

function portsOf(items: readonly Item[]): readonly (readonly [number, number])[] | null {
  const ports: (readonly [number, number])[] = [];
  for (const item of items) {
    if (item.kind === 'line') return null;
    if (item.kind === 'group') {
      // Whatever its conditions, it opens no more than its rules do.
      const inner = portsOf(item.items);
      if (inner === null) return null;
      ports.push(...inner);
      continue;
    }
    if (item.kind !== 'rule' || item.ending === 'drop') continue;
    for (const { proto, ports: own } of item.services ?? [{ proto: TCP, ports: null }]) {
      if (proto !== TCP) continue;
      if (own === null) return null;
      ports.push(...own);
    }
  }
  return ports;
}
