import { type Family, formatAddress, formatPrefix } from '../../src/model/net/index.ts';
import { around, type Edges, lastOf, places, subnet } from './edges.ts';
import { arriving, leaving, peerMac } from './lab.ts';
import type { Random } from './random.ts';
import { sets } from './sets.ts';

/** What a rule's surroundings allow its matches to be. */
export interface Site {
  readonly family: Family;
  readonly random: Random;
  readonly edges: Edges;
  /** Whether rules of this chain may say `-i`, `-o`; in chains of the user's making both. */
  readonly sees: { readonly in: boolean; readonly out: boolean };
  /** The frame's source address is there on the way in only. */
  readonly frame: boolean;
  /** Whether connection tracking may be used; without it fragments reach the rules. */
  readonly tracking: boolean;
  readonly setNames: ReadonlySet<string>;
}

/** One condition of a rule, as text, and what it exercises. */
export interface Condition {
  readonly text: string;
  readonly kinds: readonly string[];
}

/** The protocol part of a rule, on which the rest hangs: `null` says any. */
export type Proto = 'tcp' | 'udp' | 'udplite' | 'sctp' | 'dccp' | 'icmp' | 'gre' | null;

/** `null` where the site has no such condition. */
export type Maker = (site: Site, proto: Proto) => Condition | null;

/** `!` in a third of cases; inverted conditions are counted for themselves. */
function condition(site: Site, kind: string, write: (not: string) => string): Condition {
  const inverted = site.random.chance(0.33);
  return { text: write(inverted ? '! ' : ''), kinds: inverted ? [kind, `! ${kind}`] : [kind] };
}

export function always(kind: string, text: string): Condition {
  return { text, kinds: [kind] };
}

export const source: Maker = (site) => {
  const net = subnet(site.random, places[site.family].from);
  around(net.value, lastOf(net), site.edges.src);
  return condition(site, 'source', (not) => `${not}-s ${formatPrefix(net)}`);
};

export const destination: Maker = (site) => {
  const { here, beyond } = places[site.family];
  const net = subnet(site.random, [...here, ...beyond]);
  around(net.value, lastOf(net), site.edges.dst);
  return condition(site, 'destination', (not) => `${not}-d ${formatPrefix(net)}`);
};

export const inLink: Maker = (site) => {
  if (!site.sees.in) return null;
  const name = site.random.pick([...arriving, 'eth+', 'e+', 'wlan+', 'eth', 'lo', 'eth00+']);
  const kind = name.endsWith('+') ? 'in interface +' : 'in interface';
  return condition(site, kind, (not) => `${not}-i ${name}`);
};

export const outLink: Maker = (site) => {
  if (!site.sees.out) return null;
  const name = site.random.pick([...leaving, 'lan+', 'l+', 'lan', 'eth+']);
  const kind = name.endsWith('+') ? 'out interface +' : 'out interface';
  return condition(site, kind, (not) => `${not}-o ${name}`);
};

const ported: ReadonlySet<Proto> = new Set(['tcp', 'udp', 'sctp', 'dccp', 'udplite']);

function port(site: Site): number {
  const value = site.random.pick([22, 53, 80, 443, 1024 + site.random.below(60000), site.random.below(65536), 0, 65535]);
  around(value, value, site.edges.ports);
  return value;
}

function portRange(site: Site): string {
  const low = port(site);
  if (site.random.chance(0.6)) return String(low);
  const high = Math.min(65534, low + 1 + site.random.below(2000));
  around(low, high, site.edges.ports);
  // The whole range inverted means different things in the two backends.
  return low === 0 || low >= high ? String(low) : `${low}:${high}`;
}

export const ports: Maker = (site, proto) => {
  if (proto === null || proto === 'udplite' || !ported.has(proto)) return null;
  const side = site.random.pick(['--sport', '--dport', '--dport']);
  return condition(site, 'ports', (not) => `-m ${proto} ${not}${side} ${portRange(site)}`);
};

