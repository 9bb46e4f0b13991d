import type { TextRead } from '../model/host/index.ts';
import { readBy } from './reading.ts';
import type { Run } from './run.ts';

/** Settings of each link, by their folder. */
const ofLinks = {
  ipv4: [
    'accept_local',
    'accept_redirects',
    'accept_source_route',
    'arp_filter',
    'arp_ignore',
    'drop_gratuitous_arp',
    'forwarding',
    'log_martians',
    'proxy_arp',
    'route_localnet',
    'rp_filter',
    'secure_redirects',
    'send_redirects',
    'shared_media',
    'src_valid_mark',
  ],
  ipv6: [
    'accept_ra',
    'accept_ra_defrtr',
    'accept_ra_pinfo',
    'accept_ra_rtr_pref',
    'accept_redirects',
    'accept_source_route',
    'autoconf',
    'disable_ipv6',
    'force_forwarding',
    'forwarding',
    'max_addresses',
    'router_solicitations',
  ],
} as const;

const files = [
  'kernel/apparmor_restrict_unprivileged_userns',
  'kernel/dmesg_restrict',
  'kernel/printk',
  'kernel/unprivileged_userns_clone',
  'net/core/bpf_jit_harden',
  'net/ipv4/icmp_echo_ignore_broadcasts',
  'net/ipv4/icmp_ignore_bogus_error_responses',
  'net/ipv4/ip_forward',
  'net/ipv4/ip_local_port_range',
  'net/ipv4/ip_nonlocal_bind',
  'net/ipv4/tcp_rfc1337',
  'net/ipv4/tcp_syncookies',
  'net/ipv6/bindv6only',
  'user/max_user_namespaces',
] as const;

const folders = ['net/ipv4/conf', 'net/ipv6/conf', 'net/netfilter', 'net/bridge'] as const;

const root = '/proc/sys/';

/** Whole folders of few files each. */
const wanted = [
  ...new Set([...ofLinks.ipv4, ...ofLinks.ipv6, ...files.map((file) => file.slice(file.lastIndexOf('/') + 1))]),
  'nf_*',
  // net/netfilter/nf_log/2 and so on
  '[0-9]*',
  'bridge-nf-*',
];

/**
 * Settings that decide about packets, as `name = value` lines, read by grep: one process for all of them, and it can be
 * put into a namespace, where the files show other values. Files that this kernel does not have are left out.
 */
export async function readSysctls(run: Run, signal?: AbortSignal): Promise<TextRead> {
  const names = wanted.map((name) => `--include=${name}`);
  const paths = [...files, ...folders].map((path) => root + path);
  const read = await readBy(run, { argv: ['grep', '-rsH', ...names, '', ...paths], evenIfFailed: true }, signal);
  if (!read.read) return read;
  return { ...read, command: 'sysctl -a', text: read.text.split('\n').map(asSetting).filter(Boolean).join('\n') };
}

/** `/proc/sys/net/ipv4/conf/eth0.5/rp_filter:1` as sysctl(8) prints it: `net.ipv4.conf.eth0/5.rp_filter = 1`. */
function asSetting(line: string): string {
  const colon = line.indexOf(':');
  if (colon < 0 || !line.startsWith(root)) return '';
  const name = line.slice(root.length, colon).replace(/[./]/g, (char) => (char === '.' ? '/' : '.'));
  return `${name} = ${line.slice(colon + 1)}`;
}
