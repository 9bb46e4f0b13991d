import { setTimeout as sleep } from 'node:timers/promises';
import { createKernel } from '../../src/kernel/index.ts';
import type { Namespace } from '../../src/kernel/namespace.ts';
import { type Nflog, type NflogPacket, openNflog } from '../../src/kernel/nflog.ts';
import { frame, identify, ipPacket, openRawOutput, openSender, type RawOutput, type Sender } from '../../src/kernel/packets.ts';
import { type Backend, type Host, hostFromTexts } from '../../src/model/host/index.ts';
import type { Family } from '../../src/model/net/index.ts';
import { type Packet, packetToJson } from '../../src/model/packet/index.ts';
import type { Result } from '../../src/result.ts';
import { pieces } from './pieces.ts';
import { filled, linesOf, sets } from './sets.ts';

export const GROUP = 7;

/** Links of the firewall; the far end of each is in the peer. Packets come in over the first three, leave over the others. */
export const arriving: readonly string[] = ['eth0', 'eth1', 'wlan0'];
export const leaving: readonly string[] = ['lan0', 'lan1'];
const links = [...arriving, ...leaving];

const firewallMac = (link: string): number => 0x020000000100 + links.indexOf(link);
export const peerMac = (link: string): number => 0x020000000200 + links.indexOf(link);

function macText(mac: number): string {
  const digits = mac.toString(16).padStart(12, '0');
  return (digits.match(/../g) ?? []).join(':');
}

/**
 * A firewall between two sides in namespaces of our own: `send` puts a packet on its way through the firewall,
 * `logged` gives what NFLOG rules of {@link GROUP} saw of it.
 */
export interface Lab extends AsyncDisposable {
  readonly backend: Backend;
  readonly firewall: Namespace;
  /** Links, addresses, routes and sets of the firewall, as palisade reads them. */
  readonly host: Host;
  /** Of {@link sets} those that this kernel has. */
  readonly setNames: ReadonlySet<string>;
  /** Replaces the firewall's rules; throws with what the tool said if it refuses. */
  load(family: Family, text: string): Promise<void>;
  /** Puts the packet where its hook begins, in so many fragments. `id` (32 bits) is found again by {@link idOf} and {@link carries}. */
  send(packet: Packet, id: number, fragments?: number): void;
  /** As `send`, with the bytes given: an IP packet that arrives over the packet's link. */
  sendBytes(packet: Packet, ip: Uint8Array): void;
  /**
   * Everything logged since the last call. `last` is sent again and again until a rule has reported it as `done`: so
   * what was sent before has most likely been seen by then, however busy the machine is.
   */
  logged(last: Packet): Promise<readonly NflogPacket[]>;
  lost(): number;
}

