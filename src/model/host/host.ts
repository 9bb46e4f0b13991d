import type { Address, Family, Prefix, Ranges } from '../net/index.ts';
import type { Ruleset } from '../ruleset/index.ts';
import type { Flowtable } from './flowtable.ts';
import type { HostFiles } from './host-file.ts';
import type { Known } from './known.ts';
import type { KernelModules } from './module.ts';
import type { NativeRule } from './native.ts';
import type { AutomaticUpdates, Packages, Pending, Release, Restart } from './packages/index.ts';
import type { PacketReader } from './packet-reader.ts';
import type { Process } from './process.ts';
import type { RoutingRule } from './routing-rule.ts';
import type { Session } from './session.ts';
import type { BridgeFilter, Conntrack, ConntrackLosses, Helpers, LogBackends } from './settings.ts';
import type { NetworkNamespace, RunningKernel } from './software.ts';
import type { TrafficFilters } from './traffic.ts';
import type { Unit } from './unit.ts';
import type { Xfrm } from './xfrm.ts';

export type Backend = 'nft' | 'legacy';

/** All that was read of one machine at one moment. */
export interface Host {
  readonly name: string;
  /** Epoch milliseconds. */
  readonly readAt: number;
  /** `live`: this machine, now. `files`: what `--ruleset`, `--sets` and `--facts` said. */
  readonly origin: 'live' | 'files';
  /** The rules in force. Unknown when they could not be read whole, or when both backends hold some. */
  readonly rulesets: ByFamily<Ruleset>;
  /** What each backend holds, by itself. */
  readonly backends: ByFamily<BackendUse>;
  /**
   * Rules that nft made by itself among those of iptables, of which the ruleset then says nothing. Unknown when that was not
   * looked for, as with very many rules: then the ruleset may lie in these places.
   */
  readonly nativeRules: ByFamily<readonly NativeRule[]>;
  /** nft base chains that iptables did not make: named, not modelled. They see the same packets. */
  readonly foreignChains: Known<readonly BaseChain[]>;
  /** By name. Sets that hold what an {@link IpSet} cannot say are left out: a rule that asks them depends on them. */
  readonly sets: Known<ReadonlyMap<string, IpSet>>;
  readonly links: Known<readonly Link[]>;
  readonly addresses: Known<readonly LinkAddress[]>;
  /** Of all tables. */
  readonly routes: Known<readonly Route[]>;
  readonly routingRules: ByFamily<readonly RoutingRule[]>;
  readonly bridgeFilter: Known<BridgeFilter | null>;
  readonly xfrm: Known<Xfrm>;
  readonly flowtables: Known<readonly Flowtable[]>;
  readonly traffic: Known<readonly TrafficFilters[]>;
  readonly listeners: Known<readonly Listener[]>;
  readonly sessions: Known<readonly Session[]>;
  readonly packetReaders: Known<readonly PacketReader[]>;
  /** By dotted name, as `sysctl` prints them. */
  readonly sysctls: Known<ReadonlyMap<string, string>>;
  readonly conntrack: Known<Conntrack | null>;
  readonly conntrackLosses: Known<ConntrackLosses | null>;
  readonly helpers: Known<Helpers>;
  /** How many connections helpers expect now; they will be RELATED. */
  readonly expectations: Known<number>;
  readonly logBackends: Known<LogBackends>;
  readonly kernel: Known<RunningKernel>;
  /** Releases whose modules are there, of which a restart takes the newest. */
  readonly installedKernels: Known<readonly string[]>;
  readonly release: Known<Release>;
  /** The packages that matter to a firewall; those that are not in it are not installed. */
  readonly packages: Known<Packages>;
  /** Newer versions of them, as far as the package lists know. */
  readonly pending: Known<Pending>;
  /** When the newest package list was written, in epoch milliseconds. */
  readonly packageLists: Known<number>;
  readonly restart: Known<Restart>;
  readonly automaticUpdates: Known<AutomaticUpdates>;
  readonly modules: Known<KernelModules>;
  /** Files that set the firewall up, at boot or by hand, and what surrounds it: settings, services, schedules, logs, backups. */
  readonly files: Known<HostFiles>;
  readonly processes: Known<readonly Process[]>;
  /** Services of systemd that load, save or change rules; by name, those that are not there left out. */
  readonly units: Known<ReadonlyMap<string, Unit>>;
  /** What the kernel records, as `auditctl -l` prints it. */
  readonly auditRules: Known<readonly string[]>;
  readonly namespaces: Known<readonly NetworkNamespace[]>;
}

