import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Reach, reachOf } from '../../src/analysis/answers/index.ts';
import { rowsAbout } from '../../src/analysis/answers/reached.fixture.ts';
import { createKernel, type Namespace } from '../../src/kernel/index.ts';
import { inside, tell } from '../../src/kernel/inside.fixture.ts';
import { frame, openSender } from '../../src/kernel/packets.ts';
import { hostFromTexts } from '../../src/model/host/index.ts';
import { parseAddress } from '../../src/model/net/index.ts';
import type { Packet } from '../../src/model/packet/index.ts';

/** Three namespaces: a client, the host with its rules, and behind it containers, which share one. */
interface Lab {
  readonly ruleset: string;
  readonly changed: (text: string) => string;
  /** The host's links beside eth0, and the containers' addresses behind each. */
  readonly links: readonly { readonly name: string; readonly own: string; readonly containers: readonly string[] }[];
  readonly destinations: readonly string[];
  readonly ports: Readonly<Record<'tcp' | 'udp', readonly number[]>>;
}

const labs: Readonly<Record<string, Lab>> = {
  docker: {
    ruleset: 'docker/nft-v4.save',
    // Docker leaves INPUT to others, here with a firewall.
    changed: (text) =>
      text
        .replace(':INPUT ACCEPT [0:0]\n', ':INPUT DROP [0:0]\n')
        .replace('-A FORWARD -j DOCKER-USER', '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n-A FORWARD -j DOCKER-USER'),
    links: [
      { name: 'docker0', own: '172.17.0.1/16', containers: ['172.17.0.2/16'] },
      { name: 'br-b555ea82a5bb', own: '172.30.0.1/24', containers: ['172.30.0.2/24'] },
      { name: 'br-89033ba2a1eb', own: '172.18.0.1/16', containers: ['172.18.0.2/16'] },
    ],
    destinations: ['198.51.100.10', '172.17.0.1', '172.17.0.2', '172.30.0.2', '172.18.0.2'],
    ports: { tcp: [22, 80, 5432, 6000, 6001, 7000, 8080, 9000], udp: [53, 8080, 9000] },
  },
  kubernetes: {
    ruleset: 'kubernetes/nft-v4.save',
    // What the marks let through is seen only where nothing else is.
    changed: (text) =>
      text.replace(/:FORWARD ACCEPT \[\d+:\d+\]\n(?=:OUTPUT ACCEPT \[\d+:\d+\]\n:KUBE-EXTERNAL)/, ':FORWARD DROP [0:0]\n'),
    links: [{ name: 'cni0', own: '10.244.0.1/16', containers: ['10.244.1.10/16', '10.244.2.11/16', '10.244.0.2/16'] }],
    destinations: ['198.51.100.10', '10.96.33.3', '10.96.0.10', '10.96.77.7', '10.244.1.10', '10.244.0.1'],
    ports: { tcp: [22, 80, 8080, 30999, 31234], udp: [53, 80] },
  },
};

const sources = ['203.0.113.9', '198.51.100.20'];

interface Probe {
  readonly src: string;
  readonly dst: string;
  readonly proto: 'tcp' | 'udp';
  readonly port: number;
}

