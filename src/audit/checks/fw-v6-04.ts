import { bystanders, rewritten } from '../../analysis/answers/bystanders.ts';
import { isLoopback } from '../../model/host/index.ts';
import type { Packet } from '../../model/packet/index.ts';
import { deciders, denying, sayList, sayRef, toolOf } from '../blame.ts';
import type { Check, Subject } from '../check.ts';
import { command } from '../command.ts';
import type { Engine } from '../engine.ts';
import { empty, filter, guide, hardened4, hardened6, oneLink } from '../examples.ts';
import { addressOf, capital, type Door, doorsOf, exitsOf, ofFamilies, type Said, settled } from '../exposure/index.ts';
import type { Finding, Witness } from '../finding.ts';
import { discovery, errorAbout } from '../icmp-errors.ts';
import { denied } from '../measure.ts';
import { forwarding, outsideOf, sysctl } from '../surroundings.ts';
import { vocabularyOf } from '../vocabulary.ts';

const nd = [135, 136].map((type) => `-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type ${type} -j ACCEPT`);
const connections = '-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT';

/**
 * RFC 4890 §4.4 for a host: neighbour solicitations and advertisements (135, 136) both ways, router advertisements (134) where the kernel
 * takes them, and errors (1 to 4) about connections that are there. Discovery is UNTRACKED to conntrack, so no rule for states lets it
 * through; errors are RELATED. Asked only where rules let something in or out, since nothing needs it else. What the kernel drops by
 * itself is no finding: discovery with less than 255 hops left, advertisements that are not from a link-local source (RFC 4861), and
 * routing headers of type 0 (net/ipv6/exthdrs.c).
 */
export const fwV604: Check = {
  id: 'FW-V6-04',
  title: 'the ICMPv6 that IPv6 cannot do without is let through',
  severity: 'high',
  kinds: ['S'],
  refs: ['RFC 4890', 'NIST 800-41r1 4.1.4'],
  why: 'Without neighbour discovery no IPv6 packet finds its way to the next machine; without "packet too big" large transfers hang.',
  fix: 'Accept ICMPv6 types 1 to 4, and 133 to 136 with 255 hops left.',
  run: (subject) =>
    ofFamilies(
      subject,
      fwV604.id,
      () => {
        const beside = bystanders(subject.host, 6, 'input');
        if (beside.kind === 'may-rewrite') return { unknown: rewritten(6, beside) };
        return settled(subject.ask(6, (engine) => answer(subject, engine)));
      },
      [6],
    ),
  examples: [
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, finds: [] },
    { title: 'nothing at all', v4: guide, v6: empty, finds: [] },
    {
      title: 'the rules of IPv4 copied: discovery is UNTRACKED',
      v6: filter([connections, '-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 128 -j ACCEPT']),
      finds: ['high 6'],
    },
    { title: 'discovery, and errors as RELATED', v6: filter([connections, ...nd]), finds: [] },
    {
      title: 'discovery, and no errors',
      v6: filter(['-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT', ...nd]),
      finds: ['high 6'],
    },
    {
      title: 'packet too big is there, other errors are not',
      v6: filter([
        '-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT',
        ...nd,
        '-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 2 -j ACCEPT',
      ]),
      finds: ['medium 6'],
    },
    {
      title: 'OUTPUT keeps solicitations back',
      v6: filter([connections, ...nd, '-A OUTPUT -p tcp -m tcp --dport 443 -j ACCEPT'], { OUTPUT: 'DROP' }),
      finds: ['high 6'],
    },
    {
      title: 'the kernel takes router advertisements, and the rules do not',
      v6: filter([connections, ...nd]),
      facts: { ...oneLink, sysctls: { 'net.ipv6.conf.eth0.accept_ra': '1', 'net.ipv6.conf.all.forwarding': '0' } },
      finds: ['medium 6'],
    },
    { title: 'IPv6 is shut, both ways', v6: filter([], { OUTPUT: 'DROP' }), finds: [] },
    { title: 'IPv4’s own ICMP is meant for IPv6', v6: filter([connections, '-A INPUT -p icmp -j ACCEPT']), finds: ['high 6'] },
    { title: 'rules that were not read', v4: guide, v6: null, finds: [], unknown: 1 },
  ],
};

/** One message that must pass. */
interface Need {
  readonly name: string;
  readonly types: string;
  readonly grave: boolean;
  readonly chain: 'INPUT' | 'OUTPUT';
  readonly packet: Packet;
}

const neighbour = addressOf('fe80::9');
const routers = addressOf('fe80::1');
const allNodes = addressOf('ff02::1');
const solicitedNode = addressOf('ff02::1:ff00:0');

function answer(subject: Subject, engine: Engine): Said {
  const { host } = subject;
  if (host.addresses.known && !host.addresses.value.some(({ prefix }) => prefix.family === 6 && !isLoopback(prefix))) return [];
  const doors = doorsOf(subject, engine);
  const [exit] = exitsOf(subject, engine);
  const opens = doors.some((door) => door.tcp.openPorts('possible').length > 0 || door.udp.openPorts('possible').length > 0);
  const leaves = exit !== undefined && (exit.tcp.openPorts('possible').length > 0 || exit.udp.openPorts('possible').length > 0);
  if (!opens && !leaves) return [];
  const losing: { readonly door: Door; readonly lost: readonly Lost[] }[] = [];
  for (const door of doors) {
    const lost: Lost[] = [];
    for (const need of needsOf(subject, engine, door)) {
      const held = denied(subject, need.packet);
      if (held.kind === 'unknown') return { unknown: held };
      const [witness] = held.witnesses;
      if (held.kind !== 'no' && witness !== undefined && !runsOut(held.kind, witness))
        lost.push({ need, witness, certain: held.kind === 'yes' });
    }
    if (lost.length > 0) losing.push({ door, lost });
  }
  const [first] = losing;
  if (first === undefined) return [];
  const fine = doors.find((door) => !losing.some((one) => one.door === door));
  const { unread } = outsideOf(host, 6);
  // Without knowledge of links one that rules name may be the only one there is.
  if (unread !== null && fine !== undefined)
    return {
      unknown: {
        why: `ICMPv6 that IPv6 needs is let through on ${fine.link} and not on every link, and which links the host has is not known: ${unread.why}`,
        remedy: unread.remedy,
      },
    };
  return [finding(subject, first.door, first.lost)];
}

