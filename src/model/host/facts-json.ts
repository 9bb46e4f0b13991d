import type { Family } from '../net/index.ts';
import type { Backend } from './host.ts';
import type { SoftwareName } from './texts.ts';

/**
 * A facts file: what rulesets do not say of a host. Every key may be left out, and is then unknown; an empty list says
 * that there are none.
 *
 * @example
 * {"hostname": "web1", "backend": "nft", "foreignChains": [],
 *  "links": [{"name": "eth0"}], "addresses": [{"link": "eth0", "address": "198.51.100.10/24"}],
 *  "routes": [{"to": "default", "via": "198.51.100.1", "link": "eth0"}],
 *  "listeners": [{"proto": "tcp", "port": 22, "process": "sshd"}, {"proto": "tcp", "port": 5432, "address": "127.0.0.1"}],
 *  "sysctls": {"net.ipv4.ip_forward": "0"}}
 */
export interface FactsJson {
  readonly hostname?: string;
  /** The only backend of iptables that holds rules. */
  readonly backend?: Backend;
  /** The loopback link `lo` is there unless it is named otherwise. */
  readonly links?: readonly {
    readonly name: string;
    /** Default true. */
    readonly up?: boolean;
    /** Default: true for `lo` alone. */
    readonly loopback?: boolean;
    /** bridge, veth, wireguard, …; default: a plain device. */
    readonly kind?: string;
    /** The bridge or bond that it is a port of. */
    readonly master?: string;
    /** Of a VRF: its table. */
    readonly vrfTable?: string;
    /** XDP programs on it; default none. */
    readonly xdp?: readonly { readonly mode?: 'driver' | 'generic' | 'offload'; readonly id?: number; readonly name?: string }[];
  }[];
  /** 127.0.0.1/8 and ::1/128 are there unless addresses of `lo` are given. */
  readonly addresses?: readonly {
    readonly link: string;
    /** `ADDRESS/LENGTH`. */
    readonly address: string;
    /** The other end of a point-to-point link, `ADDRESS` or `ADDRESS/LENGTH`. */
    readonly peer?: string;
    readonly broadcast?: string;
    /** Default `global`. */
    readonly scope?: string;
  }[];
  readonly routes?: readonly {
    /** `default`, `ADDRESS` or `ADDRESS/LENGTH`. */
    readonly to: string;
    readonly link?: string;
    readonly via?: string;
    /** Default `main`. */
    readonly table?: string;
    /** Default `unicast`. */
    readonly type?: string;
    /** Of `default` without `via`; default 4. */
    readonly family?: Family;
    /** Only packets from this network take it. */
    readonly from?: string;
    readonly metric?: number;
    readonly tos?: string;
  }[];
  /** Rules of policy routing, in their order; the usual three are not there unless they are given. */
  readonly routingRules?: readonly {
    readonly priority: number;
    /** Default `table`. */
    readonly action?: 'table' | 'nop' | 'blackhole' | 'unreachable' | 'prohibit';
    /** Default `main`. */
    readonly table?: string;
    readonly not?: boolean;
    readonly from?: string;
    readonly to?: string;
    readonly in?: string;
    readonly out?: string;
    /** A number, or `NUMBER/MASK`. */
    readonly mark?: string;
    /** Of a rule without addresses; default 4. */
    readonly family?: Family;
  }[];
  /** IPsec: how many states, and policies by direction; what is left out is 0. */
  readonly xfrm?: {
    readonly states?: number;
    readonly in?: number;
    readonly out?: number;
    readonly forward?: number;
    readonly socket?: number;
  };
  /** Flowtables of nftables. */
  readonly flowtables?: readonly {
    readonly family: string;
    readonly table: string;
    readonly name: string;
    /** Default 0. */
    readonly priority?: number;
    readonly links?: readonly string[];
  }[];
  /** Filters of traffic control, one an entry, in the order in which they are tried. */
  readonly traffic?: readonly {
    readonly link: string;
    readonly at: 'ingress' | 'egress' | 'root';
    /** bpf, u32, flower, tcx, …; default `bpf`. */
    readonly kind?: string;
    /** Default `all`. */
    readonly protocol?: string;
    /** Default 0. */
    readonly preference?: number;
  }[];
  readonly listeners?: readonly {
    readonly proto: 'tcp' | 'udp';
    readonly port: number;
    /** Left out, `*` or `::`: any address of both families. `0.0.0.0`: any of IPv4. */
    readonly address?: string;
    /** With `::`: IPv6 alone. */
    readonly v6only?: boolean;
    readonly link?: string;
    readonly process?: string;
  }[];
  /** Connections over which the host is managed. */
  readonly sessions?: readonly {
    readonly local: string;
    /** Default 22. */
    readonly localPort?: number;
    readonly peer: string;
    readonly peerPort: number;
    readonly process?: string;
  }[];
  /** Sockets that see packets before the rules (AF_PACKET). */
  readonly packetReaders?: readonly {
    /** An EtherType; left out: every packet. */
    readonly protocol?: number;
    /** Left out: all links. */
    readonly link?: string;
    readonly process?: string;
  }[];
  /** Helpers of conntrack that the kernel has: ftp, sip, …. */
  readonly helpers?: readonly string[];
  /** How many connections they expect. */
  readonly expectations?: number;
  /** What `uname -r` says. */
  readonly kernel?: string;
  /** What `uname -v` says. */
  readonly kernelBuild?: string;
  readonly installedKernels?: readonly string[];
  /** Versions by name of package; `software` says more, and then counts. */
  readonly packages?: Readonly<Record<string, string>>;
  /** What the package manager and its like print, each text whole, by the names that docs/facts.md lists with their commands. */
  readonly software?: Readonly<Partial<Record<SoftwareName, string | number>>>;
  /** Modules of the kernel; of those that matter to a firewall also the ones in the kernel itself, and on the disk. */
  readonly modules?: {
    readonly loaded?: readonly string[];
    readonly builtin?: readonly string[];
    readonly loadable?: readonly string[];
  };
  /** Files that set the host up; those that are not named are not there. */
  readonly files?: readonly {
    readonly path: string;
    /** Default `file`, or `link` where there is a target. */
    readonly kind?: 'file' | 'folder' | 'link';
    /** Octal; default 0644, of folders 0755. */
    readonly mode?: string;
    /** Default 0, which is root. */
    readonly uid?: number;
    readonly gid?: number;
    /** Epoch seconds. */
    readonly modified?: number;
    readonly target?: string;
    readonly text?: string;
  }[];
  /** Programs that run. Process 1 says whether the host boots by itself or is a container. */
  readonly processes?: readonly {
    readonly name: string;
    readonly pid?: number;
    /** Default 0, which is root. */
    readonly uid?: number;
    /** It has CAP_NET_ADMIN; default: root has it. */
    readonly netAdmin?: boolean;
    /** Default true. */
    readonly ownNetwork?: boolean;
    readonly ownUsers?: boolean;
    /** In a container; default false. */
    readonly contained?: boolean;
  }[];
  /** Services of systemd. */
  readonly units?: readonly {
    /** `netfilter-persistent.service`. */
    readonly name: string;
    /** As systemd says it; default `enabled`. */
    readonly enabled?: string;
    /** Default `active`. */
    readonly active?: string;
  }[];
  /** What `auditctl -l` prints, a text a line. */
  readonly auditRules?: readonly string[];
  /** What the connection table lost since the machine started. */
  readonly conntrackLosses?: { readonly insertFailed?: number; readonly dropped?: number; readonly earlyDropped?: number };
  /** By dotted name. The connection table, br_netfilter and the writers of the rules' log are read from here. */
  readonly sysctls?: Readonly<Record<string, string | number>>;
  /** Base chains of nftables that iptables did not make. */
  readonly foreignChains?: readonly {
    /** ip, ip6, inet, bridge, netdev, arp. */
    readonly family: string;
    readonly table: string;
    readonly chain: string;
    /** Default `filter`. */
    readonly type?: 'filter' | 'nat' | 'route';
    readonly hook: string;
    readonly priority: number;
    /** Default `accept`. */
    readonly policy?: 'accept' | 'drop';
    /** How many; default 0. */
    readonly rules?: number;
  }[];
}
