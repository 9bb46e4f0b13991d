import { type Host, isLoopback, type LinkAddress, type Route } from '../../model/host/index.ts';
import { type Address, type Prefix, prefixRange } from '../../model/net/index.ts';

/** The link by which packets leave for an address, and by which those from there are expected. */
export interface Towards {
  readonly link: string;
  /** False where no fact tells, and it is the likely one. */
  readonly sure: boolean;
}

/**
 * By the narrowest route; without routes by the network of an own address, else the host's only link. An own address is behind
 * the loopback. Rules of policy routing are not asked.
 */
export function linkTowards(host: Host, address: Address): Towards {
  const addresses: readonly LinkAddress[] = host.addresses.known ? host.addresses.value : [];
  const links = host.links.known ? host.links.value : [];
  const covers = ({ prefix }: { readonly prefix: Prefix }): boolean => {
    const [first, last] = prefixRange(prefix);
    return prefix.family === address.family && first <= address.value && address.value <= last;
  };
  if (isLoopback(address) || addresses.some(({ prefix }) => prefix.family === address.family && prefix.value === address.value)) {
    return { link: links.find(({ loopback }) => loopback)?.name ?? 'lo', sure: true };
  }
  const routes: readonly Route[] = host.routes.known ? host.routes.value : [];
  const [best] = routes
    .filter((route) => route.type === 'unicast' && route.link !== null && covers(route))
    .sort((a, b) => b.prefix.length - a.prefix.length || a.metric - b.metric);
  const near = best ?? addresses.find(covers);
  if (near?.link != null) return { link: near.link, sure: true };
  const outer = links.filter(({ loopback }) => !loopback);
  return { link: outer[0]?.name ?? 'eth0', sure: outer.length === 1 };
}