it.each([
  ['docker', 'nft'],
  ['docker', 'legacy'],
  ['kubernetes', 'nft'],
  ['kubernetes', 'legacy'],
] as const)('%s: who reaches what is what the kernel lets through (%s)', async (name, backend) => {
  const lab = labs[name] as Lab;
  const kernel = createKernel();
  await using made = new AsyncDisposableStack();
  const client = made.use(await kernel.namespace());
  const container = made.use(await kernel.namespace({ beside: client }));
  const firewall = made.use(
    await kernel.namespace({
      beside: client,
      links: [
        { name: 'eth0', addresses: ['198.51.100.10/24'], peer: { namespace: client, name: 'c0' } },
        ...lab.links.map(({ name: link, own }, index) => ({
          name: link,
          addresses: [own],
          peer: { namespace: container, name: `v${index}` },
        })),
      ],
    }),
  );
  await tell(
    client,
    ...sources.map((address) => `ip address add ${address}/24 dev c0`),
    ...['10.0.0.0/8', '172.16.0.0/12'].map((prefix) => `ip route add ${prefix} via 198.51.100.10`),
  );
  await tell(
    container,
    ...lab.links.flatMap(({ own, containers }, index) => [
      ...containers.map((address) => `ip address add ${address} dev v${index}`),
      // Each address answers by its own link.
      `ip route add default via ${bare(own)} dev v${index} table ${100 + index}`,
      ...containers.map((address) => `ip rule add from ${bare(address)} table ${100 + index}`),
    ]),
  );
  await tell(
    firewall,
    'ip route add default via 198.51.100.20',
    'sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0',
    ...['eth0', ...lab.links.map(({ name: link }) => link)].map(
      (link) => `sysctl -qw net.ipv4.conf.${link.replace('.', '/')}.rp_filter=0`,
    ),
  );
  const text = lab.changed(readFileSync(join(import.meta.dirname, '../../testdata/rulesets', lab.ruleset), 'latin1'));
  const loaded = await firewall.run({ argv: [`iptables-${backend}-restore`], input: text });
  expect(loaded).toMatchObject({ kind: 'exited', status: 0 });

  const own = ['198.51.100.10', ...lab.links.map((link) => bare(link.own))];
  const contained = lab.links.flatMap(({ containers }) => containers.map(bare));
  await using hostServers = await serve(firewall, 'host', own, lab.ports);
  await using containerServers = await serve(container, 'container', contained, lab.ports);
  expect([hostServers.said, containerServers.said]).toEqual(['ready', 'ready']);

  const host = hostFromTexts(await kernel.read({ namespace: firewall }));
  const reach = reachOf(host, 4) as Extract<Reach, { kind: 'known' }>;
  expect(reach.kind).toBe('known');
  expect(reach.assumed).toEqual([]);

  const probes = sources.flatMap((src) =>
    lab.destinations.flatMap((dst) =>
      (['tcp', 'udp'] as const).flatMap((proto) => lab.ports[proto].map((port): Probe => ({ src, dst, proto, port }))),
    ),
  );
  const answers = await ask(client, probes);
  const wrong: string[] = [];
  const counts: Record<string, number> = {};
  for (const [index, { src, dst, proto, port }] of probes.entries()) {
    const rows = rowsAbout(reach, {
      link: 'eth0',
      src: value(src),
      dst: value(dst),
      proto: proto === 'tcp' ? 6 : 17,
      port,
      own: own.map(value),
    });
    const said = [
      ...new Set(
        rows.flatMap(({ goals }) =>
          goals.map(({ kind, ...to }) =>
            kind === 'host' ? 'host' : 'link' in to && to.link === 'eth0' ? 'nobody' : 'container',
          ),
        ),
      ),
    ];
    const depends = rows.some(({ verdict }) => verdict === 'DEPENDS');
    const answer = answers[index] ?? 'nobody';
    counts[answer] = (counts[answer] ?? 0) + 1;
    const expected = said.length === 0 ? ['nobody'] : depends ? [...said, 'nobody'] : said;
    if (!expected.includes(answer)) wrong.push(`${src} → ${dst} ${proto} ${port}: said ${expected.join(' or ')}, was ${answer}`);
  }
  expect(wrong).toEqual([]);
  expect(counts['container']).toBeGreaterThan(3);
  expect(counts['host']).toBeGreaterThan(1);
  expect(counts['nobody']).toBeGreaterThan(20);
  expect(reach.rows.some(({ goals }) => goals.some(({ kind }) => kind === 'published'))).toBe(true);
  if (name !== 'docker') return;

  // Docker published 127.0.0.1:9000; DNAT comes before routing, which would have dropped the packet.
  const asked = { link: 'eth0', src: value('203.0.113.9'), dst: value('127.0.0.1'), proto: 17, port: 9000, own: own.map(value) };
  expect(rowsAbout(reach, asked).map(({ verdict, goals }) => [verdict, goals[0]])).toEqual([
    ['ACCEPT', { kind: 'published', address: '172.17.0.2', port: null, link: 'docker0' }],
  ]);
  await tell(container, 'iptables-nft -A INPUT -p udp -s 203.0.113.9 -d 172.17.0.2 --dport 9000');
  const mac = async (where: Namespace, link: string): Promise<number> =>
    Number.parseInt(
      (await tell(where, `ip -o link show ${link}`)).match(/ether ([0-9a-f:]+)/)?.[1]?.replaceAll(':', '') ?? '',
      16,
    );
  const ethernet = { source: await mac(client, 'c0'), destination: BigInt(await mac(firewall, 'eth0')) };
  const sender = openSender({ link: 'c0', namespacePid: client.pid });
  if (!sender.ok) throw new Error(sender.problems[0]?.message);
  using wire = sender.value;
  const packet: Packet = {
    family: 4, hook: 'forward', in: 'eth0', out: null, src: asked.src, dst: asked.dst, proto: 17, sport: 40_001, dport: 9000,
    icmpType: null, icmpCode: null, flags: 0, state: 'NEW', status: 0, direction: 'original', original: null, mark: 0, connmark: 0,
    length: 60, ttl: 64, fragment: false, mac: null,
  }; // biome-ignore format: one packet
  const counted = async (): Promise<number> =>
    Number((await tell(container, 'iptables-nft-save -c -t filter')).match(/^\[(\d+):\d+\] -A INPUT /m)?.[1] ?? 0);
  for (let turn = 0; turn < 50 && (await counted()) === 0; turn += 1) wire.send(frame(packet, ethernet, turn + 1));
  expect(await counted()).toBeGreaterThan(0);
});

