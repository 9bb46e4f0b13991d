import { type Family, parseAddress } from '../net/index.ts';
import type { Route } from './host.ts';
import { every, parseDestination } from './link.ts';
import { isPrinted, listOf, numberOf, type Printed, printedList, textOf } from './printed.ts';

/** `ip -j -4 route show table all`, or `-6`; a route of several next hops becomes one route each. */
export function parseRoutes(family: Family, text: string): readonly Route[] | undefined {
  return every(printedList(text), (object) => parseRoute(family, object))?.flat();
}

function parseRoute(family: Family, object: Printed): readonly Route[] | undefined {
  const prefix = parseDestination(family, textOf(object, 'dst') ?? '');
  const from = textOf(object, 'from');
  const source = from === undefined ? null : parseDestination(family, from);
  if (prefix === undefined || source === undefined) return undefined;
  const route = {
    family,
    table: textOf(object, 'table') ?? 'main',
    type: textOf(object, 'type') ?? 'unicast',
    prefix,
    source,
    metric: numberOf(object, 'metric') ?? 0,
    tos: textOf(object, 'tos') ?? null,
  };
  const hops = listOf(object, 'nexthops').filter(isPrinted);
  return (hops.length > 0 ? hops : [object]).map((hop) => {
    const via = hop['via'];
    const gateway = textOf(hop, 'gateway') ?? (isPrinted(via) ? textOf(via, 'host') : undefined);
    return {
      ...route,
      link: textOf(hop, 'dev') ?? null,
      gateway: (gateway === undefined ? undefined : parseAddress(gateway)) ?? null,
    };
  });
}
