/**
 * Facts that the kernel shows as settings. `whole` says that the settings are all that the kernel has, so that a missing one
 * means that the part it belongs to is not there; otherwise (a facts file) it only was not said, and the answer is `undefined`.
 */
export interface Settings {
  readonly values: ReadonlyMap<string, string>;
  readonly whole: boolean;
}

/** How full the connection table is. At the maximum new connections are dropped, before any rule. */
export interface Conntrack {
  readonly count: number;
  readonly max: number;
}

/** `null` while conntrack is not there. */
export function conntrackOf({ values, whole }: Settings): Conntrack | null | undefined {
  const count = numberIn(values, 'net.netfilter.nf_conntrack_count');
  const max = numberIn(values, 'net.netfilter.nf_conntrack_max') ?? numberIn(values, 'net.nf_conntrack_max');
  if (count !== undefined && max !== undefined) return { count, max };
  return whole ? null : undefined;
}

/** What the connection table lost since the machine started, over all processors. */
export interface ConntrackLosses {
  /** Connections that two packets began at once, of which one was lost. */
  readonly insertFailed: number;
  /** Packets of new connections that found no room. */
  readonly dropped: number;
  /** Old connections that made room for new ones. */
  readonly earlyDropped: number;
}

/** `/proc/net/stat/nf_conntrack`: names, then a line of hexadecimal numbers for each processor. */
export function parseLosses(text: string): ConntrackLosses | undefined {
  const [head = '', ...lines] = text.trimEnd().split('\n');
  const names = head.trim().split(/\s+/);
  const sum = (name: string): number | undefined => {
    const at = names.indexOf(name);
    if (at < 0) return undefined;
    return lines.reduce((total, line) => total + Number.parseInt(line.trim().split(/\s+/)[at] ?? '', 16), 0);
  };
  const [insertFailed, dropped, earlyDropped] = ['insert_failed', 'drop', 'early_drop'].map(sum);
  if (insertFailed === undefined || dropped === undefined || earlyDropped === undefined) return undefined;
  return Number.isNaN(insertFailed + dropped + earlyDropped) ? undefined : { insertFailed, dropped, earlyDropped };
}

/** Which frames a bridge hands to the rules for IP, as if they were routed; each bridge may also ask for it by itself. */
export interface BridgeFilter {
  readonly iptables: boolean;
  readonly ip6tables: boolean;
  readonly arptables: boolean;
}

/** `null` while br_netfilter is not there: then no bridged frame meets a rule of iptables. */
export function bridgeFilterOf({ values, whole }: Settings): BridgeFilter | null | undefined {
  const [iptables, ip6tables, arptables] = ['iptables', 'ip6tables', 'arptables'].map((name) =>
    numberIn(values, `net.bridge.bridge-nf-call-${name}`),
  );
  if (iptables === undefined || ip6tables === undefined) return whole ? null : undefined;
  return { iptables: iptables !== 0, ip6tables: ip6tables !== 0, arptables: arptables !== undefined && arptables !== 0 };
}

/** Who writes what the targets LOG and TRACE log. */
export interface LogBackends {
  /** `nf_log_ipv4`, `nfnetlink_log`, …; `null` when nobody does, and it is lost. */
  readonly 4: string | null;
  readonly 6: string | null;
  /** Whether namespaces other than the first may log to the kernel's log; `null` inside them, where it is not shown. */
  readonly allNamespaces: boolean | null;
}

export function logBackendsOf({ values, whole }: Settings): LogBackends | undefined {
  // By protocol family: 2 is AF_INET, 10 is AF_INET6 (net/netfilter/nf_log.c).
  const [four, six] = [values.get('net.netfilter.nf_log.2'), values.get('net.netfilter.nf_log.10')];
  if (!whole && (four === undefined || six === undefined)) return undefined;
  const all = numberIn(values, 'net.netfilter.nf_log_all_netns');
  return { 4: writer(four), 6: writer(six), allNamespaces: all === undefined ? null : all !== 0 };
}

function writer(name: string | undefined): string | null {
  return name === undefined || name === 'NONE' ? null : name;
}

/** Helpers of conntrack that the kernel has: they read payloads (FTP, SIP, …) and make other connections RELATED. */
export interface Helpers {
  /** `ftp`, `sip`, `netbios_ns`, …: the names of their modules behind `nf_conntrack_`. */
  readonly present: readonly string[];
  /** True when each applies to its port by itself, without a rule that says so (kernels before 6.0, if set). */
  readonly automatic: boolean;
}

/** Modules of conntrack that are no helpers. */
const noHelper = /^(?:netlink|bridge|ipv4|ipv6|broadcast|standalone|proto_\w+)$/;

/** `modules` is `ls -1 /sys/module`: all that are loaded, and of those built in the ones with parameters. */
export function helpersOf(modules: string, { values }: Settings): Helpers {
  const names = modules.split('\n').flatMap((name) => /^nf_conntrack_(\w+)$/.exec(name)?.[1] ?? []);
  const present = names.filter((name) => !noHelper.test(name));
  return { present, automatic: numberIn(values, 'net.netfilter.nf_conntrack_helper') === 1 };
}

function numberIn(values: ReadonlyMap<string, string>, name: string): number | undefined {
  const text = values.get(name);
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
