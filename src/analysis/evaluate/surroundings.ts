import type { Host, IpSet, Link, LinkAddress, Listener, Route } from '../../model/host/index.ts';

/** What of a host bears on its packets besides rules; `null` where it is unknown. */
export interface Surroundings {
  readonly sets: ReadonlyMap<string, IpSet> | null;
  readonly links: readonly Link[] | null;
  readonly addresses: readonly LinkAddress[] | null;
  readonly routes: readonly Route[] | null;
  readonly listeners: readonly Listener[] | null;
}

export function surroundingsOf(host: Host): Surroundings {
  return {
    sets: host.sets.known ? host.sets.value : null,
    links: host.links.known ? host.links.value : null,
    addresses: host.addresses.known ? host.addresses.value : null,
    routes: host.routes.known ? host.routes.value : null,
    listeners: host.listeners.known ? host.listeners.value : null,
  };
}
