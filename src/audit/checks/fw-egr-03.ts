import { bystanders, rewritten } from '../../analysis/answers/bystanders.ts';
import { isLoopback } from '../../model/host/index.ts';
import { bogons, type Family, ranges, TCP, UDP } from '../../model/net/index.ts';
import type { Packet } from '../../model/packet/index.ts';
import { deciders, denying, sayList, sayRef, toolOf } from '../blame.ts';
import type { Check, Subject } from '../check.ts';
import type { Engine } from '../engine.ts';
import { empty, filter, guide, hardened4, hardened6, oneLink } from '../examples.ts';
import { addressOf, capital, exitsOf, ofFamilies, type Said, settled, sightOf, strangers } from '../exposure/index.ts';
import type { Severity } from '../finding.ts';
import { denied } from '../measure.ts';
import { opening, sayPacket } from '../probes.ts';

/** Something that a host must reach: any of its ways will do. */
interface Need {
  readonly name: string;
  readonly severity: Severity;
  readonly ways: readonly (readonly [proto: 'tcp' | 'udp', port: number])[];
  readonly without: string;
  readonly match: string;
}

/** Names also by TLS (853); time also by NTS's key exchange alone is not enough; updates also by usual proxies and caches. */
const needs: readonly Need[] = [
  {
    name: 'names (DNS)',
    severity: 'high',
    ways: [['udp', 53], ['tcp', 53], ['tcp', 853]],
    without: 'no name can be resolved, so updates, mail and time fail with it',
    match: '-p udp --dport 53',
  },
  {
    name: 'updates (HTTP)',
    severity: 'high',
    ways: [['tcp', 80], ['tcp', 443], ['tcp', 3128], ['tcp', 8080], ['tcp', 3142], ['tcp', 873], ['tcp', 21]],
    without: 'no security update can be fetched',
    match: '-p tcp -m multiport --dports 80,443',
  },
  {
    name: 'time (NTP)',
    severity: 'medium',
    ways: [['udp', 123]],
    without: 'the clock runs away, and with it certificates and logs',
    match: '-p udp --dport 123',
  },
]; // biome-ignore format: pairs

/**
 * OUTPUT lets no new connection out for names, updates or time: to no address at all, of this family or the other, by a link towards
 * strangers or to inner networks. What reaches one resolver or one mirror is enough. Time alone is medium: a virtual machine may get it
 * from its host. Where both families are asked one that works is enough; a finding stands with the family that the host has.
 */
export const fwEgr03: Check = {
  id: 'FW-EGR-03',
  title: 'OUTPUT lets out what the host itself lives on: names, updates, time',
  severity: 'high',
  kinds: ['S'],
  refs: ['NIST 800-41r1 4', 'PCI-DSS 4.0 6.3.3'],
  why: 'A firewall that keeps its own host from updates makes it less safe every day.',
  fix: 'Accept DNS to your resolvers, NTP to your time servers, HTTP to your mirrors.',
  run(subject) {
    const works = new Set<string>();
    for (const family of [4, 6] as const) {
      const reached = subject.ask(family, (engine) =>
        needs.filter((need) => reaches(subject, engine, need)).map(({ name }) => name),
      );
      for (const name of reached.known && !isEmpty(subject, family) ? reached.value : []) works.add(name);
    }
    return ofFamilies(subject, fwEgr03.id, (family) => {
      const beside = bystanders(subject.host, family, 'output');
      if (beside.kind === 'may-rewrite') return { unknown: rewritten(family, beside) };
      return settled(subject.ask(family, (engine) => familyAnswer(subject, family, engine, works)));
    });
  },
  examples: [
    {
      title: 'everything that the host sends is denied',
      v4: filter([], { OUTPUT: 'DROP' }),
      v6: filter([], { OUTPUT: 'DROP' }),
      finds: ['high 4', 'high 6'],
    },
    {
      title: 'web alone: no names',
      v4: filter(['-A OUTPUT -p tcp -m tcp --dport 443 -j ACCEPT'], { OUTPUT: 'DROP' }),
      v6: filter([], { OUTPUT: 'DROP' }),
      finds: ['high 4', 'high 6'],
    },
    {
      title: 'one resolver, one mirror, one clock',
      v4: filter(
        [
          '-A OUTPUT -d 9.9.9.9/32 -p udp -m udp --dport 53 -j ACCEPT',
          '-A OUTPUT -d 10.0.0.7/32 -p tcp -m tcp --dport 80 -j ACCEPT',
          '-A OUTPUT -d 10.0.0.7/32 -p udp -m udp --dport 123 -j ACCEPT',
        ],
        { OUTPUT: 'DROP' },
      ),
      v6: filter([], { OUTPUT: 'DROP' }),
      finds: [],
    },
    {
      title: 'no time',
      v4: hardened4.replace('--dports 53,123', '--dports 53'),
      v6: hardened6.replace('--dports 53,123', '--dports 53'),
      finds: ['medium 4', 'medium 6'],
    },
    {
      title: 'by user',
      v4: filter(['-A OUTPUT -m owner --uid-owner 0 -j ACCEPT'], { OUTPUT: 'DROP' }),
      v6: filter([], { OUTPUT: 'DROP' }),
      finds: [],
    },
    { title: 'IPv6 is shut, IPv4 serves', v4: empty, v6: filter([], { OUTPUT: 'DROP' }), finds: [] },
    { title: 'the guide', v4: guide, v6: empty, finds: [] },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, facts: oneLink, finds: [] },
    { title: 'rules that were not read', v4: null, v6: filter([], { OUTPUT: 'DROP' }), finds: ['high 6'], unknown: 1 },
  ],
};

