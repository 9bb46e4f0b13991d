import type { HostTexts, TextName, TextRead } from '../model/host/index.ts';
import { readNftChains, readNftRules } from './nft.ts';
import { type Reading, readBy } from './reading.ts';
import type { Run } from './run.ts';
import { readSysctls } from './sysctls.ts';
import { readRules } from './tables.ts';

const tools = {
  ipsets: { argv: ['ipset', 'save'], timeoutMs: 30_000 },
  links: { argv: ['ip', '-j', '-d', 'link'] },
  addresses: { argv: ['ip', '-j', 'address'] },
  routes4: { argv: ['ip', '-j', '-4', 'route', 'show', 'table', 'all'], timeoutMs: 30_000 },
  routes6: { argv: ['ip', '-j', '-6', 'route', 'show', 'table', 'all'], timeoutMs: 30_000 },
  listeners: { argv: ['ss', '-H', '-n', '-l', '-t', '-u', '-p'], timeoutMs: 30_000 },
} as const satisfies Partial<Record<TextName, Reading>>;

/**
 * Asks all tools at once. Nothing that they do changes the machine. What could not be read is said, text by text;
 * this never rejects.
 */
export async function readTexts(run: Run, signal?: AbortSignal): Promise<HostTexts['texts']> {
  const nftChains = readNftChains(run, signal);
  const reads: Record<TextName, Promise<TextRead>> = {
    nftSave4: readRules(run, 4, 'nft', signal),
    nftSave6: readRules(run, 6, 'nft', signal),
    legacySave4: readRules(run, 4, 'legacy', signal),
    legacySave6: readRules(run, 6, 'legacy', signal),
    nftChains,
    nftRules4: nftChains.then((chains) => readNftRules(run, 'ip', chains, signal)),
    nftRules6: nftChains.then((chains) => readNftRules(run, 'ip6', chains, signal)),
    ipsets: readBy(run, tools.ipsets, signal),
    links: readBy(run, tools.links, signal),
    addresses: readBy(run, tools.addresses, signal),
    routes4: readBy(run, tools.routes4, signal),
    routes6: readBy(run, tools.routes6, signal),
    listeners: readBy(run, tools.listeners, signal),
    sysctls: readSysctls(run, signal),
  };
  const entries = Object.entries(reads).map(async ([name, read]) => [name, await read] as const);
  return Object.fromEntries(await Promise.all(entries)) as Record<TextName, TextRead>;
}
