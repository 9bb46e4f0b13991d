import type { HostTexts, TextName, TextRead } from '../model/host/index.ts';
import { readFolder, readLines } from './here.ts';
import { readModules } from './modules.ts';
import { readFlowtables, readNftChains, readNftRules } from './nft.ts';
import { readProcesses } from './processes.ts';
import { atMost, type Reading, readBy } from './reading.ts';
import type { Run } from './run.ts';
import { readAuditRules, readLosses, readModuleFiles, readUnits } from './services.ts';
import { readSetup } from './setup-files.ts';
import { readExpectations, readNamespaces, readXfrm } from './surroundings.ts';
import { readSysctls } from './sysctls.ts';
import { notLoaded, readRules } from './tables.ts';
import { readTcx } from './tcx.ts';
import { readTraffic } from './traffic.ts';

const tools = {
  ipsets: { argv: ['ipset', 'save'], timeoutMs: 30_000, gentle: true },
  links: { argv: ['ip', '-j', '-d', 'link'] },
  addresses: { argv: ['ip', '-j', 'address'] },
  routes4: { argv: ['ip', '-j', '-4', 'route', 'show', 'table', 'all'], timeoutMs: 30_000, gentle: true },
  routes6: { argv: ['ip', '-j', '-6', 'route', 'show', 'table', 'all'], timeoutMs: 30_000, gentle: true },
  rules4: { argv: ['ip', '-j', '-4', 'rule'] },
  rules6: { argv: ['ip', '-j', '-6', 'rule'] },
  listeners: { argv: ['ss', '-H', '-n', '-l', '-t', '-u', '-p'], timeoutMs: 30_000 },
  sessions: { argv: ['ss', '-H', '-n', '-t', '-p', 'state', 'established'], timeoutMs: 30_000, gentle: true },
  // From the file: by netlink, ss would make the kernel load packet_diag.
  packetReaders: { argv: ['ss', '-0', '-H', '-n', '-p'], env: { PROC_NET_PACKET: '/proc/net/packet' } },
} as const satisfies Partial<Record<TextName, Reading>>;

/** What only a change to nf_tables changes, by whose number it may be kept: `Kernel.generation`. */
export const nftTexts = [
  'nftSave4',
  'nftSave6',
  'nftChains',
  'nftRules4',
  'nftRules6',
  'flowtables',
] as const satisfies TextName[];

export type KeptTexts = Readonly<Partial<Record<(typeof nftTexts)[number], TextRead>>>;

/** Programs at once; each is short, and they wait more than they compute. */
const atOnce = 8;

/**
 * Asks all tools. Nothing that they do changes the machine: no table is made, and no part of the kernel is loaded that
 * could touch a packet (ss may load tcp_diag and udp_diag, which only answer it). What could not be read is said, text by
 * text; this never rejects.
 *
 * @param pid a process in the namespace that `unbounded` leads into; none for our own.
 * @param only texts that are wanted; the others are left unread.
 */
export async function readTexts(
  unbounded: Run,
  pid: number | undefined,
  signal?: AbortSignal,
  kept: KeptTexts = {},
  only: ReadonlySet<TextName> | null = null,
): Promise<HostTexts['texts']> {
  const run = atMost(atOnce, unbounded);
  const modules = readModules(run, signal);
  const unless = (text: TextRead | undefined, read: () => Promise<TextRead>): (() => Promise<TextRead>) =>
    once(text === undefined ? read : () => Promise.resolve(text));
  const nftSave4 = unless(kept.nftSave4, () => readRules(run, 4, 'nft', modules, signal));
  const nftSave6 = unless(kept.nftSave6, () => readRules(run, 6, 'nft', modules, signal));
  const nftChains = unless(kept.nftChains, () => readNftChains(run, modules, pid, signal));
  const nftRules = async (family: 'ip' | 'ip6', save: Promise<TextRead>): Promise<TextRead> =>
    readNftRules(run, family, await nftChains(), await save, pid, signal);
  const tool = (name: keyof typeof tools): Promise<TextRead> => readBy(run, tools[name], signal);
  const links = once(() => tool('links'));
  const reads: Record<TextName, () => Promise<TextRead>> = {
    nftSave4,
    nftSave6,
    legacySave4: () => readRules(run, 4, 'legacy', modules, signal),
    legacySave6: () => readRules(run, 6, 'legacy', modules, signal),
    nftChains,
    nftRules4: unless(kept.nftRules4, () => nftRules('ip', nftSave4())),
    nftRules6: unless(kept.nftRules6, () => nftRules('ip6', nftSave6())),
    flowtables: unless(kept.flowtables, () => readFlowtables(run, modules, signal)),
    ipsets: () => modules.absent('ip_set').then((absent) => (absent ? notLoaded('ipset', 'ip_set') : tool('ipsets'))),
    links,
    tcx: () => links().then((read) => readTcx(read, pid)),
    addresses: () => tool('addresses'),
    routes4: () => tool('routes4'),
    routes6: () => tool('routes6'),
    rules4: () => tool('rules4'),
    rules6: () => tool('rules6'),
    xfrm: () => readXfrm(run, modules, signal),
    traffic: () => readTraffic(run, signal),
    listeners: () => tool('listeners'),
    sessions: () => tool('sessions'),
    packetReaders: () => tool('packetReaders'),
    sysctls: () => readSysctls(run, signal),
    moduleNames: async () => readFolder('/sys/module'),
    expectations: () => readExpectations(run, signal),
    kernel: async () => readLines('/proc/sys/kernel/osrelease', '/proc/sys/kernel/version'),
    installedKernels: async () => readFolder('/lib/modules'),
    modules: async () => readModuleFiles(),
    files: () => readSetup(),
    processes: () => readProcesses(pid),
    units: () => readUnits(run, signal),
    auditRules: () => readAuditRules(run, signal),
    conntrackLosses: () => readLosses(run, signal),
    namespaces: () => readNamespaces(run, signal),
  };
  const entries = (Object.entries(reads) as [TextName, () => Promise<TextRead>][]).map(
    async ([name, read]) => [name, only === null || only.has(name) ? await read() : notAsked] as const,
  );
  return Object.fromEntries(await Promise.all(entries)) as Record<TextName, TextRead>;
}

const notAsked: TextRead = { read: false, why: 'failed', tool: 'palisade', detail: 'it was not asked for' };

function once(read: () => Promise<TextRead>): () => Promise<TextRead> {
  let reading: Promise<TextRead> | undefined;
  return () => {
    reading ??= read();
    return reading;
  };
}