export const multiport: Maker = (site, proto) => {
  if (!ported.has(proto)) return null;
  const side = site.random.pick(['--sports', '--dports', '--ports']);
  const list = Array.from({ length: 1 + site.random.below(4) }, () => portRange(site)).join(',');
  return condition(site, 'multiport', (not) => `-m multiport ${not}${side} ${list}`);
};

export const iprange: Maker = (site) => {
  const { from, here, beyond } = places[site.family];
  const side = site.random.pick(['src', 'dst'] as const);
  const net = subnet(site.random, side === 'src' ? from : [...here, ...beyond]);
  const low = net.value + site.random.bits(2);
  const high = lastOf(net) > low ? lastOf(net) - (lastOf(net) - low > 4n ? site.random.bits(2) : 0n) : low;
  around(low, high, side === 'src' ? site.edges.src : site.edges.dst);
  const text = [low, high].map((value) => formatAddress({ family: site.family, value })).join('-');
  return condition(site, 'iprange', (not) => `-m iprange ${not}--${side}-range ${text}`);
};

const flagBits = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16, URG: 32 } as const;
const flagNames = Object.keys(flagBits) as (keyof typeof flagBits)[];

export const tcpFlags: Maker = (site, proto) => {
  if (proto !== 'tcp') return null;
  if (site.random.chance(0.25)) return condition(site, 'tcp-flags', (not) => `-m tcp ${not}--syn`);
  const mask = site.random.some(flagNames);
  const set = site.random.chance(0.2) ? [] : site.random.some(mask);
  site.edges.flags.push(set.reduce((sum, name) => sum | flagBits[name], 0));
  return condition(site, 'tcp-flags', (not) => `-m tcp ${not}--tcp-flags ${mask.join(',')} ${set.join(',') || 'NONE'}`);
};

type Message = readonly [type: number, code: number];
const messages4: readonly Message[] = [
  [8, 0],
  [0, 0],
  [3, 1],
  [3, 4],
  [11, 0],
  [13, 0],
  [5, 1],
];
const messages6: readonly Message[] = [
  [128, 0],
  [129, 0],
  [1, 4],
  [2, 0],
  [3, 0],
  [135, 0],
  [136, 0],
  [143, 0],
];

export const icmp: Maker = (site, proto) => {
  if (proto !== 'icmp') return null;
  const [type, code] = site.random.pick(site.family === 4 ? messages4 : messages6);
  site.edges.icmp.push([type, code], [type, code + 1], [type + 1, code]);
  const text = site.random.chance(0.5) ? `${type}/${code}` : String(type);
  if (site.family === 6) return condition(site, 'icmpv6', (not) => `-m icmp6 ${not}--icmpv6-type ${text}`);
  return condition(site, 'icmp', (not) => `-m icmp ${not}--icmp-type ${site.random.chance(0.1) ? 'any' : text}`);
};

const trackedStates = ['NEW', 'ESTABLISHED', 'RELATED', 'INVALID', 'UNTRACKED'] as const;

export const state: Maker = (site) => {
  if (!site.tracking) return null;
  const list = site.random.some(trackedStates).join(',');
  return condition(site, 'state', (not) => `-m state ${not}--state ${list}`);
};

