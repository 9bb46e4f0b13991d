import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Host, hostFromFiles } from '../../model/host/index.ts';
import { formatAddress, parseAddress, TCP, UDP } from '../../model/net/index.ts';
import { type Packet, type Trace, tcpFlags } from '../../model/packet/index.ts';
import { createEvaluator } from '../evaluate/index.ts';
import { rulesetText, seeded } from './random-rules.fixture.ts';
import { type Reach, reachOf } from './reach.ts';
import { rowsAbout } from './reached.fixture.ts';

const root = join(import.meta.dirname, '../../../testdata/rulesets');
const local = (to: string, link: string): object => ({ to, type: 'local', table: 'local', link });

/** A host with two networks behind it. */
const facts = {
  links: [{ name: 'eth0' }, { name: 'eth1' }, { name: 'docker0', kind: 'bridge' }, { name: 'br-b555ea82a5bb', kind: 'bridge' }],
  addresses: [
    { link: 'eth0', address: '198.51.100.10/24' },
    { link: 'eth1', address: '10.244.0.1/16' },
    { link: 'docker0', address: '172.17.0.1/16' },
    { link: 'br-b555ea82a5bb', address: '172.30.0.1/24' },
    { link: 'eth0', address: '2001:db8::10/64' },
    { link: 'eth1', address: 'fd00:1::1/64' },
  ],
  routes: [
    { to: 'default', via: '198.51.100.1', link: 'eth0' },
    { to: '198.51.100.0/24', link: 'eth0' },
    { to: '10.244.0.0/16', link: 'eth1' },
    { to: '172.17.0.0/16', link: 'docker0' },
    { to: '172.30.0.0/24', link: 'br-b555ea82a5bb' },
    { to: '192.0.2.0/24', type: 'unreachable' },
    local('198.51.100.10', 'eth0'),
    local('10.244.0.1', 'eth1'),
    local('172.17.0.1', 'docker0'),
    local('172.30.0.1', 'br-b555ea82a5bb'),
    local('127.0.0.0/8', 'lo'),
    { to: 'default', via: '2001:db8::1', link: 'eth0', family: 6 },
    { to: '2001:db8::/64', link: 'eth0' },
    { to: 'fd00:1::/64', link: 'eth1' },
    local('2001:db8::10', 'eth0'),
    local('fd00:1::1', 'eth1'),
  ],
  routingRules: [
    { priority: 0, table: 'local' },
    { priority: 32766, table: 'main' },
    { priority: 0, table: 'local', family: 6 },
    { priority: 32766, table: 'main', family: 6 },
  ],
  sysctls: { 'net.ipv4.ip_forward': '1', 'net.ipv6.conf.all.forwarding': '1', 'net.ipv4.conf.all.rp_filter': '0' },
};
const ownOf = {
  4: ['198.51.100.10', '10.244.0.1', '172.17.0.1', '172.30.0.1'].map(value),
  6: ['2001:db8::10', 'fd00:1::1'].map(value),
} as const;
const strangers = {
  4: ['203.0.113.9', '10.244.0.77', '172.17.0.2', '192.168.1.5'].map(value),
  6: ['2001:db8:9::9', 'fd00:1::77', 'fe80::9'].map(value),
} as const;
const elsewhere = { 4: ['172.17.0.2', '8.8.8.8'].map(value), 6: ['fd00:1::2', '2001:db8:77::1'].map(value) } as const;
const networks: readonly (readonly [prefix: string, link: string | null])[] = [
  ['10.244.', 'eth1'],
  ['172.17.', 'docker0'],
  ['172.30.0.', 'br-b555ea82a5bb'],
  ['192.0.2.', null],
  ['fd00:1:', 'eth1'],
];

function value(address: string): bigint {
  return parseAddress(address)?.value ?? 0n;
}

function linkTo(family: 4 | 6, dst: bigint): string | null {
  const text = formatAddress({ family, value: dst });
  const found = networks.find(([prefix]) => text.startsWith(prefix));
  return found === undefined ? 'eth0' : found[1];
}

/** Whether a packet is let in: ACCEPT, DEPENDS, or else what becomes of it. */
function wordOf(trace: Trace | null): string {
  if (trace === null) throw new Error('the rules are unknown');
  if (trace.verdict !== 'DEPENDS') return trace.verdict;
  return trace.outcomes.some(({ verdict }) => verdict === 'ACCEPT') ? 'DEPENDS' : 'refused';
}

/** What the interpreter says of a packet that is followed by hand: to the host, or on by the route of where it goes then. */
function followed(host: Host, packet: Packet): string {
  const evaluator = createEvaluator(host);
  const toHost = ownOf[packet.family].includes(packet.dst);
  const input = evaluator.trace({ ...packet, hook: 'input', out: null });
  if (toHost && input?.verdict !== 'UNDECIDED') return wordOf(input);
  const dnat = input?.assumed.join(' ').match(/sends the packet on to another host/) !== null && input?.verdict === 'UNDECIDED';
  const to = dnat ? null : packet.dst;
  const verdicts = new Set<string>();
  const links = to === null ? ['eth0', 'eth1', 'docker0', 'br-b555ea82a5bb'] : [linkTo(packet.family, to)];
  for (const out of links) {
    if (out === null) return 'no route';
    const trace = evaluator.trace({ ...packet, hook: 'forward', out, ttl: packet.ttl - 1 });
    verdicts.add(wordOf(trace));
  }
  return [...verdicts].sort().join();
}

const rulesets = [
  'docker',
  'kubernetes',
  'ufw',
  'guide',
  'ferm-dmz_router',
  'wg-quick',
  'netavark',
  'shorewall-one-interface',
  'firehol-default',
  'libvirt',
  'cni',
];

