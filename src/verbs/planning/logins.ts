import { type Host, isLoginServer } from '../../model/host/index.ts';
import { type Policy, strangersAmong } from '../../policy/index.ts';
import type { PlanJson } from '../plan-shape.ts';

/** Rules by which a feed would say who logs in where a server for that listens on a port of its own; port 22 is told when the policy is read. */
export function strangersIn({ incoming }: Policy, { listeners, sessions }: Host): PlanJson['refusals'] {
  const ports = new Set([
    ...(listeners.known ? listeners.value.filter(({ process }) => isLoginServer(process)).map(({ port }) => port) : []),
    ...(sessions.known ? sessions.value.map(({ localPort }) => localPort) : []),
  ]);
  return strangersAmong(incoming, [...ports]).map(({ at, feed, port }) => ({
    why: `whoever writes the feed ${feed} would say who may log in at port ${port}, by line ${at.line ?? '?'}`,
    remedy: 'name addresses, or write trust: true beside the feed',
  }));
}
