import type { TextRead } from '../model/host/index.ts';
import { type Reading, readBy } from './reading.ts';
import type { Run } from './run.ts';
import { nftUnused } from './tables.ts';

interface Chain {
  readonly family: string;
  readonly table: string;
  readonly name: string;
  readonly hook?: string;
  readonly prio?: number;
}

/** Priorities at which iptables hooks its tables in; 150 instead of the kernel's own 50 is iptables-nft's (iptables/nft.c). */
const iptablesPriorities: Readonly<Record<string, readonly number[]>> = {
  raw: [-300],
  mangle: [-150],
  nat: [-100, 100],
  filter: [0],
  security: [50, 150],
};

/** A rough cut, for what is not worth listing; whoever understands the texts decides what is iptables' own. */
function looksLikeIptables({ family, table, name, prio }: Chain): boolean {
  if (family !== 'ip' && family !== 'ip6') return false;
  return /^(PREROUTING|INPUT|FORWARD|OUTPUT|POSTROUTING)$/.test(name) && (iptablesPriorities[table] ?? []).includes(prio ?? 0);
}

/**
 * The base chains of nf_tables and, of those that iptables did not make, their rules: one JSON document a line.
 *
 * The whole ruleset is never listed: that costs seconds for 20,000 rules of iptables, where the chains alone cost
 * milliseconds.
 */
export async function readNftChains(run: Run, signal?: AbortSignal): Promise<TextRead> {
  const list = (reading: Partial<Reading>): Promise<TextRead> =>
    readBy(run, { argv: ['nft', '-j', 'list', 'chains'], timeoutMs: 30_000, ...reading }, signal);
  // A chain may be deleted between the two listings; then both are read again, once.
  for (let again = 0; ; again += 1) {
    const chains = await list({});
    if (!chains.read) {
      if (chains.why !== 'missing' && chains.why !== 'failed') return chains;
      const unused = await nftUnused(run, signal);
      return unused === undefined ? chains : { ...chains, why: 'unused', detail: unused };
    }
    const lines = [chains.text];
    let failed: TextRead | undefined;
    // One process each: nft 1.0.6 does not find the chains of a second `list` in the same call.
    for (const { family, table, name } of otherChains(chains.text)) {
      // As JSON, because names need not be words of nft's own language; as an argument, because nft opens /dev/stdin, which a
      // socket cannot be.
      const command = JSON.stringify({ nftables: [{ list: { chain: { family, table, name } } }] });
      const chain = await list({ argv: ['nft', '-j', command] });
      if (!chain.read) {
        failed = chain;
        break;
      }
      lines.push(chain.text);
    }
    if (failed === undefined) return { ...chains, text: lines.map((line) => line.trim().replaceAll('\n', ' ')).join('\n') };
    if (again > 0) return failed;
  }
}

function otherChains(text: string): readonly Chain[] {
  return chainsOf(text).filter((chain) => chain.hook !== undefined && !looksLikeIptables(chain));
}

/**
 * The expressions of every rule in the tables that iptables uses, as `nft --debug=netlink list table` prints them.
 * `chains` is what {@link readNftChains} read; without it there is nothing to ask for.
 *
 * This costs a few times what the save costs. It is worth it: iptables-nft-save 1.8.9 prints rules that nft made in
 * these tables as if they were its own, some of them wrong (`ip saddr @set drop` as `-j DROP`), without a word.
 */
export async function readNftRules(run: Run, family: 'ip' | 'ip6', chains: TextRead, signal?: AbortSignal): Promise<TextRead> {
  if (!chains.read) return chains;
  const tables = new Set(chainsOf(chains.text).flatMap((chain) => (chain.family === family ? [chain.table] : [])));
  const texts: string[] = [];
  for (const table of Object.keys(iptablesPriorities)) {
    if (!tables.has(table)) continue;
    const argv = ['nft', '--debug=netlink', 'list', 'table', family, table] as const;
    const read = await readBy(run, { argv, timeoutMs: 90_000, maxBytes: 256 * 1024 * 1024 }, signal);
    if (!read.read) return read;
    texts.push(read.text);
  }
  return { read: true, text: texts.join('\n'), command: `nft --debug=netlink list table ${family}`, warnings: '' };
}

function chainsOf(text: string): readonly Chain[] {
  let listing: { nftables?: readonly { chain?: Chain }[] };
  try {
    listing = JSON.parse(text);
  } catch {
    // Whoever understands the text will say that it is no JSON.
    return [];
  }
  return (listing.nftables ?? []).flatMap(({ chain }) => (chain === undefined ? [] : [chain]));
}
