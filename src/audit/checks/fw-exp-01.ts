import type { Family } from '../../model/net/index.ts';
import { allowing, chainOf, deciders, deletions, sayList, sayRef, toolOf } from '../blame.ts';
import type { Check, Subject } from '../check.ts';
import type { Engine } from '../engine.ts';
import { filter, guide, hardened4, hardened6, inverted, oneLink } from '../examples.ts';
import {
  type Asked,
  acrossTheWorld,
  capital,
  doorsOf,
  inwardRoads,
  isAbsent,
  isByRule,
  isOpenToAll,
  type Said,
  shown,
  unlessUnseen,
  unnamedOf,
} from '../exposure/index.ts';
import type { Finding, Undetermined, Witness } from '../finding.ts';
import { groundwork } from '../groundwork.ts';
import { sayPacket } from '../probes.ts';
import { forwarding } from '../surroundings.ts';

const router = {
  ...oneLink,
  links: [...oneLink.links, { name: 'eth1' }],
  addresses: [...oneLink.addresses, { link: 'eth1', address: '10.0.0.1/24' }, { link: 'eth1', address: '2001:db8:1::1/64' }],
  routes: [
    { to: 'default', via: '198.51.100.1', link: 'eth0' },
    { to: 'default', via: '2001:db8::1', link: 'eth0', family: 6 },
  ],
  sysctls: { 'net.ipv4.ip_forward': '1', 'net.ipv6.conf.all.forwarding': '0' },
};

/**
 * Any to any: at least half of the world's addresses may open TCP and UDP connections to nearly all ports and send a protocol that
 * no rule names, to this host or, on one that forwards, to networks behind it. All rules together count, so halves of the world,
 * chains without bounds and rules behind others are seen. A policy that accepts what no rule decides is told by FW-BASE-01, -02 and
 * FW-V6-01; here rules do it, whatever the policy says.
 */
export const fwExp01: Check = {
  id: 'FW-EXP-01',
  title: 'no rules accept everything from everyone',
  severity: 'critical',
  kinds: ['S'],
  refs: ['PCI-DSS 4.0 1.2.5', 'PCI-DSS 4.0 1.3.1', 'Wool 2004, any service from anywhere'],
  why: 'The firewall looks closed, with its policy and its rules, and stops nothing.',
  fix: 'Narrow the rules to the sources and ports that need them.',
  run(subject) {
    const findings: Finding[] = [];
    const unknown: Undetermined[] = [];
    for (const family of [4, 6] as const) {
      if (isAbsent(subject, family)) continue;
      const forwards = forwarding(subject.host, family).on;
      for (const hook of forwards === false ? (['input'] as const) : (['input', 'forward'] as const)) {
        const said = unlessUnseen(subject, family, hook, (engine) =>
          familyAnswer(subject, family, hook, engine, forwards === true),
        );
        if (!('unknown' in said)) findings.push(...said);
        else if (!unknown.some(({ why }) => why.endsWith(said.unknown.why)))
          unknown.push({ id: fwExp01.id, why: `IPv${family}: ${said.unknown.why}`, remedy: said.unknown.remedy });
      }
    }
    return { findings, unknown };
  },
  examples: [
    { title: 'a DROP policy behind two half-space accepts', v4: inverted, v6: hardened6, finds: ['critical 4'] },
    { title: 'the guide', v4: guide, v6: hardened6, finds: [] },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, finds: [] },
    { title: 'a policy that accepts is told elsewhere', v4: filter([], { INPUT: 'ACCEPT' }), v6: hardened6, finds: [] },
    {
      title: 'a chain without bounds',
      v4: filter([':web - [0:0]', '-A INPUT -p tcp -m tcp --dport 22 -j DROP', '-A INPUT -j web', '-A web -j ACCEPT']),
      v6: hardened6,
      finds: ['critical 4'],
    },
    {
      title: 'protocol by protocol',
      v4: filter([
        '-A INPUT -p tcp -m tcp --dport 0:32767 -j ACCEPT',
        '-A INPUT -p tcp -m tcp --dport 32768:65535 -j ACCEPT',
        '-A INPUT -p udp -j ACCEPT',
        '-A INPUT ! -p tcp -j ACCEPT',
      ]),
      v6: hardened6,
      finds: ['critical 4'],
    },
    {
      title: 'everything but what is denied before',
      v4: filter(['-A INPUT -p tcp -m multiport --dports 135,445 -j DROP', '-A INPUT -j ACCEPT']),
      v6: hardened6,
      finds: ['critical 4'],
    },
    { title: 'the loopback alone', v4: filter(['-A INPUT -i lo -j ACCEPT']), v6: hardened6, finds: [] },
    {
      title: 'only connections that exist',
      v4: filter(['-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT']),
      v6: hardened6,
      finds: [],
    },
    { title: 'TCP alone', v4: filter(['-A INPUT -p tcp -j ACCEPT']), v6: hardened6, finds: [] },
    {
      title: 'half of the world is enough',
      v6: hardened6.replace('-A INPUT -i lo', '-A INPUT -s 2000::/4 -j ACCEPT\n-A INPUT -i lo'),
      v4: hardened4,
      finds: ['critical 6'],
    },
    {
      title: 'a router that lets everything in to its network',
      v4: hardened4.replace('-A OUTPUT -o lo', '-A FORWARD -i eth0 -j ACCEPT\n-A OUTPUT -o lo'),
      v6: hardened6,
      facts: router,
      finds: ['critical 4'],
    },
    {
      title: 'the same on a host that does not forward',
      v4: hardened4.replace('-A OUTPUT -o lo', '-A FORWARD -i eth0 -j ACCEPT\n-A OUTPUT -o lo'),
      v6: hardened6,
      facts: { ...router, sysctls: { 'net.ipv4.ip_forward': '0', 'net.ipv6.conf.all.forwarding': '0' } },
      finds: [],
    },
    { title: 'rules that were not read', v4: null, v6: hardened6, finds: [], unknown: 1 },
  ],
};

