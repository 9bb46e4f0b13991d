import type { Backend } from '../../model/host/index.ts';
import type { Hook } from '../../model/packet/index.ts';
import type { Ruleset } from '../../model/ruleset/index.ts';

export type BuiltinChain = 'PREROUTING' | 'INPUT' | 'FORWARD' | 'OUTPUT' | 'POSTROUTING';

/** One built-in chain on a packet's way. */
export interface Station {
  readonly table: 'raw' | 'mangle' | 'nat' | 'filter' | 'security';
  readonly chain: BuiltinChain;
  /** Connection tracking (priority -200) has looked at the packet before this chain. */
  readonly tracked: boolean;
}

const station = (table: Station['table'], chain: BuiltinChain): Station => ({ table, chain, tracked: table !== 'raw' });

const prerouting = [station('raw', 'PREROUTING'), station('mangle', 'PREROUTING'), station('nat', 'PREROUTING')];
const postrouting = [station('mangle', 'POSTROUTING'), station('nat', 'POSTROUTING')];
const arrived = [...prerouting, station('mangle', 'INPUT'), station('filter', 'INPUT')];

const forward = [
  ...prerouting,
  station('mangle', 'FORWARD'),
  station('filter', 'FORWARD'),
  station('security', 'FORWARD'),
  ...postrouting,
];

const output = [
  station('raw', 'OUTPUT'),
  station('mangle', 'OUTPUT'),
  station('nat', 'OUTPUT'),
  station('filter', 'OUTPUT'),
  station('security', 'OUTPUT'),
  ...postrouting,
];

/**
 * The built-in chains that a packet meets, in the kernel's order.
 *
 * The hooks of a way are those of ip_rcv, ip_local_deliver, ip_forward, __ip_local_out and ip_output
 * (net/ipv4/ip_{input,forward,output}.c), and alike for IPv6. Within a hook priorities decide
 * (include/uapi/linux/netfilter_ipv4.h, enum nf_ip_hook_priorities): raw -300, connection tracking -200, mangle -150,
 * destination nat -100, filter 0, security 50, source nat 100: nat comes before filter in OUTPUT, after it in INPUT.
 * iptables-nft gives its security table 150 instead (iptables/nft.c, xtables_ipv4), and so puts it behind INPUT's nat.
 */
export const hookTables: Readonly<Record<Backend, Readonly<Record<Hook, readonly Station[]>>>> = {
  nft: { input: [...arrived, station('nat', 'INPUT'), station('security', 'INPUT')], forward, output },
  legacy: { input: [...arrived, station('security', 'INPUT'), station('nat', 'INPUT')], forward, output },
};

/** The backend that holds the rules, as far as their text tells; iptables-nft, which is everyone's by now, where it does not. */
export function backendOf(ruleset: Ruleset): Backend {
  return ruleset.writer?.backend ?? 'nft';
}
