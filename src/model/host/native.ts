/** A rule in one of iptables' tables that nft made by itself. */
export interface NativeRule {
  /** As `ip filter`. */
  readonly table: string;
  readonly chain: string;
  /** 0, and no chain: what is said is of the whole table. */
  readonly handle: number;
  /** How it shows. One clause. */
  readonly why: string;
}

/**
 * Finds rules that iptables-nft cannot have made, in what `nft --debug=netlink list table` prints: a line
 * `ip filter INPUT 4 3`, then the rule's expressions in brackets, one a line.
 *
 * iptables-nft-save refuses some such rules ("Table … is incompatible") but prints others as if it understood them; measured
 * with 1.8.9: every lookup in a set is dropped, of an address range only the end is left, of `tcp window 100` only `-p tcp`.
 * So this looks for what no version of iptables writes, rather than for what one version does.
 */
export function nativeRules(text: string): readonly NativeRule[] {
  const found: NativeRule[] = [];
  for (const [, table = '', chain = '', handle = '', body = ''] of text.matchAll(rule)) {
    const why = nativeBy(body, table === 'ip6' || table.startsWith('ip6 '));
    if (why !== undefined) found.push({ table, chain, handle: Number(handle), why });
  }
  return found;
}

const rule = /^(ip6? \S+) (.+?) (\d+)(?: \d+)?\n((?: {2}\[ .*\n)+)/gm;

function nativeBy(body: string, six: boolean): string | undefined {
  // Every rule of iptables counts (iptables/nft.c, add_counters).
  if (!body.includes('[ counter ')) return 'a rule without a counter';
  if (/\[ (?:lookup|dynset) /.test(body)) return 'a lookup in a set of nft';
  if (body.includes('[ objref ')) return 'a named object of nft';
  // TRACE of iptables sets one thing: nftrace, the key 12 (NFT_META_NFTRACE of linux/netfilter/nf_tables.h).
  if (/\[ (?:payload write|meta set (?!(?:nftrace|12) )|ct set|exthdr )/.test(body)) return 'a change to packets by nft';
  if (body.includes('payload load') && oddPayload(body, six)) return 'a comparison that iptables cannot say';
  // NFLOG is a target of its own in iptables and so never has a verdict behind it.
  if (/\[ log /.test(body) && /\[ immediate reg 0 /.test(body)) return 'a log and a verdict in one rule';
  return undefined;
}

/** A load of the link header, of transport fields other than ports, types, codes and flags, or an address compared by order. */
function oddPayload(body: string, six: boolean): boolean {
  const loads = body.matchAll(
    /\[ payload load (\d+)b @ (\w+) header \+ (\d+) => reg \d+ \]\n((?: {2}\[ (?:bitwise|cmp|range) .*\n)*)/g,
  );
  for (const [, size = '', header = '', offset = '', uses = ''] of loads) {
    const at = Number(offset);
    if (header === 'link') return true;
    if (header === 'transport' && at > 2 && !(at === 13 && size === '1')) return true;
    const address = header === 'network' && (six ? at >= 8 : at === 9 || at >= 12);
    if (address && /\[ (?:range |cmp (?:lt|gt|lte|gte) )/.test(uses)) return true;
  }
  return false;
}