export const conntrack: Maker = (site, proto) => {
  if (!site.tracking) return null;
  const { family, random, edges } = site;
  const { from, here, beyond } = places[family];
  const parts: Condition[] = [];
  const add = (kind: string, write: (not: string) => string): void => {
    parts.push(condition(site, `conntrack ${kind}`, write));
  };
  if (random.chance(0.6)) add('state', (not) => `${not}--ctstate ${random.some([...trackedStates, 'SNAT', 'DNAT']).join(',')}`);
  if (random.chance(0.2)) {
    const net = subnet(random, from);
    around(net.value, lastOf(net), edges.src);
    add('origsrc', (not) => `${not}--ctorigsrc ${formatPrefix(net)}`);
  }
  if (random.chance(0.2)) {
    const net = subnet(random, [...here, ...beyond]);
    around(net.value, lastOf(net), edges.dst);
    add('origdst', (not) => `${not}--ctorigdst ${formatPrefix(net)}`);
  }
  if (random.chance(0.15)) add('proto', (not) => `${not}--ctproto ${random.pick(['6', '17', family === 4 ? '1' : '58'])}`);
  // What other protocols have in the place of ports is no field of a packet.
  if (ported.has(proto) && proto !== 'dccp' && random.chance(0.3))
    add('ports', (not) => `${not}--ctorig${random.pick(['src', 'dst'])}port ${portRange(site)}`);
  if (random.chance(0.15))
    add(
      'status',
      (not) => `${not}--ctstatus ${random.pick(['NONE', 'SEEN_REPLY', 'CONFIRMED', 'EXPECTED', 'SEEN_REPLY,EXPECTED'])}`,
    );
  if (random.chance(0.15)) parts.push(always('conntrack direction', `--ctdir ${random.pick(['ORIGINAL', 'REPLY'])}`));
  if (parts.length === 0) return null;
  return { text: `-m conntrack ${parts.map(({ text }) => text).join(' ')}`, kinds: parts.flatMap(({ kinds }) => kinds) };
};

/** Few values, so that what mangle writes is what filter asks for. */
export function markValue(random: Random): { readonly value: number; readonly mask: number } {
  return { value: random.pick([0, 1, 2, 3, 0x10, 0x80000001]), mask: random.pick([0xffffffff, 0xffffffff, 3, 0x10, 0x80000000]) };
}

export const mark: Maker = (site) => {
  const { value, mask } = markValue(site.random);
  site.edges.marks.push(value);
  // A value with bits beyond its mask can never be found.
  return condition(site, 'mark', (not) => `-m mark ${not}--mark ${(value & mask) >>> 0}/${mask}`);
};

export const connmark: Maker = (site) => {
  if (!site.tracking) return null;
  const { value, mask } = markValue(site.random);
  return condition(site, 'connmark', (not) => `-m connmark ${not}--mark ${(value & mask) >>> 0}/${mask}`);
};

export const addrtype: Maker = (site) => {
  const { family, random } = site;
  const known =
    family === 4
      ? ['UNICAST', 'LOCAL', 'BROADCAST', 'MULTICAST', 'ANYCAST', 'BLACKHOLE', 'UNREACHABLE']
      : ['UNICAST', 'LOCAL', 'MULTICAST', 'UNREACHABLE', 'ANYCAST'];
  const types = (random.chance(0.6) ? [random.pick(known)] : random.some(known)).join(',');
  const side = random.pick(['src', 'dst', 'dst']);
  // In user chains the kernel cannot tell which interface there will be, and takes neither.
  const { sees } = site;
  const limit = !random.chance(0.25) || sees.in === sees.out ? '' : sees.in ? ' --limit-iface-in' : ' --limit-iface-out';
  if (limit !== '' && family === 6 && /UNREACHABLE/.test(types)) return null;
  const made = condition(site, `addrtype`, (not) => `-m addrtype ${not}--${side}-type ${types}${limit}`);
  return limit === '' ? made : { text: made.text, kinds: [...made.kinds, 'addrtype of a link'] };
};

export const mac: Maker = (site) => {
  if (!site.frame) return null;
  const address = peerMac(site.random.pick(arriving))
    .toString(16)
    .padStart(12, '0')
    .replace(/(..)(?!$)/g, '$1:');
  return condition(site, 'mac', (not) => `-m mac ${not}--mac-source ${address}`);
};

export const length: Maker = (site) => {
  // Few are longer than a link takes at once: those come in fragments.
  const low = site.random.chance(0.2) ? 1480 + site.random.below(40) : 24 + site.random.below(140);
  const high = low + site.random.below(40);
  around(low, high, site.edges.lengths);
  const text = site.random.pick([String(low), `${low}:${high}`, `${low}:`, `:${high}`]);
  return condition(site, 'length', (not) => `-m length ${not}--length ${text}`);
};

