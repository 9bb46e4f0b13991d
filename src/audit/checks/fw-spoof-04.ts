import { type Family, formatAddress, formatPrefix, type Prefix, prefixRange, without } from '../../model/net/index.ts';
import { toolOf } from '../blame.ts';
import type { Check, Subject } from '../check.ts';
import { command } from '../command.ts';
import type { Engine } from '../engine.ts';
import { filter, guide, hardened4, hardened6, natRouter, oneLink } from '../examples.ts';
import {
  addressesBehind,
  addressOf,
  exposed,
  innerLinks,
  networksBehind,
  ofFamilies,
  outwardRoads,
  type Said,
  shown,
  sightOf,
  strangers,
  unlessUnseen,
} from '../exposure/index.ts';
import { forwarding, outsideOf } from '../surroundings.ts';
import { unnamedLink, vocabularyOf } from '../vocabulary.ts';

const own = '-A OUTPUT -s 198.51.100.10/32 -j ACCEPT';

/**
 * A source that is not the host's, or on a host that forwards not of the network behind the link that it comes by, may leave towards
 * strangers. The addresses of the host must be known. OUTPUT is asked on hosts that do not forward: only root can write such packets.
 */
export const fwSpoof04: Check = {
  id: 'FW-SPOOF-04',
  title: 'nothing leaves with a source that is not of this host or the networks behind it',
  severity: 'low',
  kinds: ['S'],
  refs: ['BCP 38', 'NIST 800-41r1 4.1.1', 'PCI-DSS 4.0 1.4.5'],
  why: 'Forged sources are what floods and amplification are made of; who lets none out is no part of them.',
  fix: 'Accept what leaves by the sources that are rightly there, and drop the rest.',
  run: (subject) =>
    ofFamilies(subject, fwSpoof04.id, (family) => {
      const { addresses } = subject.host;
      if (!addresses.known) return { unknown: addresses };
      const hook =
        forwarding(subject.host, family).on === true && innerLinks(subject.host, family).length > 0 ? 'forward' : 'output';
      return unlessUnseen(subject, family, hook, (engine) =>
        hook === 'forward' ? through(subject, family, engine) : out(subject, family, engine),
      );
    }),
  examples: [
    { title: 'the guide lets everything out', v4: guide, v6: filter([], { OUTPUT: 'DROP' }), finds: ['low 4'] },
    { title: 'a hardened pair does not look at sources', v4: hardened4, v6: hardened6, finds: ['low 4', 'low 6'] },
    { title: 'the own source alone', v4: filter([own], { OUTPUT: 'DROP' }), v6: filter([], { OUTPUT: 'DROP' }), finds: [] },
    {
      title: 'a router for its network alone',
      v4: filter(['-A FORWARD -s 10.0.0.0/24 -i eth1 -j ACCEPT']),
      v6: filter([], { OUTPUT: 'DROP' }),
      facts: natRouter,
      finds: [],
    },
    {
      title: 'a router for everything that comes by its inner link',
      v4: filter(['-A FORWARD -i eth1 -o eth0 -j ACCEPT']),
      v6: filter([], { OUTPUT: 'DROP' }),
      facts: natRouter,
      finds: ['low 4'],
    },
    { title: 'addresses are not known', v4: guide, v6: filter([]), facts: { links: oneLink.links }, finds: [], unknown: 1 },
    { title: 'rules that were not read', v4: null, v6: filter([], { OUTPUT: 'DROP' }), finds: [], unknown: 1 },
  ],
};

/** Sources that stand for those of others; documentation's, so that they are nobody's. */
const others: Readonly<Record<Family, bigint>> = { 4: addressOf('203.0.113.200'), 6: addressOf('2001:db8:ffff::200') };

function out(subject: Subject, family: Family, engine: Engine): Said {
  const vocabulary = vocabularyOf(subject.host, engine.firewall.ruleset);
  const outside = outsideOf(subject.host, family);
  for (const link of outside.links.length > 0 ? outside.links : [unnamedLink(vocabulary)]) {
    const sight = sightOf(engine, { hook: 'output', in: null, out: link, near: [others[family]], far: strangers[family] }, 6);
    const ports = sight.openPorts('certain');
    const seen = ports.length === 0 ? null : shown(subject, sight.packet('certain', ports));
    if (seen?.kind !== 'yes' && seen?.kind !== 'maybe') continue;
    const networks = networksBehind(subject.host, family, link);
    return [
      exposed(subject, {
        check: fwSpoof04,
        family,
        severity: 'low',
        title: `Packets with any source may leave by ${link} (IPv${family})`,
        shown: seen,
        sure: outside.sure,
        meaning: [`${formatAddress({ family, value: others[family] })} is no address of this host.`],
        fix: `Drop what does not bear an address of the networks that the host is in.${networks.length === 1 ? `\n${dropped(family, 'OUTPUT', ['-o', link], networks)}` : ''}`,
      }),
    ];
  }
  return [];
}

function through(subject: Subject, family: Family, engine: Engine): Said {
  const { host } = subject;
  for (const road of outwardRoads(subject, engine, (inner) => without(strangers[family], addressesBehind(host, family, inner)))) {
    const ports = road.tcp.openPorts('certain');
    const seen = ports.length === 0 ? null : shown(subject, road.tcp.packet('certain', ports));
    if (seen?.kind !== 'yes' && seen?.kind !== 'maybe') continue;
    if (seen.witness.trace.dependsOn.some((match) => match.includes('rpfilter'))) continue;
    const networks = networksBehind(host, family, road.in);
    return [
      exposed(subject, {
        check: fwSpoof04,
        family,
        severity: 'low',
        title: `Packets with any source may go through from ${road.in} to ${road.out} (IPv${family})`,
        shown: seen,
        sure: road.sure,
        meaning: [`The source is of no network behind ${road.in}.`],
        fix: `Drop what does not bear an address of the networks behind ${road.in}.${networks.length === 1 ? `\n${dropped(family, 'FORWARD', ['-i', road.in, '-o', road.out], networks)}` : ''}`,
      }),
    ];
  }
  return [];
}

function dropped(family: Family, chain: string, links: readonly string[], networks: readonly Prefix[]): string {
  return networks
    .map(
      (prefix) =>
        command`${toolOf(family)} -I ${chain} 1 ${links} ! -s ${formatPrefix({ ...prefix, value: prefixRange(prefix)[0] })} -j DROP`,
    )
    .join('\n');
}
