import type { TouchedTable } from './change.ts';
import { eachAttribute, eachMessage, textAt } from './netlink.ts';

/** One transaction of nf_tables. */
export interface NftCommit {
  readonly generation: number;
  /** The thread that made it, as the first PID namespace counts; `null` where the kernel is older than 4.17. */
  readonly pid: number | null;
  /** What the kernel calls it. */
  readonly program: string;
  readonly touched: readonly TouchedTable[];
  readonly more: boolean;
}

/** include/uapi/linux/netfilter/nf_tables.h; numbers in attributes are in network order. */
const SUBSYSTEM_NFTABLES = 10;
const NEWGEN = 15;
const generation = { id: 1, pid: 2, name: 3 } as const;
/** By message: where the table's and the chain's names stand. `chain` 0: it is none of a chain's. */
const chainMessage = { table: 1, chain: 3 };
const ruleMessage = { table: 1, chain: 2 };
const besideMessage = { table: 1, chain: 0 };
/** NEW… and DEL… of tables, chains, rules, sets and their elements, objects and flowtables. What GET… answers is sent to nobody else. */
const messages: ReadonlyMap<number, { readonly table: number; readonly chain: number }> = new Map([
  ...[3, 5].map((type) => [type, chainMessage] as const),
  ...[6, 8].map((type) => [type, ruleMessage] as const),
  ...[0, 2, 9, 11, 12, 14, 18, 20, 22, 24].map((type) => [type, besideMessage] as const),
]);
const families: ReadonlyMap<number, TouchedTable['family']> = new Map([
  [1, 'inet'],
  [2, 'ip'],
  [3, 'arp'],
  [5, 'netdev'],
  [7, 'bridge'],
  [10, 'ip6'],
]);
/** Names of one transaction that are kept: whoever restores a whole firewall touches all of it anyway. */
const mostNames = 200;

export interface NftReader {
  /** The transactions that end in what one receive brought. What belongs to one that goes on is kept for the next. */
  read(bytes: Buffer, length: number): readonly NftCommit[];
  /** Messages were lost: what was kept is not whole. */
  forget(): void;
}

/**
 * Reads the notices of nf_tables (net/netfilter/nf_tables_api.c, nf_tables_commit): of each transaction first what it changes, one
 * message each, and at last NEWGEN with its number and who made it. Only NEWGEN counts: an object tells of itself without one, such as
 * a quota that is used up by packets.
 */
export function createNftReader(): NftReader {
  const touched = createTouched();
  return {
    forget: () => touched.take(),
    read(bytes, length) {
      const commits: NftCommit[] = [];
      eachMessage(bytes, length, (type, _flags, from, to) => {
        if (type >> 8 !== SUBSYSTEM_NFTABLES || to - from < 4) return;
        const kind = type & 0xff;
        if (kind === NEWGEN) {
          const said = generationAt(bytes, from + 4, to);
          if (said !== null) commits.push({ ...said, ...touched.take() });
          return;
        }
        const message = messages.get(kind);
        if (message === undefined || touched.full()) return;
        let table = '';
        let chain: string | null = null;
        eachAttribute(bytes, from + 4, to, (attribute, start, end) => {
          if (attribute === message.table) table = textAt(bytes, start, end);
          else if (attribute === message.chain) chain = textAt(bytes, start, end);
        });
        touched.add(families.get(bytes.readUInt8(from)) ?? 'other', table, chain);
      });
      return commits;
    },
  };
}

function generationAt(bytes: Buffer, from: number, to: number): Omit<NftCommit, 'touched' | 'more'> | null {
  let id: number | null = null;
  let pid: number | null = null;
  let program = '';
  eachAttribute(bytes, from, to, (attribute, start, end) => {
    if (attribute === generation.name) program = textAt(bytes, start, end);
    else if (end - start < 4) return;
    else if (attribute === generation.id) id = bytes.readUInt32BE(start);
    else if (attribute === generation.pid) pid = bytes.readUInt32BE(start);
  });
  return id === null ? null : { generation: id, pid, program };
}

interface Touched {
  full(): boolean;
  add(family: TouchedTable['family'], table: string, chain: string | null): void;
  /** What was added since the last time. */
  take(): { readonly touched: readonly TouchedTable[]; readonly more: boolean };
}

function createTouched(): Touched {
  let tables = new Map<string, { family: TouchedTable['family']; table: string; chains: Set<string>; beside: boolean }>();
  let names = 0;
  return {
    full: () => names > mostNames,
    add(family, table, chain) {
      const key = `${family} ${table}`;
      let known = tables.get(key);
      if (known === undefined) {
        known = { family, table, chains: new Set(), beside: false };
        tables.set(key, known);
        names += 1;
      }
      if (chain === null) known.beside = true;
      else if (!known.chains.has(chain)) {
        known.chains.add(chain);
        names += 1;
      }
    },
    take() {
      const all = [...tables.values()].map((each) => ({ ...each, chains: [...each.chains] }));
      const more = names > mostNames;
      tables = new Map();
      names = 0;
      return { touched: all, more };
    },
  };
}

/** Two notices of what was touched as one. */
export function joinTouched(
  one: { readonly touched: readonly TouchedTable[]; readonly more: boolean },
  two: { readonly touched: readonly TouchedTable[]; readonly more: boolean },
): { readonly touched: readonly TouchedTable[]; readonly more: boolean } {
  const joined = createTouched();
  for (const { family, table, chains, beside } of [...one.touched, ...two.touched]) {
    if (joined.full()) break;
    if (beside) joined.add(family, table, null);
    for (const chain of chains) joined.add(family, table, chain);
  }
  const all = joined.take();
  return { touched: all.touched, more: all.more || one.more || two.more };
}