/** A family in which the host has no address to send from. */
function isEmpty({ host }: Subject, family: Family): boolean {
  return host.addresses.known && !host.addresses.value.some(({ prefix }) => prefix.family === family && !isLoopback(prefix));
}

/** Whether some answers of matches let it out, to some address. */
function reaches(subject: Subject, engine: Engine, { ways }: Need): boolean {
  const { family } = engine.space;
  const far = ranges(...strangers[family], ...bogons[family]);
  return linksOf(subject, engine).some(({ link, near }) =>
    ways.some(([proto, port]) =>
      // One user may be the one who fetches: what hangs on the user counts as open.
      sightOf(engine, { hook: 'output', in: null, out: link, near, far, anyUser: true }, proto === 'tcp' ? TCP : UDP)
        .portsFrom(far, 'possible')
        .some(([lo, hi]) => lo <= port && port <= hi),
    ),
  );
}

function linksOf(subject: Subject, engine: Engine): readonly { readonly link: string; readonly near: readonly bigint[] }[] {
  const exits = exitsOf(subject, engine);
  const near = exits[0]?.tcp.course.near ?? [];
  const inner = subject.host.links.known
    ? subject.host.links.value.filter(({ loopback }) => !loopback).map(({ name }) => name)
    : [];
  return [...new Set([...exits.map(({ link }) => link), ...inner])].map((link) => ({ link, near }));
}

const somewhere: Readonly<Record<Family, bigint>> = { 4: addressOf('203.0.113.9'), 6: addressOf('2001:db8:ffff::9') };

function familyAnswer(subject: Subject, family: Family, engine: Engine, works: ReadonlySet<string>): Said {
  const { host } = subject;
  const lost = needs.filter(({ name }) => !works.has(name));
  const [first] = lost;
  if (first === undefined || isEmpty(subject, family)) return [];
  const [exit] = exitsOf(subject, engine);
  const [proto, dport] = first.ways[0] ?? ['udp', 53];
  const packet: Packet = opening({
    family,
    hook: 'output',
    out: exit?.link ?? 'eth0',
    src: exit?.tcp.course.near[0] ?? 0n,
    dst: somewhere[family],
    proto: proto === 'tcp' ? TCP : UDP,
    dport,
  });
  const held = denied(subject, packet);
  if (held.kind === 'unknown') return { unknown: held };
  const [witness] = held.witnesses;
  if (held.kind === 'no' || witness === undefined) return [];
  const at = deciders([witness], denying);
  const tool = toolOf(family);
  const severity = lost.some((need) => need.severity === 'high') ? 'high' : 'medium';
  return [
    {
      id: fwEgr03.id,
      severity,
      certainty: held.kind === 'yes' ? 'certain' : 'possible',
      title: `The host cannot reach what it lives on over IPv${family}: ${sayList(lost.map(({ name }) => name))}`,
      why: `${capital(sayPacket(witness.packet))} is dropped by ${sayList(at.map((ref) => sayRef(host, ref)))}, and so to every other address: ${sayList(lost.map((need) => need.without))}.`,
      family,
      at,
      causedBy: [],
      witness,
      fix: `Accept it, best to your own servers alone (-d).\n${lost.map(({ match }) => `${tool} -I OUTPUT 1 ${match} -j ACCEPT`).join('\n')}`,
      refs: fwEgr03.refs,
    },
  ];
}
