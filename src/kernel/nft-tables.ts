import {
  dump,
  eachAttribute,
  eachMessage,
  NETLINK_NETFILTER,
  NLM_F_DUMP,
  netfilterRequest,
  openNetlink,
  RECEIVE,
  textAt,
} from './changes/netlink.ts';
import { libc, SOCK_RAW } from './libc.ts';

/** include/uapi/linux/netfilter/nf_tables.h */
const NEWTABLE = 10 << 8;
const GETTABLE = (10 << 8) | 1;
const attributes = { name: 1, flags: 2 } as const;
const DORMANT = 1;
const families: ReadonlyMap<number, string> = new Map([
  [1, 'inet'],
  [2, 'ip'],
  [3, 'arp'],
  [5, 'netdev'],
  [7, 'bridge'],
  [10, 'ip6'],
]);

export interface SleepingTable {
  readonly family: string;
  readonly name: string;
}

/**
 * Tables of nf_tables that sleep (`flags dormant`): whoever lists them sees their rules, and no packet does; iptables-nft-save does not say
 * so at all. Asked of the kernel, since nft 1.0.6 writes the flag of some other word, and fetches every rule for a list of tables.
 *
 * @param pid a process in the namespace; ours without it.
 * @returns `null` where it cannot be asked: no koffi, no CAP_NET_ADMIN over the namespace.
 */
export function sleepingTables(pid: number | undefined): readonly SleepingTable[] | null {
  const loaded = libc();
  if (!loaded.ok) return null;
  const calls = loaded.value;
  const opened = openNetlink(calls, { protocol: NETLINK_NETFILTER, type: SOCK_RAW, pid, what: 'the tables of nf_tables' });
  if (!opened.ok) return null;
  const into = Buffer.alloc(RECEIVE);
  const tables: SleepingTable[] = [];
  try {
    const answer = dump(calls, opened.value, netfilterRequest(GETTABLE, NLM_F_DUMP, 0), into, (length) => {
      eachMessage(into, length, (type, _flags, from, to) => {
        if (type !== NEWTABLE) return;
        let name = '';
        let sleeps = false;
        eachAttribute(into, from + 4, to, (attribute, start, end) => {
          if (attribute === attributes.name) name = textAt(into, start, end);
          else if (attribute === attributes.flags && end - start >= 4) sleeps = (into.readUInt32BE(start) & DORMANT) !== 0;
        });
        if (sleeps) tables.push({ family: families.get(into.readUInt8(from)) ?? 'other', name });
      });
    });
    return answer < 0 ? null : tables;
  } finally {
    calls.close(opened.value);
  }
}
