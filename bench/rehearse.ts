/**
 * A rehearsal beside the bare tools that do the same: a namespace, links, addresses, a route, rules of both families, and
 * what the kernel prints back. And how many packets a second go through one, with and without the rules they meet.
 * Another load on the machine moves all of it: look at the first line.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKernel, type RehearsalInput, rehearse } from '../src/kernel/index.ts';
import type { Packet } from '../src/model/packet/index.ts';
import type { Result } from '../src/result.ts';
import { compare } from './harness/ratio.ts';

const kernel = createKernel();
const sizes = [
  { links: 4, rules: 50 },
  { links: 4, rules: 100 },
  { links: 10, rules: 500 },
  { links: 50, rules: 500 },
  { links: 2, rules: 5000 },
] as const;
const runs = 9;
const backends = ['nft', 'legacy'] as const;
const folder = mkdtempSync(join(tmpdir(), 'palisade-bench-'));

function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.value;
}

function ruleset(family: 4 | 6, rules: number): string {
  const lines = Array.from({ length: rules }, (_, index) => {
    const source = family === 4 ? `10.${index >> 8}.${index & 255}.1/32` : `2001:db8::${index.toString(16)}/128`;
    return `-A INPUT -s ${source} -i e0 -p tcp -m tcp --dport ${1 + index} -m conntrack --ctstate NEW -j ACCEPT`;
  });
  return `*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n${lines.join('\n')}\nCOMMIT\n`;
}

function inputOf(backend: 'nft' | 'legacy', links: number, rules: number): RehearsalInput {
  const names = Array.from({ length: links }, (_, index) => `e${index}`);
  return {
    backend,
    links: names.map((name) => ({ name })),
    addresses: names.map((link, index) => ({ link, address: `192.0.${index}.1/24` })),
    routes: [{ to: 'default', via: '192.0.0.254', link: 'e0' }],
    rulesets: { 4: ruleset(4, rules), 6: ruleset(6, rules) },
  };
}

/** The same by a shell, with the same kind of links. */
function script(input: RehearsalInput): string {
  const batch = [
    ...(input.links ?? []).flatMap(({ name }, index) => [
      `link add name ${name} type veth peer name palisade~${index}`,
      `link set dev ${name} arp off up`,
    ]),
    ...(input.addresses ?? []).map(({ link, address }) => `address add ${address} dev ${link}`),
    'route add default via 192.0.0.254 dev e0 onlink',
  ];
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, 'latin1');
    return join(folder, name);
  };
  const { backend, rulesets } = input;
  return [
    `ip -batch ${file('batch', `link set lo up\n${batch.join('\n')}\n`)}`,
    `iptables-${backend}-restore ${file('four', rulesets[4] ?? '')}`,
    `ip6tables-${backend}-restore ${file('six', rulesets[6] ?? '')}`,
    `iptables-${backend}-save > ${join(folder, 'four.saved')}`,
    `ip6tables-${backend}-save > ${join(folder, 'six.saved')}`,
  ].join('\n');
}

async function timed(act: () => unknown): Promise<number> {
  const from = performance.now();
  await act();
  return performance.now() - from;
}

async function once(input: RehearsalInput): Promise<void> {
  await using rehearsal = must(await rehearse(kernel, { ...input, readsBack: true }));
  must(await rehearsal.readBack());
}

const ssh: Packet = {
  ...{ family: 4, hook: 'forward', in: 'e0', out: 'e1', src: 0xcb007109n, dst: 0xc0000105n, proto: 6, sport: 40000, dport: 22 },
  ...{ icmpType: null, icmpCode: null, flags: 2, state: 'NEW', status: 0, direction: 'original', original: null, mark: 0 },
  ...{ connmark: 0, length: 60, ttl: 64, fragment: false, mac: null },
} as const;

async function rates(backend: 'nft' | 'legacy'): Promise<void> {
  const lines = Array.from({ length: 40 }, (_, index) => {
    return `-A FORWARD -p tcp -m tcp --dport ${1000 + index * 10} -j ${index % 2 === 0 ? 'DROP' : 'ACCEPT'}`;
  });
  const text = `*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n${lines.join('\n')}\nCOMMIT\n`;
  const input = { ...inputOf(backend, 2, 0), packets: true, rulesets: { 4: text } };
  await using rehearsal = must(await rehearse(kernel, input));
  const packets = Array.from({ length: 60_000 }, (_, index) => ({
    ...ssh,
    sport: 1024 + index,
    dport: 1000 + ((index * 7) % 500),
  }));
  for (const rules of [false, true]) {
    const perSecond: number[] = [];
    const perProcessorSecond: number[] = [];
    for (let run = 0; run < 5; run += 1) {
      const before = process.cpuUsage();
      const ms = await timed(async () => must(await rehearsal.send(packets, { rules })));
      const { user, system } = process.cpuUsage(before);
      perSecond.push((packets.length / ms) * 1000);
      perProcessorSecond.push((packets.length / (user + system)) * 1e6);
    }
    const best = (values: readonly number[]): string => Math.round(Math.max(...values)).toLocaleString('en');
    const wanted = rules ? 10_000 : 50_000;
    process.stdout.write(
      `  ${backend}, 40 rules, ${rules ? 'verdicts and rules' : 'verdicts'}: best of 5 ${best(perSecond)} packets/s · ` +
        `${best(perProcessorSecond)} per second of processor time (wanted: ${wanted.toLocaleString('en')})\n`,
    );
  }
}

try {
  process.stdout.write(`  load of the last minute, on ${availableParallelism()} processors: ${loadavg()[0]?.toFixed(1)}\n`);
  for (const backend of backends) {
    for (const { links, rules } of sizes) {
      const input = inputOf(backend, links, rules);
      const shell = script(input);
      const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', XTABLES_LOCKFILE: join(folder, 'lock') };
      const ms: number[] = [];
      const peerMs: number[] = [];
      await once(input);
      for (let run = 0; run < runs; run += 1) {
        peerMs.push(await timed(() => execFileSync('unshare', ['-n', 'sh', '-ec', shell], { env })));
        ms.push(await timed(() => once(input)));
      }
      const wanted = rules > 100 ? '' : ' (wanted: at most 60 ms)';
      const what = `${backend}, ${links} links, 2 × ${rules} rules${wanted}, best ${Math.round(Math.min(...ms))} ms`;
      const most = rules > 100 ? { atMost: { ratio: 1.5 } } : {};
      compare({ what, ms, peer: 'unshare, ip, restore, save by a shell', peerMs, ...most });
    }
  }
  // After them, since a process that holds many packets is slower to start programs.
  for (const backend of backends) await rates(backend);
} finally {
  rmSync(folder, { recursive: true });
}
