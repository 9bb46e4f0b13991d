import type { Stage, StagedRoute } from '../kernel/index.ts';
import type { Host, Route } from '../model/host/index.ts';
import { formatAddress, formatPrefix } from '../model/net/index.ts';

/** What a rehearsal of this host's rules needs of its network. What is not known of it is left out: then nothing is there. */
export function stageOf(host: Host): Stage {
  const { links, addresses, routes } = host;
  return {
    links: links.known ? links.value.map(({ name, up }) => ({ name, up })) : [],
    addresses: addresses.known
      ? addresses.value.map(({ link, prefix, peer }) => ({
          link,
          address: formatPrefix(prefix),
          ...(peer !== null && { peer: formatPrefix(peer) }),
        }))
      : [],
    routes: routes.known ? routes.value.map(stagedRoute) : [],
  };
}

function stagedRoute({ family, table, type, prefix, link, gateway, source, metric, tos }: Route): StagedRoute {
  return {
    to: formatPrefix(prefix),
    family,
    table,
    type,
    ...(link !== null && { link }),
    ...(gateway !== null && { via: formatAddress(gateway) }),
    ...(source !== null && { from: formatPrefix(source) }),
    ...(tos !== null && { tos }),
    // 0 is what the kernel says of routes that were given none.
    ...(metric !== 0 && { metric }),
  };
}