export async function openLab(backend: Backend): Promise<Lab> {
  const kernel = createKernel();
  await using made = new AsyncDisposableStack();
  const peer = made.use(await kernel.namespace());
  const firewall = made.use(
    await kernel.namespace({
      beside: peer,
      links: links.map((name, index) => ({
        name,
        addresses: [`10.9.${index + 1}.1/24`, `fd09:${index + 1}::1/64`],
        peer: { namespace: peer, name: `p${name}` },
      })),
    }),
  );
  const tool = async (where: Namespace, argv: readonly [string, ...string[]], input = ''): Promise<string> => {
    const result = await where.run({ argv, input });
    if (result.kind !== 'exited' || result.status !== 0) {
      throw new Error(`${argv.join(' ')}: ${result.kind === 'exited' ? result.stderr || result.stdout : result.kind}`);
    }
    return result.stdout;
  };
  await tool(peer, ['sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1']);
  const each = (setting: string): string[] => ['all', 'default', ...links].map((name) => setting.replace('*', name));
  await tool(firewall, [
    'sysctl',
    '-qw',
    'net.ipv4.ip_forward=1',
    'net.ipv6.conf.all.forwarding=1',
    ...each('net.ipv4.conf.*.rp_filter=0'),
    ...each('net.ipv4.conf.*.accept_local=1'),
    ...each('net.ipv4.conf.*.send_redirects=0'),
    ...each('net.ipv4.conf.*.route_localnet=0'),
    // A flow's packets carry ids where sequence numbers were.
    'net.netfilter.nf_conntrack_tcp_be_liberal=1',
    // However long a busy machine takes, the flows outlive it.
    'net.netfilter.nf_conntrack_udp_timeout=3600',
    'net.netfilter.nf_conntrack_udp_timeout_stream=3600',
    // Its own chatter would be taken for answers.
    ...each('net.ipv6.conf.*.router_solicitations=0'),
  ]);
  const setup = links.flatMap((name) => [`link set ${name} address ${macText(firewallMac(name))}`]);
  const routes = [
    'route add default via 10.9.4.2 dev lan0',
    'route add 172.16.0.0/12 via 10.9.5.2 dev lan1',
    'route add local 10.50.0.0/16 dev lo',
    'route add blackhole 192.0.2.240/28',
    'route add unreachable 198.51.100.240/28',
    'route add default via fd09:4::2 dev lan0',
    'route add fd72::/16 via fd09:5::2 dev lan1',
    'route add local fd50::/64 dev lo',
    'route add unreachable 2001:db8:dead::/48',
    ...[
      ['10.9.4.2', 'lan0'],
      ['10.9.5.2', 'lan1'],
      ['fd09:4::2', 'lan0'],
      ['fd09:5::2', 'lan1'],
    ].map(([address, name]) => `neigh add ${address} lladdr ${macText(peerMac(name ?? ''))} dev ${name} nud permanent`),
  ];
  // A line's family shows by its addresses.
  for (const [option, six] of [
    ['-4', false],
    ['-6', true],
  ] as const) {
    const lines = [...(six ? [] : setup), ...routes.filter((line) => line.includes('::') === six)];
    await tool(firewall, ['ip', option, '-batch', '-'], `${lines.join('\n')}\n`);
  }
  await tool(firewall, ['ipset', 'restore'], filled.join('\n'));
  // A kernel may lack some types of sets.
  const setNames = new Set<string>();
  for (const set of sets) {
    const made = await firewall.run({ argv: ['ipset', 'restore'], input: linesOf(set) });
    if (made.kind === 'exited' && made.status === 0) setNames.add(set.name);
    else if (made.kind !== 'exited' || !made.stderr.includes('set type not supported'))
      throw new Error(`ipset: ${JSON.stringify(made)}`);
  }

  const nflog = made.use(must<Nflog>(openNflog({ group: GROUP, namespacePid: firewall.pid, receiveBufferBytes: 64 << 20 })));
  const senders = new Map<string, Sender>();
  for (const name of links) senders.set(name, made.use(must<Sender>(openSender({ link: `p${name}`, namespacePid: peer.pid }))));
  const outputs = new Map<string, RawOutput>();
  const outputOf = ({ family, uid, gid }: Packet): RawOutput => {
    const key = `${family} ${uid} ${gid}`;
    let found = outputs.get(key);
    if (found === undefined) {
      const owner = { uid: uid ?? 0, gid: gid ?? 0 };
      found = all.use(must<RawOutput>(openRawOutput({ family, namespacePid: firewall.pid, owner })));
      outputs.set(key, found);
    }
    return found;
  };
  const host = hostFromTexts(await kernel.read({ namespace: firewall }));
  const senderOf = (packet: Packet): Sender => {
    const found = senders.get(packet.in ?? '');
    if (found === undefined) throw new Error(`no packet comes in over ${packet.in}`);
    return found;
  };
  const ethernet = (packet: Packet) => ({
    source: packet.mac ?? peerMac(packet.in ?? ''),
    destination: firewallMac(packet.in ?? ''),
  });
  const all = made.move();
  // Read while sending: where nobody may raise the receive buffer, a few hundred reports fill it.
  const taken: NflogPacket[] = [];
  let sends = 0;
  const take = (): number => {
    const some = nflog.read();
    for (const packet of some) taken.push(packet);
    return some.length;
  };
  const headers = new Map<string, Uint8Array>();
  const headerOf = (packet: Packet): Uint8Array => {
    const key = `${packet.family} ${packet.in} ${packet.mac} ${packet.pktType}`;
    let header = headers.get(key);
    if (header === undefined) {
      header = frame({ ...packet, length: 48, fragment: false }, ethernet(packet), 0).subarray(0, 14);
      headers.set(key, header);
    }
    return header;
  };
  const passOn = (packet: Packet, ip: Uint8Array): void => {
    sends += 1;
    if (sends % 16 === 0) take();
    if (packet.hook === 'output') {
      try {
        outputOf(packet).send(ip, packet.mark);
      } catch (error) {
        // What OUTPUT drops the sender is told: that is an answer, not a failure.
        if (!(error instanceof Error && error.message.endsWith('EPERM')))
          throw new Error(`${JSON.stringify(packetToJson(packet))}`, { cause: error });
      }
      return;
    }
    const whole = new Uint8Array(14 + ip.length);
    whole.set(headerOf(packet));
    whole.set(ip, 14);
    senderOf(packet).send(whole);
  };
  return {
    backend,
    firewall,
    host,
    setNames,
    async load(family, text) {
      await tool(firewall, [`${family === 4 ? 'iptables' : 'ip6tables'}-${backend}-restore`], text);
    },
    send(packet, id, fragments = 1) {
      // A forwarded packet's `ttl` is that of FORWARD, where the firewall has taken one off.
      const sent = packet.hook === 'forward' ? { ...packet, ttl: packet.ttl + 1 } : packet;
      for (const piece of pieces(ipPacket(sent, id), fragments, id)) passOn(packet, piece);
    },
    sendBytes: passOn,
    async logged(last) {
      let done = false;
      for (let quiet = 0, turn = 0; quiet < 2; turn += 1) {
        if (turn > 500) throw new Error('no rule has reported the last packet');
        if (!done && turn % 4 === 0) senderOf(last).send(frame(last, ethernet(last), 0));
        await sleep(11);
        const before = taken.length;
        const more = take();
        done ||= taken.slice(before).some(({ prefix }) => prefix === 'done');
        quiet = done && more === 0 ? quiet + 1 : 0;
      }
      return taken.splice(0).filter(({ prefix }) => prefix !== 'done');
    },
    lost: () => nflog.lost(),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

export function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.problems.map(({ message, hint }) => `${message}; ${hint}`).join('\n'));
  return result.value;
}