export type ByFamily<T> = { readonly [F in Family]: Known<T> };

/** Each `null` when the backend is not there at all. */
export interface BackendUse {
  readonly nft: Ruleset | null;
  readonly legacy: Ruleset | null;
}

export interface BaseChain {
  /** As nft says it: ip, ip6, inet, bridge, netdev, arp. */
  readonly family: string;
  readonly table: string;
  readonly chain: string;
  readonly type: 'filter' | 'nat' | 'route';
  readonly hook: string;
  readonly priority: number;
  readonly policy: 'accept' | 'drop';
  /** Rules in the chain itself. */
  readonly rules: number;
}

export interface IpSet {
  readonly name: string;
  /** `hash:ip`, `hash:net,port`, `list:set`, … */
  readonly type: string;
  readonly family: Family | null;
  /** As read; masks of the set (netmask, bitmask) are worked into their ranges. */
  readonly members: readonly SetMember[];
  /** Members expire by themselves, or packets add and remove them: contents are as of the moment of reading. */
  readonly volatile: boolean;
}

export interface SetMember {
  /** One part a dimension; a bitmap:ip,mac member may lack its MAC address, and then has any. */
  readonly parts: readonly SetPart[];
  /** `nomatch`: the member is an exception to wider ones. */
  readonly nomatch: boolean;
}

export type SetPart =
  | { readonly kind: 'addresses'; readonly ranges: Ranges<bigint> }
  /**
   * `proto` null: tcp and udp alike (bitmap:port). Of ICMP and ICMPv6 a port is type × 256 + code; of other protocols
   * without ports it is 0.
   */
  | { readonly kind: 'ports'; readonly proto: number | null; readonly ranges: Ranges<number> }
  | { readonly kind: 'interface'; readonly name: string }
  | { readonly kind: 'mac'; readonly value: number }
  | { readonly kind: 'mark'; readonly value: number; readonly mask: number }
  | { readonly kind: 'set'; readonly name: string };

export interface Link {
  readonly name: string;
  /** IFF_LOOPBACK. */
  readonly loopback: boolean;
  readonly up: boolean;
  /** `ip -d link`'s kind: bridge, veth, wireguard, …; `null` for plain devices. */
  readonly kind: string | null;
  /** The bridge or bond it is a port of. */
  readonly master: string | null;
  /** Of a VRF: the table in which routes of its ports are looked up. */
  readonly vrfTable: string | null;
  /** XDP programs, which see every packet that arrives here before anything else. */
  readonly xdp: readonly XdpProgram[];
}

export interface XdpProgram {
  readonly mode: 'driver' | 'generic' | 'offload';
  readonly id: number;
  /** As its maker called it, at most 15 bytes; `null` where it has none. */
  readonly name: string | null;
}

export interface LinkAddress {
  readonly link: string;
  readonly prefix: Prefix;
  readonly broadcast: Address | null;
  /** `peer`: the other end of a point-to-point link. */
  readonly peer: Prefix | null;
  readonly scope: string;
}

export interface Route {
  readonly family: Family;
  readonly table: string;
  /** unicast, local, broadcast, multicast, anycast, blackhole, unreachable, prohibit, throw. */
  readonly type: string;
  readonly prefix: Prefix;
  readonly link: string | null;
  readonly gateway: Address | null;
  /** Only packets from here take it (IPv6). `null`: from anywhere. */
  readonly source: Prefix | null;
  /** Of several to one destination the smallest is taken; 0 where the kernel says none. */
  readonly metric: number;
  /** IPv4: only packets of this type of service take it; `null` for all. */
  readonly tos: string | null;
}

export interface Listener {
  readonly proto: 'tcp' | 'udp';
  readonly port: number;
  /** The address it is bound to; `null` for any address of the family. */
  readonly address: Address | null;
  /** Families that reach it: an IPv6 any-socket that is not v6only is reached by both. */
  readonly families: readonly Family[];
  /** Bound to one link (`%eth0`). */
  readonly link: string | null;
  /** `null` when the rights to see it were missing. */
  readonly process: string | null;
}

/** True for addresses that only the host itself can reach. */
export function isLoopback(address: Address): boolean {
  return address.family === 4 ? address.value >> 24n === 127n : address.value === 1n || address.value >> 24n === 0xffff7fn;
}
