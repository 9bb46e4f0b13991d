import type { Host } from '../../model/host/index.ts';
import { type Family, prefixRange, type Ranges, ranges } from '../../model/net/index.ts';
import type { Situation } from '../../policy/index.ts';
import { othersOn } from './others.ts';

/** What of a host a policy must leave alone. */
export function situationOf(host: Host): Situation {
  const spans = (family: Family): Ranges<bigint> => {
    const networks = host.addresses.known
      ? host.addresses.value.filter(({ prefix }) => prefix.family === family).map(({ prefix }) => prefixRange(prefix))
      : [];
    const peers = host.sessions.known
      ? host.sessions.value.filter(({ peer }) => peer.family === family).map(({ peer }) => [peer.value, peer.value] as const)
      : [];
    return ranges(...networks, ...peers);
  };
  return { foreignLinks: othersOn(host).flatMap(({ links }) => links), spared: { 4: spans(4), 6: spans(6) } };
}