/** The low 16 bits of the id that a packet was sent with, wherever it has been since: IPv4's identification, IPv6's flow label. */
export function idOf(ip: Uint8Array): number {
  const view = new DataView(ip.buffer, ip.byteOffset, ip.byteLength);
  return view.getUint8(0) >>> 4 === 4 ? view.getUint16(4) : view.getUint16(2);
}

/** Whether these are the bytes that were sent with the id: all 32 bits where the transport has room, else the low ones. */
export function carries(ip: Uint8Array, id: number): boolean {
  const found = identify(ip);
  return found === id || (found !== undefined && found < 0x100000 && (found & 0xffff) === (id & 0xffff));
}

export function sourceOf(ip: Uint8Array): bigint {
  const view = new DataView(ip.buffer, ip.byteOffset, ip.byteLength);
  return view.getUint8(0) >>> 4 === 4 ? BigInt(view.getUint32(12)) : (view.getBigUint64(8) << 64n) | view.getBigUint64(16);
}

/** Where the packet goes, as its bytes say; the port is that of protocols which have one in the usual place. */
export function endsOf(ip: Uint8Array): { readonly dst: bigint; readonly dport: number } {
  const view = new DataView(ip.buffer, ip.byteOffset, ip.byteLength);
  const four = view.getUint8(0) >>> 4 === 4;
  const dst = four ? BigInt(view.getUint32(16)) : (view.getBigUint64(24) << 64n) | view.getBigUint64(32);
  const at = (four ? 20 : 40) + 2;
  return { dst, dport: at + 2 <= ip.length ? view.getUint16(at) : 0 };
}