describe.each(rulesets)('who can reach what through %s', (name) => {
  it('is what the interpreter says of single packets', () => {
    const text = readFileSync(join(root, name, 'nft-v4.save'), 'latin1');
    const { wrong, decided } = compared(4, text, 400, seeded(name.length));
    expect(wrong).toEqual([]);
    expect(decided).toBeGreaterThan(100);
  });
});

it.each([4, 6] as const)('who can reach what is so of random rules (IPv%i)', (family) => {
  let decided = 0;
  for (let seed = 1; seed <= 40; seed += 1) {
    const random = seeded(100 * family + seed);
    const text = rulesetText(random, family);
    const found = compared(family, text, 60, random);
    expect([seed, ...found.wrong]).toEqual([seed]);
    decided += found.decided;
  }
  expect(decided).toBeGreaterThan(500);
});

/** What rows say of so many packets, against the interpreter; `decided`: of how many it is certain. */
function compared(
  family: 4 | 6,
  text: string,
  packets: number,
  random: (below: number) => number,
): { readonly wrong: readonly string[]; readonly decided: number } {
  const read = hostFromFiles({
    rulesets: [{ file: 'rules', text, family }],
    facts: { file: 'facts', text: JSON.stringify(facts) },
    readAt: 0,
  });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const reach = reachOf(read.value, family) as Extract<Reach, { kind: 'known' }>;
  expect(reach.kind).toBe('known');
  // Each row shows a packet that the interpreter lets in, if its open matches answer as said.
  expect(reach.rows.filter(({ witness }) => witness === null)).toEqual([]);
  const pick = <T>(from: readonly T[]): T => from[random(from.length)] as T;
  const own = ownOf[family];
  const mentioned = mentionedIn(family, text);
  const ports = [22, 80, 443, 53, 8080, 40000, ...(text.match(/(?<=(?:dports?|[,:]) ?)\d{2,5}\b/g) ?? []).map(Number)].filter(
    (port) => port < 65_536,
  );
  const wrong: string[] = [];
  let decided = 0;
  for (let count = 0; count < packets; count += 1) {
    const icmp = family === 4 ? 1 : 58;
    const proto = pick([TCP, TCP, UDP, icmp, 47]);
    const hasPorts = proto === TCP || proto === UDP;
    const packet: Packet = {
      family, hook: 'input', in: pick(['eth0', 'eth0', 'eth1', 'docker0']), out: null,
      src: pick([...strangers[family], ...mentioned]), dst: pick([...own, ...own, ...elsewhere[family], ...mentioned]),
      proto, sport: hasPorts ? 40_000 : null, dport: hasPorts ? pick(ports) : null,
      icmpType: proto === icmp ? (family === 4 ? 8 : 128) : null, icmpCode: proto === icmp ? 0 : null, flags: proto === TCP ? tcpFlags.SYN : 0,
      state: 'NEW', status: 0, direction: 'original', original: null, mark: 0, connmark: 0, length: 60, ttl: 64, fragment: false, mac: 0x020000000001,
    }; // biome-ignore format: one packet
    // The kernel takes neither: a source of its own, and a destination that is a network's first or last address.
    if (own.includes(packet.src) || packet.dst % 256n === 255n || packet.dst % 256n === 0n) continue;
    const truth = followed(read.value, packet);
    const asked = { link: packet.in ?? '', src: packet.src, dst: packet.dst, proto, port: packet.dport ?? packet.icmpType, own };
    const rows = rowsAbout(reach, asked);
    const said = rows.some(({ verdict }) => verdict === 'ACCEPT') ? 'ACCEPT' : rows.length > 0 ? 'DEPENDS' : 'refused';
    const words =
      truth === 'ACCEPT'
        ? ['ACCEPT']
        : truth === 'DEPENDS'
          ? ['DEPENDS']
          : /,|UNDECIDED/.test(truth)
            ? ['ACCEPT', 'DEPENDS', 'refused']
            : ['refused'];
    if (words.length === 1 && said !== 'DEPENDS') decided += 1;
    // A row that depends may depend on another field than the packet's own, which then decides.
    if (!words.includes(said) && !(said === 'DEPENDS' && truth !== 'no route')) {
      const where = [packet.in, packet.src, packet.dst].map((one) =>
        typeof one === 'bigint' ? formatAddress({ family, value: one }) : one,
      );
      wrong.push(`${where.join(' ')} ${proto} ${packet.dport}: ${said}, but ${truth}`);
    }
  }
  return { wrong, decided };
}

/** Addresses in the rules that somebody could have. */
function mentionedIn(family: 4 | 6, text: string): readonly bigint[] {
  const found = family === 4 ? text.match(/\b\d+\.\d+\.\d+\.\d+\b/g) : text.match(/(?<=[ [])[0-9a-f]+:[0-9a-f:]*/g);
  return [...new Set(found ?? [])].flatMap((word) => {
    const address = parseAddress(word);
    if (address?.family !== family) return [];
    const one = address.value % 256n === 0n ? address.value + 7n : address.value;
    const isOdd =
      family === 4 ? one >> 24n === 0n || one >> 24n === 127n || one >> 28n >= 14n : one >> 120n === 0xffn || one <= 1n;
    return isOdd ? [] : [one];
  });
}

it('is undecided over the budget', () => {
  const text = readFileSync(join(root, 'docker', 'nft-v4.save'), 'latin1');
  const read = hostFromFiles({ rulesets: [{ file: 'docker', text, family: 4 }], readAt: 0 });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  expect(reachOf(read.value, 4, 100)).toMatchObject({ kind: 'undecided', why: expect.stringContaining('more than 100 nodes') });
  expect(reachOf(read.value, 6)).toMatchObject({ kind: 'unknown' });
});
