import type { Stage, StagedRoute, StagedRule } from '../kernel/index.ts';
import type { Host, Link, Route, RoutingRule } from '../model/host/index.ts';
import { type Family, formatAddress, formatPrefix } from '../model/net/index.ts';

/** What a rehearsal of this host's rules needs of its network. What is not known of it is left out: then nothing is there. */
export function stageOf(host: Host): Stage {
  const { links, addresses, routes } = host;
  return {
    links: links.known ? links.value.map(stagedLink) : [],
    addresses: addresses.known
      ? addresses.value.map(({ link, prefix, peer }) => ({
          link,
          address: formatPrefix(prefix),
          ...(peer !== null && { peer: formatPrefix(peer) }),
        }))
      : [],
    routes: routes.known ? routes.value.map(stagedRoute) : [],
    rules: ([4, 6] as const).flatMap((family) => {
      const rules = host.routingRules[family];
      return rules.known ? rules.value.map((rule) => stagedRule(family, rule)) : [];
    }),
  };
}

function stagedLink({ name, up, kind, master, vrfTable }: Link): Stage['links'][number] {
  return { name, up, ...(kind !== null && { kind }), ...(master !== null && { master }), ...(vrfTable !== null && { vrfTable }) };
}

function stagedRule(family: Family, rule: RoutingRule): StagedRule {
  const { priority, action, table, target, not, from, to, in: into, out, mark, other } = rule;
  return {
    family,
    priority,
    action,
    other,
    ...(table !== null && { table }),
    ...(target !== null && { target }),
    ...(not && { not }),
    ...(from !== null && { from: formatPrefix(from) }),
    ...(to !== null && { to: formatPrefix(to) }),
    ...(into !== null && { in: into }),
    ...(out !== null && { out }),
    ...(mark !== null && { mark: `0x${mark.value.toString(16)}/0x${mark.mask.toString(16)}` }),
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
