import { routingFactsOf } from '../../analysis/answers/routing.ts';
import {
  bogonNetworks,
  bogons,
  type Family,
  parsePrefix,
  prefixRange,
  type Ranges,
  ranges,
  without,
} from '../../model/net/index.ts';
import { toolOf } from '../blame.ts';
import type { Check, Subject } from '../check.ts';
import { command } from '../command.ts';
import { filter, guide, hardened4, hardened6, natRouter, oneLink } from '../examples.ts';
import {
  addressesBehind,
  assumptions,
  atDoors,
  common,
  type Door,
  exposed,
  innerLinks,
  ported,
  type Said,
  sayFew,
  shown,
  sizeOf,
  strangers,
} from '../exposure/index.ts';
import type { Unread } from '../unread.ts';

const facts = {
  ...oneLink,
  routes: [
    { to: 'default', via: '198.51.100.1', link: 'eth0' },
    { to: 'default', via: '2001:db8::1', link: 'eth0', family: 6 },
  ],
  sysctls: { 'net.ipv4.conf.all.rp_filter': '0', 'net.ipv4.conf.eth0.rp_filter': '0' },
};
const bare = ['10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16', '198.18.0.0/15'].map(
  (net) => `-A INPUT -s ${net} -i eth0 -j DROP`,
);

/**
 * New connections from private, shared or unique local sources are accepted on a link whose own addresses are public. The kernel
 * itself drops 127/8, multicast and the host's own addresses as sources (net/ipv4/fib_frontend.c, fib_validate_source); with strict
 * rp_filter also networks that are routed elsewhere, but not those that only the default route covers, if it leads by this link.
 */
export const fwSpoof02: Check = {
  id: 'FW-SPOOF-02',
  title: 'no packet from outside is accepted with a source that the outside cannot have',
  severity: 'medium',
  kinds: ['S', 'H'],
  refs: ['PCI-DSS 4.0 1.4.3', 'NIST 800-41r1 4.1.1', 'Diekmann et al. 2018, spoofing protection'],
  why: 'Such packets are forged or lost. Logs and bans that they lead to name your own machines, and trust meant for those is theirs.',
  fix: 'Drop private sources on the outer link in raw PREROUTING, but for the networks that are really there.',
  run: (subject) => atDoors(subject, fwSpoof02.id, (family, doors) => familyAnswer(subject, family, doors)),
  examples: [
    { title: 'the guide', v4: guide, v6: filter([]), facts, finds: ['medium 4'] },
    {
      title: 'private sources are dropped first',
      v4: guide.replace('-A INPUT -p tcp', `${bare.join('\n')}\n-A INPUT -p tcp`),
      v6: filter([]),
      facts,
      finds: [],
    },
    { title: 'a hardened pair lets them open web pages', v4: hardened4, v6: hardened6, facts, finds: ['medium 4', 'medium 6'] },
    {
      title: 'a machine in a private network',
      v4: guide,
      v6: filter([]),
      facts: { ...facts, addresses: [{ link: 'eth0', address: '192.168.1.10/24' }] },
      finds: [],
    },
    {
      title: 'what the kernel drops does not count, the rest does',
      v4: filter(['-A INPUT -s 10.0.0.0/24 -p tcp -m tcp --dport 80 -j ACCEPT']),
      v6: filter([]),
      facts: { ...natRouter, sysctls: { ...natRouter.sysctls, 'net.ipv4.conf.eth0.rp_filter': '1' } },
      finds: [],
    },
    { title: 'nobody gets in', v4: filter([]), v6: filter([]), facts, finds: [] },
    { title: 'routes and rp_filter are not known', v4: guide, v6: filter([]), finds: [], unknown: 1 },
    { title: 'rules that were not read', v4: null, v6: filter([]), facts, finds: [], unknown: 1 },
  ],
};

function familyAnswer(subject: Subject, family: Family, doors: readonly Door[]): Said {
  const { host } = subject;
  let missing: Unread | null = null;
  for (const door of doors.filter(({ unread }) => unread === null)) {
    if (!door.own.some((value) => strangers[family].some(([lo, hi]) => lo <= value && value <= hi))) continue;
    const mode = routingFactsOf(host, family).reversePath(door.link);
    const here = addressesBehind(host, family, door.link);
    const elsewhere = ranges(...innerLinks(host, family).flatMap((link) => addressesBehind(host, family, link)));
    const routed = host.routes.known;
    // A look-up of the source that ends at the default route leads by this link, and strict filtering lets it pass.
    const forged = without(mode === 'strict' || mode === null ? without(bogons[family], elsewhere) : bogons[family], here);
    for (const [proto] of ported) {
      const sight = proto === 'tcp' ? door.tcp : door.udp;
      const ports = sight.portsFrom(forged, 'certain');
      const [first] = ports;
      if (first === undefined) continue;
      const from = common(sight.reaching(first[0], 'certain'), forged);
      if (sizeOf(from) <= largestTrust[family]) continue;
      const seen = shown(subject, sight.packet('certain', [first], from));
      if (seen.kind === 'unknown') missing ??= seen;
      if (seen.kind !== 'yes' && seen.kind !== 'maybe') continue;
      if (seen.witness.trace.dependsOn.some((match) => match.includes('rpfilter'))) continue;
      if (!routed && (mode === null || mode === 'strict')) {
        missing ??= {
          why: `rules accept private sources on ${door.link}, and which of them the kernel drops hangs on routes and rp_filter, which are not known`,
          remedy: 'run it on the host, or put routes and net.ipv4.conf.*.rp_filter into the facts',
        };
        continue;
      }
      const names = bogonNetworks[family].filter((text) => sizeOf(common(rangeOf(text), from)) > 0n);
      const safe = bogonNetworks[family].filter((text) => isForeign(subject, family, text, here));
      return [
        exposed(subject, {
          check: fwSpoof02,
          family,
          severity: 'medium',
          title: `New connections on ${door.link} may bear sources that are not of the outside: ${sayFew(names)}`,
          shown: seen,
          sure: door.sure,
          meaning: [
            'No router of the world carries such a source: the packet is forged, or comes from a neighbour.',
            ...assumptions(door),
          ],
          fix: `Drop them before all else, but for networks that are really there.\n${safe
            .map((text) => command`${toolOf(family)} -t raw -I PREROUTING 1 -i ${door.link} -s ${text} -j DROP`)
            .join('\n')}`,
        }),
      ];
    }
  }
  return missing === null ? [] : { unknown: missing };
}

/** Fewer sources are a list that somebody trusts: FW-SPOOF-01's. */
const largestTrust = { 4: 1n << 17n, 6: 1n << 80n } as const;

function rangeOf(text: string): Ranges<bigint> {
  const prefix = parsePrefix(text);
  return prefix === undefined ? [] : [prefixRange(prefix)];
}

/** Nothing of the network is at home by the link, and nobody manages the host from it now. */
function isForeign({ host }: Subject, family: Family, text: string, here: Ranges<bigint>): boolean {
  const network = rangeOf(text);
  const peers = host.sessions.known
    ? host.sessions.value.filter(({ peer }) => peer.family === family).map(({ peer }) => peer.value)
    : [];
  const gateways = host.routes.known
    ? host.routes.value.flatMap(({ gateway }) => (gateway?.family === family ? [gateway.value] : []))
    : [];
  return (
    sizeOf(common(network, here)) === 0n &&
    ![...peers, ...gateways].some((value) => network.some(([lo, hi]) => lo <= value && value <= hi))
  );
}