export const ttl: Maker = (site) => {
  const value = site.random.pick([0, 1, 2, 32, 63, 64, 65, 128, 254, 255]);
  around(value, value, site.edges.ttls);
  const [match, option, kind] = site.family === 4 ? ['ttl', '--ttl', 'ttl'] : ['hl', '--hl', 'hl'];
  if (site.random.chance(0.6)) return condition(site, kind, (not) => `-m ${match} ${not}${option}-eq ${value}`);
  return always(kind, `-m ${match} ${option}-${site.random.pick(['lt', 'gt'])} ${value}`);
};

export const set: Maker = (site) => {
  const usable = sets.filter(({ name, family }) => site.setNames.has(name) && (family === null || family === site.family));
  const chosen = site.random.pick(usable);
  // Of a frame's addresses only the source is a field of a packet, and only on its way in.
  const withMac = /,mac\b|:mac\b/.test(chosen.create);
  if (withMac && !site.frame) return null;
  const picked = Array.from({ length: chosen.dimensions }, () => site.random.pick(['src', 'dst']));
  const sides = (withMac ? picked.with(-1, 'src') : picked).join(',');
  const made = condition(site, 'set', (not) => `-m set ${not}--match-set ${chosen.name} ${sides}`);
  return { text: made.text, kinds: [...made.kinds, `set ${chosen.name}`] };
};

export const comment: Maker = (site) =>
  always(
    'comment',
    `-m comment --comment ${site.random.pick(['plain', '"-j DROP, they said"', '"a \\"quoted\\" word"', '"-s 10.0.0.0/8"'])}`,
  );

export const fragment: Maker = (site) => {
  if (site.family !== 4) return null;
  return condition(site, 'fragment', (not) => `${not}-f`);
};

/** Few of them, since each is a socket of its own. */
const users = [0, 1, 33, 1000, 4_294_967_294] as const;

export const owner: Maker = (site) => {
  // Only where packets leave that the host may have sent itself.
  if (site.sees.in || !site.sees.out) return null;
  const { random } = site;
  const ids = (): string => {
    const [from, to] = [random.pick(users), random.pick(users)];
    site.edges.users.push(from, to);
    return from < to ? `${from}-${to}` : String(from);
  };
  const option = random.pick(['--uid-owner', '--uid-owner', '--gid-owner', '--socket-exists']);
  const one = condition(
    site,
    `owner ${option}`,
    (not) => `-m owner ${not}${option}${option === '--socket-exists' ? '' : ` ${ids()}`}`,
  );
  if (option !== '--uid-owner' || random.chance(0.7)) return one;
  const both = condition(site, 'owner --gid-owner', (not) => `${not}--gid-owner ${ids()}`);
  return { text: `${one.text} ${both.text}`, kinds: [...one.kinds, ...both.kinds] };
};

export const pkttype: Maker = (site) => {
  const type = site.random.pick(['unicast', 'broadcast', 'multicast']);
  return condition(site, 'pkttype', (not) => `-m pkttype ${not}--pkt-type ${type}`);
};

/** Few values, so that what mangle writes is what filter asks for. */
export function serviceValue(random: Random): number {
  return random.pick([0, 0x10, 0x28, 0x40, 0x43, 0xb8, 0xff]);
}

export const service: Maker = (site) => {
  const { random, edges } = site;
  const value = serviceValue(random);
  edges.services.push(value, value ^ 1, value ^ 4);
  switch (random.pick(['dscp', 'tos', 'ecn'] as const)) {
    case 'dscp':
      return condition(site, 'dscp', (not) => `-m dscp ${not}--dscp ${value >> 2}`);
    case 'ecn':
      return condition(site, 'ecn', (not) => `-m ecn ${not}--ecn-ip-ect ${value & 3}`);
    case 'tos': {
      const mask = random.pick([0xff, 0xfc, 0x3f, 0x10, 3]);
      return condition(site, 'tos', (not) => `-m tos ${not}--tos ${value & mask}/${mask}`);
    }
  }
};
