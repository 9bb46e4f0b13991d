import { addressWords } from '../../analysis/answers/addresses.ts';
import { routingFactsOf } from '../../analysis/answers/routing.ts';
import { bogons, type Family, type Ranges, ranges, without } from '../../model/net/index.ts';
import type { Check, Subject } from '../check.ts';
import { command } from '../command.ts';
import { filter, guide, hardened4, hardened6, natRouter, oneLink } from '../examples.ts';
import {
  addressesBehind,
  anyone,
  assumptions,
  atDoors,
  common,
  type Door,
  exposed,
  innerLinks,
  ported,
  type Said,
  type Sight,
  sayFew,
  sayRanges,
  shown,
  strangers,
} from '../exposure/index.ts';
import { ownAddresses } from '../surroundings.ts';
import type { Unread } from '../unread.ts';

const unfiltered = { ...oneLink, sysctls: { 'net.ipv4.conf.all.rp_filter': '0', 'net.ipv4.conf.eth0.rp_filter': '0' } };
const restricted = guide.replace(/-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n/, '');

/**
 * A service that trusts sources which no stranger rightly has: private ones, or those of networks behind other links, accepted by
 * a link towards strangers. Who forges such a source is taken for a friend. None where the kernel drops by reverse path (strict
 * rp_filter, IPv4) or a rule does (`-m rpfilter`), nor on a link whose own addresses are private: there such sources are at home.
 */
export const fwSpoof01: Check = {
  id: 'FW-SPOOF-01',
  title: 'trust in a source is bound to the link that the source is behind',
  severity: 'high',
  kinds: ['S', 'H'],
  refs: ['PCI-DSS 4.0 1.4.3', 'CIS Debian 12 v1.1.0 3.3.7', 'ANSSI BP-028 R12'],
  why: 'The source address is what the sender writes. UDP services answer to it, and forged packets make ban lists shut out the real owner.',
  fix: 'Add -i LINK to the rule, set rp_filter to 1 on the outer link, or drop by -m rpfilter --invert in raw PREROUTING.',
  run: (subject) => atDoors(subject, fwSpoof01.id, (family, doors) => familyAnswer(subject, family, doors)),
  examples: [
    {
      title: 'the guide without its first rule trusts 192.168.1.50 wherever it comes from',
      v4: restricted,
      v6: hardened6,
      facts: unfiltered,
      finds: ['high 4'],
    },
    { title: 'the guide lets anyone in', v4: guide, v6: hardened6, facts: unfiltered, finds: [] },
    {
      title: 'the kernel looks at sources',
      v4: restricted,
      v6: hardened6,
      facts: { ...oneLink, sysctls: { 'net.ipv4.conf.all.rp_filter': '1' } },
      finds: [],
    },
    {
      title: 'a rule looks at sources',
      v4: `*raw
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A PREROUTING -m rpfilter --invert -j DROP
COMMIT
${restricted}`,
      v6: hardened6,
      facts: unfiltered,
      finds: [],
    },
    {
      title: 'bound to its link',
      v4: filter(['-A INPUT -s 10.0.0.0/24 -i eth1 -p tcp -m tcp --dport 22 -j ACCEPT']),
      v6: hardened6,
      facts: natRouter,
      finds: [],
    },
    {
      title: 'a network behind another link',
      v4: filter(['-A INPUT -s 10.0.0.0/24 -p tcp -m tcp --dport 22 -j ACCEPT']),
      v6: hardened6,
      facts: natRouter,
      finds: ['high 4'],
    },
    {
      title: 'a machine in a private network',
      v4: restricted,
      v6: hardened6,
      facts: { ...unfiltered, addresses: [{ link: 'eth0', address: '192.168.1.10/24' }] },
      finds: [],
    },
    {
      title: 'a public source',
      v4: filter(['-A INPUT -s 203.0.113.7/32 -p tcp -m tcp --dport 22 -j ACCEPT']),
      v6: hardened6,
      facts: unfiltered,
      finds: [],
    },
    { title: 'whether the kernel looks at sources is not known', v4: restricted, v6: hardened6, finds: [], unknown: 1 },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, facts: unfiltered, finds: [] },
    { title: 'rules that were not read', v4: null, v6: hardened6, finds: [], unknown: 1 },
  ],
};

