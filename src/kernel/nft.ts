import type { TextRead } from '../model/host/index.ts';
import { readExpressions } from './expressions.ts';
import type { Modules } from './modules.ts';
import { sleepingTables } from './nft-tables.ts';
import { type Reading, readBy } from './reading.ts';
import type { Run } from './run.ts';
import { notLoaded } from './tables.ts';

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
 * The whole ruleset is never listed, and neither are the tables (of which nft 1.0.6 fetches every rule): that costs
 * seconds for 50,000 rules of iptables, where the chains alone cost milliseconds. Tables that sleep are added to the first document as nft
 * 1.1 lists them.
 *
 * @param pid a process in the namespace that `run` leads into; none for our own.
 */
export async function readNftChains(
  run: Run,
  modules: Modules,
  pid: number | undefined,
  signal?: AbortSignal,
): Promise<TextRead> {
  if (await modules.absent('nf_tables')) return notLoaded('nft', 'nf_tables');
  const list = (reading: Partial<Reading>): Promise<TextRead> =>
    readBy(run, { argv: ['nft', '-j', 'list', 'chains'], timeoutMs: 30_000, gentle: true, ...reading }, signal);
  // A chain may be deleted between the two listings; then both are read again, once.
  for (let again = 0; ; again += 1) {
    const chains = await list({});
    if (!chains.read) return chains;
    const lines = [withSleeping(chains.text, pid)];
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

/** Where the kernel cannot be asked, nothing is known of any that sleeps. */
function withSleeping(text: string, pid: number | undefined): string {
  const sleeping = sleepingTables(pid) ?? [];
  if (sleeping.length === 0) return text;
  try {
    const listing = JSON.parse(text) as { readonly nftables?: readonly unknown[] };
    const tables = sleeping.map((table) => ({ table: { ...table, flags: ['dormant'] } }));
    return JSON.stringify({ ...listing, nftables: [...(listing.nftables ?? []), ...tables] });
  } catch {
    // Whoever understands the text will say that it is no JSON.
    return text;
  }
}

function otherChains(text: string): readonly Chain[] {
  return chainsOf(text).filter((chain) => chain.hook !== undefined && !looksLikeIptables(chain));
}

/**
 * A table of more rules than this is not listed a second time: up to here the second listing takes about as long as the
 * save, and from here on the kernel's own time to list one chain grows with its square (measured: 10,000 rules 0.2 s, 20,000 1.4 s,
 * 50,000 over 4 s).
 */
const listedTwice = 10_000;

/**
 * The expressions of every rule in the tables that iptables uses, as `nft --debug=netlink list table` prints them: by
 * {@link readExpressions}, and by nft itself where that is out of reach.
 * `chains` is what {@link readNftChains} read, without which there is nothing to ask for; `save` what iptables-nft-save
 * printed, whose lines say how many rules there are.
 *
 * It is worth its time: iptables-nft-save 1.8.9 prints rules that nft made in these tables as if they were its own, some of
 * them wrong (`ip saddr @set drop` as `-j DROP`), without a word. Above the bound the answer is `too-large`, by name.
 */
export async function readNftRules(
  run: Run,
  family: 'ip' | 'ip6',
  chains: TextRead,
  save: TextRead,
  pid: number | undefined,
  signal?: AbortSignal,
): Promise<TextRead> {
  if (!chains.read) return chains;
  const tables = new Set(chainsOf(chains.text).flatMap((chain) => (chain.family === family ? [chain.table] : [])));
  const counts = save.read ? rulesByTable(save.text) : new Map<string, number>();
  const texts: string[] = [];
  for (const table of Object.keys(iptablesPriorities)) {
    if (!tables.has(table)) continue;
    const count = counts.get(table) ?? 0;
    if (count > listedTwice) {
      const detail = `table ${table} holds ${count} rules, and a second listing is made of ${listedTwice} at most`;
      return { read: false, why: 'too-large', tool: 'nft', detail };
    }
    const argv = ['nft', '--debug=netlink', 'list', 'table', family, table] as const;
    // What the save shows is few; what nft alone made there may still be many.
    const read =
      (await readExpressions(family, table, pid, signal)) ??
      (await readBy(run, { argv, timeoutMs: 20_000, gentle: true }, signal));
    if (!read.read) return read;
    texts.push(read.text);
  }
  return { read: true, text: texts.join('\n'), command: `nft --debug=netlink list table ${family}`, warnings: '' };
}

/** Rules of each table in what a save tool printed. A forged line inside a comment only counts one more. */
function rulesByTable(text: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  let table = '';
  for (const [, name, rule] of text.matchAll(/^(?:\*(\S+)|(?:\[\d+:\d+\] )?(-A) )/gm)) {
    if (name !== undefined) table = name;
    else if (rule !== undefined) counts.set(table, (counts.get(table) ?? 0) + 1);
  }
  return counts;
}

/** Flowtables, by which packets of known connections pass every chain but those on ingress. */
export async function readFlowtables(run: Run, modules: Modules, signal?: AbortSignal): Promise<TextRead> {
  if (await modules.absent('nf_tables')) return notLoaded('nft', 'nf_tables');
  return readBy(run, { argv: ['nft', '-j', 'list', 'flowtables'] }, signal);
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
