import { routingFactsOf } from '../../analysis/answers/routing.ts';
import { type Family, ranges } from '../../model/net/index.ts';
import { toolOf } from '../blame.ts';
import type { Check, Subject } from '../check.ts';
import { command } from '../command.ts';
import type { Engine } from '../engine.ts';
import { filter, guide, hardened6, natRouter } from '../examples.ts';
import {
  addressesBehind,
  exposed,
  innerLinks,
  inwardRoads,
  isByRule,
  ofFamilies,
  portsIn,
  type Said,
  shown,
  sightOf,
  unlessUnseen,
} from '../exposure/index.ts';
import { forwarding } from '../surroundings.ts';
import type { Unread } from '../unread.ts';

const most = 1024;

/**
 * A rule for what goes out, by the sources of the inner networks alone, lets in whoever forges such a source: a new connection that
 * comes by a link towards strangers with an inner source and goes to an inner network. Where the kernel drops such packets by their
 * source (strict rp_filter on that link, IPv4) there is no fault.
 */
export const fwFwd02: Check = {
  id: 'FW-FWD-02',
  title: 'what may go out is bound to the link that it comes by',
  severity: 'medium',
  kinds: ['S'],
  refs: ['PCI-DSS 4.0 1.4.2'],
  why: 'A source address is what the sender writes. Bound to no link, a rule for the inner network is a rule for everybody.',
  fix: 'Give rules of FORWARD the links: -i INNER -o OUTER for what goes out, connections that exist for what comes back.',
  run: (subject) =>
    ofFamilies(subject, fwFwd02.id, (family) =>
      unlessUnseen(subject, family, 'forward', (engine) => familyAnswer(subject, family, engine)),
    ),
  examples: [
    {
      title: 'by source alone',
      v4: filter(['-A FORWARD -s 10.0.0.0/24 -j ACCEPT']),
      v6: hardened6,
      facts: natRouter,
      finds: ['medium 4'],
    },
    { title: 'by link', v4: filter(['-A FORWARD -i eth1 -o eth0 -j ACCEPT']), v6: hardened6, facts: natRouter, finds: [] },
    {
      title: 'the kernel looks at sources',
      v4: filter(['-A FORWARD -s 10.0.0.0/24 -j ACCEPT']),
      v6: hardened6,
      facts: { ...natRouter, sysctls: { ...natRouter.sysctls, 'net.ipv4.conf.eth0.rp_filter': '1' } },
      finds: [],
    },
    {
      title: 'whether the kernel looks at sources is not known',
      v4: filter(['-A FORWARD -s 10.0.0.0/24 -j ACCEPT']),
      v6: hardened6,
      facts: { ...natRouter, sysctls: { 'net.ipv4.ip_forward': '1', 'net.ipv6.conf.all.forwarding': '0' } },
      finds: [],
      unknown: 1,
    },
    { title: 'the guide', v4: guide, v6: hardened6, facts: natRouter, finds: [] },
    { title: 'rules that were not read', v4: null, v6: hardened6, facts: natRouter, finds: [], unknown: 1 },
  ],
};

function familyAnswer(subject: Subject, family: Family, engine: Engine): Said {
  const { host } = subject;
  const forwards = forwarding(host, family);
  if (forwards.on === false) return [];
  const inner = ranges(...innerLinks(host, family).flatMap((link) => addressesBehind(host, family, link)));
  if (inner.length === 0) return [];
  let missing: Unread | null = null;
  for (const road of inwardRoads(subject, engine)) {
    const strict = routingFactsOf(host, family).reversePath(road.in);
    // Whoever gets in with any source is told elsewhere.
    if (road.near.length === 0 || strict === 'strict' || portsIn(road.tcp.openPorts('certain')) > most) continue;
    const sight = sightOf(engine, { ...road.tcp.course, far: inner }, 6);
    const ports = sight.portsFrom(inner, 'certain');
    if (portsIn(ports) <= most) continue;
    const seen = shown(subject, sight.packet('certain', ports, inner));
    if (seen.kind === 'unknown') missing ??= seen;
    if (seen.kind !== 'yes' && seen.kind !== 'maybe') continue;
    if (!isByRule(seen.witness.trace.decidedBy) || seen.witness.trace.dependsOn.some((match) => match.includes('rpfilter')))
      continue;
    if (strict === null) {
      missing ??= {
        why: `rules let through what bears an inner source, and whether the kernel drops such packets on ${road.in} (rp_filter) is not known`,
        remedy: `run it on the host, or put net.ipv4.conf.${road.in}.rp_filter into the facts`,
      };
      continue;
    }
    return [
      exposed(subject, {
        check: fwFwd02,
        family,
        severity: 'medium',
        title: `Forged inner sources get through from ${road.in} to ${road.out} over IPv${family}`,
        shown: seen,
        sure: road.sure && forwards.on === true,
        meaning: ['The rule asks for the source and not for the link; with any other source the packet is denied.'],
        fix: `Give the rule the links (${command`-i ${road.out} -o ${road.in}`}), or drop what comes from outside with inner sources.\n${command`${toolOf(family)} -t raw -I PREROUTING 1 -i ${road.in} -m rpfilter --invert -j DROP`}`,
      }),
    ];
  }
  return missing === null ? [] : { unknown: missing };
}