function familyAnswer(subject: Subject, family: Family, doors: readonly Door[]): Said {
  const { host } = subject;
  let missing: Unread | null = null;
  for (const door of doors.filter(({ unread }) => unread === null)) {
    const mode = routingFactsOf(host, family).reversePath(door.link);
    if (mode === 'strict' || isPrivate(door, family)) continue;
    const own = ownAddresses(host, family, null, null).addresses.map((value) => [value, value] as const);
    const elsewhere = innerLinks(host, family).flatMap((link) => addressesBehind(host, family, link));
    const friends = without(
      without(ranges(...bogons[family], ...elsewhere), addressesBehind(host, family, door.link)),
      ranges(...own),
    );
    for (const [proto] of ported) {
      const sight = proto === 'tcp' ? door.tcp : door.udp;
      const trusting = trustingPort(sight, friends, family);
      if (trusting === null) continue;
      const from = common(sight.reaching(trusting.port, 'certain'), friends);
      const seen = shown(subject, sight.packet('certain', [[trusting.port, trusting.port]], from));
      if (seen.kind === 'unknown') missing ??= seen;
      if (seen.kind !== 'yes' && seen.kind !== 'maybe') continue;
      if (seen.witness.trace.dependsOn.some((match) => match.includes('rpfilter'))) continue;
      if (mode === null) {
        missing ??= {
          why: `rules trust sources that anyone can forge, and whether the kernel drops them on ${door.link} (rp_filter) is not known`,
          remedy: `run it on the host, or put net.ipv4.conf.all.rp_filter and net.ipv4.conf.${door.link}.rp_filter into the facts`,
        };
        continue;
      }
      // The host's own addresses among them, which the kernel drops, would only make more words.
      const { list } = addressWords(family, common(sight.reaching(trusting.port, 'certain'), ranges(...friends, ...own)), [], []);
      return [
        exposed(subject, {
          check: fwSpoof01,
          family,
          severity: 'high',
          title: `${sayRanges([trusting.run], proto)[0]} trusts ${sayFew(list)}, and takes ${list.length === 1 ? 'it' : 'them'} from strangers on ${door.link} too (IPv${family})`,
          shown: seen,
          sure: door.sure,
          meaning: [
            family === 4
              ? `The kernel does not look where the source belongs (rp_filter on ${door.link} is ${mode === 'loose' ? 2 : 0}).`
              : '',
            'Whoever writes that source into a packet is taken for a friend.',
            ...assumptions(door),
          ],
          fix: `Bind the rule to the link by which its sources come (-i), or let the kernel look at sources.${
            family === 4
              ? command`\nsysctl -w ${`net.ipv4.conf.${door.link.replaceAll('.', '/')}.rp_filter=1`}`
              : command`\nip6tables -t raw -I PREROUTING 1 -i ${door.link} -m rpfilter --invert -j DROP`
          }`,
        }),
      ];
    }
  }
  return missing === null ? [] : { unknown: missing };
}

/** A port that friends reach and the world does not. */
function trustingPort(
  sight: Sight,
  friends: Ranges<bigint>,
  family: Family,
): { readonly port: number; readonly run: readonly [number, number] } | null {
  for (const [lo, hi] of sight.portsFrom(friends, 'certain')) {
    const tried = new Set([
      ...(lo <= 22 && 22 <= hi ? [22] : []),
      hi,
      lo,
      ...sight.openPorts('certain').flatMap(([from, to]) => [from - 1, to + 1]),
    ]);
    for (const port of tried)
      if (lo <= port && port <= hi && sight.share(port, 'possible') < anyone[family]) return { port, run: [lo, hi] };
  }
  return null;
}

function isPrivate({ own }: Door, family: Family): boolean {
  return own.every((value) => !strangers[family].some(([lo, hi]) => lo <= value && value <= hi));
}
