import { expect, test } from 'vitest';
import { type Host, hostFromTexts, type TrafficFilters } from '../model/host/index.ts';
import { can, inside, tell, value, why } from './inside.fixture.ts';
import { createKernel } from './kernel.ts';
import type { Namespace } from './namespace.ts';

const kernel = createKernel();

async function hostIn(ns: Namespace): Promise<Host> {
  return hostFromTexts(await kernel.read({ namespace: ns }));
}

/** The filters; where nobody but root may ask for tcx, that is why they are unknown, and the others are looked at. */
async function trafficIn(ns: Namespace): Promise<readonly TrafficFilters[]> {
  const read = await kernel.read({ namespace: ns });
  const { traffic } = hostFromTexts(read);
  if (traffic.known || read.texts.tcx.read) return value(traffic);
  expect(why(traffic)).toMatch(/only root may read the BPF programs|koffi is not installed/);
  const none = { read: true, text: '', command: 'bpf', warnings: '' } as const;
  return value(hostFromTexts({ ...read, texts: { ...read.texts, tcx: none } }).traffic);
}

test('filters of traffic control, before and after the rules', async ({ skip }) => {
  await using ns = await kernel.namespace({ links: [{ name: 'eth0' }, { name: 'eth1' }] });
  const classic = "bpf bytecode '1,6 0 0 4294967295,'";
  if (!(await can(ns, `tc qdisc add dev eth0 clsact && tc filter add dev eth0 ingress protocol ip prio 3 ${classic}`)))
    return skip();
  await tell(
    ns,
    `tc filter add dev eth0 ingress protocol ip prio 3 ${classic}`,
    `tc filter add dev eth0 egress protocol all prio 9 ${classic}`,
    'tc qdisc add dev eth1 ingress',
  );
  expect(await trafficIn(ns)).toEqual([
    { link: 'eth0', at: 'ingress', filters: [{ kind: 'bpf', protocol: 'ip', preference: 3 }] },
    { link: 'eth0', at: 'egress', filters: [{ kind: 'bpf', protocol: 'all', preference: 9 }] },
  ]);
  if (
    !(await can(ns, `tc qdisc add dev eth1 root handle 1: htb && tc filter add dev eth1 parent 1: protocol ip prio 4 ${classic}`))
  )
    return;
  expect(await trafficIn(ns)).toContainEqual({
    link: 'eth1',
    at: 'root',
    filters: [{ kind: 'bpf', protocol: 'ip', preference: 4 }],
  });
});

test('a link whose name tc would read as something else makes the filters unknown', async () => {
  await using ns = await kernel.namespace();
  await tell(ns, "ip link add name 'a#b' type veth peer name p0", "tc qdisc add dev 'a#b' clsact");
  expect(why((await hostIn(ns)).traffic)).toMatch(/"a#b", which tc cannot be asked about/);
});

/**
 * In a process inside: a program that lets everything pass is put on a link, without any queue (bpf(2): BPF_PROG_LOAD,
 * BPF_LINK_CREATE; include/uapi/linux/bpf.h, BPF_TCX_INGRESS is 46). The kernel takes it off when the process ends.
 */
const attach = (place: number): string => `
  import { execFileSync } from 'node:child_process';
  import { createRequire } from 'node:module';
  import { libc } from ${JSON.stringify(new URL('./libc.ts', import.meta.url).href)};
  const koffi = createRequire(${JSON.stringify(import.meta.url)})('koffi');
  const index = Number(/^\\d+/.exec(execFileSync('ip', ['-o', 'link', 'show', 'dev', 'eth0'], { encoding: 'utf8' }))[0]);
  const code = Buffer.alloc(16);
  code.writeUInt8(0xb7, 0);
  code.writeUInt8(0x95, 8);
  const license = Buffer.from('GPL\\0');
  const load = Buffer.alloc(128);
  load.writeUInt32LE(3, 0);
  load.writeUInt32LE(2, 4);
  load.writeBigUInt64LE(koffi.address(code), 8);
  load.writeBigUInt64LE(koffi.address(license), 16);
  const program = libc().value.bpf(5, load);
  const link = Buffer.alloc(64);
  link.writeInt32LE(program, 0);
  link.writeInt32LE(index, 4);
  link.writeUInt32LE(${place}, 8);
  console.log(program < 0 ? program : libc().value.bpf(28, link));
`;

test('programs that neither tc nor ip shows are found: they see packets before all rules', async () => {
  await using ns = await kernel.namespace({ links: [{ name: 'eth0' }] });
  await using attached = await inside(ns, attach(46));
  // Not everybody may load programs, and older kernels have no such place for them.
  if (Number(attached.said) < 0) {
    expect(await trafficIn(ns)).toEqual([]);
    return;
  }
  expect(await tell(ns, 'tc qdisc show dev eth0; tc filter show dev eth0 ingress')).not.toMatch(/bpf|tcx|clsact/);
  expect(value((await hostIn(ns)).traffic)).toEqual([
    { link: 'eth0', at: 'ingress', filters: [{ kind: 'tcx', protocol: 'all', preference: 0 }] },
  ]);
});
