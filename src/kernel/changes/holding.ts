import type { Libc } from '../libc.ts';
import { dump, eachAttribute, eachMessage, NLM_F_DUMP, netfilterRequest, RECEIVE, textAt } from './netlink.ts';

/** include/uapi/linux/netfilter/nf_tables.h */
const NEWCHAIN = (10 << 8) | 3;
const GETCHAIN = (10 << 8) | 4;
const chain = { table: 1, hook: 4, policy: 5, use: 6 } as const;
const DROP = 0;
const families = { 4: 2, 6: 10 } as const;
/** The tables that iptables-nft uses. */
const tables: ReadonlySet<string> = new Set(['raw', 'mangle', 'nat', 'filter', 'security']);

/**
 * Whether the nft backend of iptables holds a rule, a chain of somebody's, or a policy that drops: by its chains, each of which says how many
 * rules stand in it. The rules are not listed. `null` where it cannot be asked.
 */
export function nftHolds(calls: Libc, fd: number, family: 4 | 6): boolean | null {
  const into = Buffer.alloc(RECEIVE);
  let holds = false;
  const answer = dump(calls, fd, netfilterRequest(GETCHAIN, NLM_F_DUMP, families[family]), into, (length) => {
    eachMessage(into, length, (type, _flags, from, to) => {
      if (type !== NEWCHAIN) return;
      let table = '';
      let used = false;
      let base = false;
      eachAttribute(into, from + 4, to, (attribute, start, end) => {
        if (attribute === chain.table) table = textAt(into, start, end);
        else if (attribute === chain.hook) base = true;
        else if (attribute === chain.use) used ||= into.readUInt32BE(start) > 0;
        else if (attribute === chain.policy) used ||= into.readUInt32BE(start) === DROP;
      });
      if ((used || !base) && tables.has(table)) holds = true;
    });
  });
  return answer < 0 ? null : holds;
}
