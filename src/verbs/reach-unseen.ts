import type { Host } from '../model/host/index.ts';

/**
 * What sees packets before all rules or routes them otherwise, and is not followed: sentences. Programs of XDP and filters of
 * traffic control may drop what the rules would accept, or send it elsewhere.
 */
export function unseenBy(host: Host): readonly string[] {
  const links = host.links.known ? host.links.value : [];
  const traffic = host.traffic.known ? host.traffic.value : [];
  return [
    ...links
      .filter(({ xdp }) => xdp.length > 0)
      .map(({ name }) => `an XDP program sees packets on ${name} before all rules; taken to let them through`),
    ...traffic
      .filter(({ at }) => at === 'ingress')
      .map(
        ({ link }) => `filters of traffic control see packets on ${link} before all rules; taken to let them through unchanged`,
      ),
    ...links
      .filter(({ vrfTable }) => vrfTable !== null)
      .map(({ name }) => `routes of the VRF ${name} are not followed; taken as those of the host`),
  ];
}