function bare(prefix: string): string {
  return prefix.split('/')[0] ?? '';
}

function value(address: string): bigint {
  const parsed = parseAddress(address);
  if (parsed === undefined) throw new Error(address);
  return parsed.value;
}

/** Whoever asks at one of the ports is told who answered. A UDP socket answers from the address that it is bound to. */
function serve(where: Namespace, name: string, addresses: readonly string[], ports: Lab['ports']): ReturnType<typeof inside> {
  return inside(
    where,
    `import net from 'node:net'; import dgram from 'node:dgram';
     const waits = ${JSON.stringify(ports.tcp)}.map((port) => new Promise((done) => net.createServer((socket) => { socket.on('error', () => {}); socket.end('${name}'); }).listen(port, '0.0.0.0', done)));
     for (const port of ${JSON.stringify(ports.udp)}) for (const address of ${JSON.stringify(addresses)}) {
       const socket = dgram.createSocket('udp4');
       socket.on('message', (_, { address, port }) => socket.send('${name}', port, address)).on('error', () => {});
       waits.push(new Promise((done) => socket.bind(port, address, done)));
     }
     await Promise.all(waits); console.log('ready');`,
  );
}

/** Opens every connection at once, and waits until a while after the last answer. */
async function ask(where: Namespace, probes: readonly Probe[]): Promise<readonly (string | null)[]> {
  const script = `import net from 'node:net'; import dgram from 'node:dgram';
    const probes = ${JSON.stringify(probes)};
    const answers = probes.map(() => null);
    let last = Date.now();
    const heard = (index, data) => { answers[index] = String(data); last = Date.now(); };
    for (const [index, { src, dst, proto, port }] of probes.entries()) {
      if (proto === 'tcp') net.connect({ host: dst, port, localAddress: src }).on('data', (data) => heard(index, data)).on('error', () => {});
      else {
        const socket = dgram.createSocket('udp4').on('message', (data) => heard(index, data)).on('error', () => {});
        socket.bind({ address: src }, () => socket.send('hello', port, dst, () => {}));
      }
    }
    setInterval(() => { if (Date.now() - last > 1500) { process.stdout.write(JSON.stringify(answers), () => process.exit(0)); } }, 50);`;
  const result = await where.run({ argv: [process.execPath, '--no-warnings', '--input-type=module', '-e', script] });
  if (result.kind !== 'exited' || result.status !== 0) throw new Error(JSON.stringify(result));
  return JSON.parse(result.stdout) as (string | null)[];
}