/** A message that is dropped. */
interface Lost {
  readonly need: Need;
  readonly witness: Witness;
  readonly certain: boolean;
}

/** Denied only once a limit has run out: enough comes through. */
function runsOut(kind: 'yes' | 'maybe', { trace }: Witness): boolean {
  return kind === 'maybe' && trace.dependsOn.every((match) => /-m (limit|hashlimit)\b/.test(match));
}

function needsOf(subject: Subject, engine: Engine, { link, own }: Door): readonly Need[] {
  const { host } = subject;
  const [self = 0n] = own;
  const far = vocabularyOf(host, engine.firewall.ruleset).sources[0]?.value ?? addressOf('2001:db8:ffff::9');
  const input = { hook: 'input', in: link, out: null } as const;
  const output = { hook: 'output', in: null, out: link } as const;
  const group = solicitedNode | (self & 0xffffffn);
  const about = { src: self, dst: far ^ 0xffn, sport: 40_000, dport: 443 };
  const error = (type: number): Packet => errorAbout({ ...input, family: 6 }, far, self, type, 0, about);
  const takesRouters = sysctl(host, `net.ipv6.conf.${link.replaceAll('.', '/')}.accept_ra`);
  const heedsRouters = takesRouters === '2' || (takesRouters === '1' && forwarding(host, 6).on === false);
  return [
    {
      name: 'neighbour solicitations',
      types: '135',
      grave: true,
      chain: 'INPUT',
      packet: discovery(input, neighbour, group, 135),
    },
    {
      name: 'neighbour advertisements',
      types: '136',
      grave: true,
      chain: 'INPUT',
      packet: discovery(input, neighbour, self, 136),
    },
    {
      name: 'own neighbour solicitations',
      types: '135',
      grave: true,
      chain: 'OUTPUT',
      packet: discovery(output, self, solicitedNode | 9n, 135),
    },
    {
      name: 'own neighbour advertisements',
      types: '136',
      grave: true,
      chain: 'OUTPUT',
      packet: discovery(output, self, neighbour, 136),
    },
    { name: 'packet too big', types: '2', grave: true, chain: 'INPUT', packet: error(2) },
    { name: 'unreachable', types: '1', grave: false, chain: 'INPUT', packet: error(1) },
    { name: 'time exceeded', types: '3', grave: false, chain: 'INPUT', packet: error(3) },
    { name: 'parameter problem', types: '4', grave: false, chain: 'INPUT', packet: error(4) },
    ...(heedsRouters
      ? [
          {
            name: 'router advertisements',
            types: '134',
            grave: false,
            chain: 'INPUT',
            packet: discovery(input, routers, allNodes, 134),
          } as const,
        ]
      : []),
  ];
}

function finding({ host }: Subject, door: Door, lost: readonly Lost[]): Finding {
  const first = lost.find(({ need }) => need.grave) ?? lost[0];
  if (first === undefined) throw new Error('a finding without a packet');
  const at = deciders(
    lost.map(({ witness }) => witness),
    denying,
  );
  const shownAt = deciders([first.witness], denying);
  const isDiscovery = lost.some(({ need }) => need.packet.state === 'UNTRACKED' && need.grave);
  const lines = [...new Map(lost.map(({ need }) => [`${need.chain} ${need.types}`, need])).values()].map(({ chain, types }) => {
    const hops = Number(types) > 100 ? ['-m', 'hl', '--hl-eq', 255] : [];
    return command`${toolOf(6)} -I ${chain} 1 -p ipv6-icmp --icmpv6-type ${types} ${hops} -j ACCEPT`;
  });
  return {
    id: fwV604.id,
    severity: lost.some(({ need }) => need.grave) ? 'high' : 'medium',
    certainty: first.certain && door.sure ? 'certain' : 'possible',
    title: `ICMPv6 is dropped that IPv6 needs: ${sayList(lost.map(({ need }) => need.name))}`,
    why: [
      capital(
        `${first.need.name} (ICMPv6 type ${first.need.types}) are dropped by ${sayList(shownAt.map((ref) => sayRef(host, ref)))}.`,
      ),
      isDiscovery
        ? 'Neighbours cannot find each other then, and IPv6 stops working within a minute. Discovery is UNTRACKED: rules for states do not let it through.'
        : first.need.grave
          ? 'Where the path has a smaller MTU, connections open and then hang: IPv6 routers never fragment.'
          : '',
    ]
      .filter((sentence) => sentence !== '')
      .join(' '),
    family: 6,
    at,
    causedBy: [],
    witness: first.witness,
    fix: `Accept them before anything is dropped.\n${lines.join('\n')}`,
    refs: fwV604.refs,
  };
}
