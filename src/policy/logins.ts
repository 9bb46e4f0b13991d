import { contains, TCP } from '../model/net/index.ts';
import type { Rule } from './policy.ts';

/** Whether a rule lets somebody in at a port of TCP. */
export function letsIn({ ending, services }: Rule, port: number): boolean {
  if (ending !== 'accept') return false;
  return services === null || services.some(({ proto, ports }) => proto === TCP && (ports === null || contains(ports, port)));
}

/** Feeds that say whom a rule speaks of, and may not say who logs in: whoever writes one could write himself into it. */
export function feedsOf({ from }: Rule): readonly string[] {
  return from === null || from.except ? [] : from.feeds;
}