function familyAnswer(subject: Subject, family: Family, hook: 'input' | 'forward', engine: Engine, forwards: boolean): Said {
  const ways: readonly (Asked & { readonly sure: boolean; readonly said?: string })[] =
    hook === 'input'
      ? doorsOf(subject, engine).filter(({ unread }) => unread === null)
      : inwardRoads(subject, engine).filter(({ near }) => near.length > 0);
  const { port } = unnamedOf(subject, engine);
  for (const way of ways) {
    if (!isOpenToAll(subject, engine, way, 'certain')) continue;
    const seen = acrossTheWorld(family).flatMap((from) => {
      const one = shown(subject, way.tcp.packet('certain', [[port, port]], from));
      return one.kind === 'yes' || one.kind === 'maybe' ? [one] : [];
    });
    const sure = way.sure && seen.every(({ kind }) => kind === 'yes') && (hook === 'input' || forwards);
    const witnesses = seen.map(({ witness }) => witness);
    const at = deciders(witnesses, allowing);
    const [witness] = witnesses;
    if (witness === undefined || !at.some(isByRule)) continue;
    return [finding(subject, family, hook, witness, witnesses, sure, way.said ?? '')];
  }
  return [];
}

function finding(
  subject: Subject,
  family: Family,
  hook: 'input' | 'forward',
  witness: Witness,
  witnesses: readonly Witness[],
  sure: boolean,
  said: string,
): Finding {
  const at = deciders(witnesses, allowing);
  const chain = chainOf[hook];
  const names = sayList(at.map((ref) => sayRef(subject.host, ref)));
  const before = groundwork(subject, witness.packet, at);
  return {
    id: fwExp01.id,
    severity: 'critical',
    certainty: sure ? 'certain' : 'possible',
    title: `${family === 6 ? 'IPv6 ' : ''}${chain}: everything is accepted from everyone, by rules`,
    why: [
      `${names} ${at.length === 1 ? 'lets' : 'together let'} any source send anything.`,
      `For example ${sayPacket(witness.packet)} is accepted, though no rule names that port.`,
      hook === 'forward' ? 'So the networks behind the host are open.' : 'Other rules and the policy decide nothing any more.',
      said,
    ]
      .filter((sentence) => sentence !== '')
      .map(capital)
      .join(' '),
    family,
    at,
    causedBy: [],
    witness,
    fix: `Narrow ${names} to the sources and ports that need ${at.length === 1 ? 'it' : 'them'}, or delete ${at.length === 1 ? 'it' : 'them'}; first accept what must go on.\n${[
      ...before,
      ...deletions(at),
      `${toolOf(family)} -P ${chain} DROP`,
    ].join('\n')}`,
    refs: fwExp01.refs,
  };
}
