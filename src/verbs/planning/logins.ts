import { type Host, isLoginServer } from '../../model/host/index.ts';
import { feedsOf, letsIn, type Policy } from '../../policy/index.ts';
import type { PlanJson } from '../plan-shape.ts';

/** Rules by which a feed would say who logs in where a server for that listens on a port of its own; port 22 is told when the policy is read. */
export function strangersIn({ incoming }: Policy, { listeners, sessions }: Host): PlanJson['refusals'] {
  const ports = new Set([
    ...(listeners.known ? listeners.value.filter(({ process }) => isLoginServer(process)).map(({ port }) => port) : []),
    ...(sessions.known ? sessions.value.map(({ localPort }) => localPort) : []),
  ]);
  return incoming.flatMap((item) => {
    if (item.kind === 'line') return [];
    const [feed] = feedsOf(item);
    const port = [...ports].find((one) => letsIn(item, one));
    if (feed === undefined || port === undefined) return [];
    const why = `whoever writes the feed ${feed} would say who may log in at port ${port}, by line ${item.at.line ?? '?'}`;
    return [{ why, remedy: 'name addresses, or write trust: true beside the feed' }];
  });
}
