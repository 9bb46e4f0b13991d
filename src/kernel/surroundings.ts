import type { TextRead } from '../model/host/index.ts';
import type { Modules } from './modules.ts';
import { readBy } from './reading.ts';
import type { Run } from './run.ts';
import { notLoaded } from './tables.ts';

/** IPsec policies and states: how many there are, as `ip` counts them without listing any. */
export async function readXfrm(run: Run, modules: Modules, signal?: AbortSignal): Promise<TextRead> {
  // Policies are made through one of these two and live on without it only until they are flushed.
  const [netlink, keys] = await Promise.all([modules.absent('xfrm_user'), modules.absent('af_key')]);
  if (netlink && keys) return notLoaded('ip', 'xfrm_user');
  const [states, policies] = await Promise.all([
    readBy(run, { argv: ['ip', 'xfrm', 'state', 'count'] }, signal),
    readBy(run, { argv: ['ip', '-s', 'xfrm', 'policy', 'count'] }, signal),
  ]);
  const failure = [states, policies].find((read) => !read.read);
  if (failure !== undefined && !failure.read) {
    return /protocol not supported/i.test(failure.detail) ? { ...failure, why: 'unused' } : failure;
  }
  return states.read && policies.read ? { ...policies, text: `${states.text}\n${policies.text}` } : states;
}

/**
 * Connections that a helper of conntrack expects; they will be RELATED. Where the file is missing, so is conntrack.
 */
export async function readExpectations(run: Run, signal?: AbortSignal): Promise<TextRead> {
  const read = await readBy(run, { argv: ['cat', '/proc/net/nf_conntrack_expect'] }, signal);
  return !read.read && read.detail.includes('No such file') ? { ...read, why: 'unused' } : read;
}

/** Programs whose version or presence matters to a firewall, by Debian's names; patterns where the names carry versions. */
const packages = [
  'iptables',
  'nftables',
  'ipset',
  'iproute2',
  'conntrack',
  'arptables',
  'ebtables',
  'iptables-persistent',
  'netfilter-persistent',
  'ufw',
  'firewalld',
  'shorewall',
  'ferm',
  'firehol',
  'fail2ban',
  'crowdsec',
  'auditd',
  'rsyslog',
  'syslog-ng',
  'ulogd2',
  'docker.io',
  'docker-ce',
  'linux-image-*',
] as const;

/** `NAME TAB VERSION TAB STATE` lines of Debian's package database. */
export async function readPackages(run: Run, signal?: AbortSignal): Promise<TextRead> {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own placeholders
  const format = '${Package}\\t${Version}\\t${db:Status-Status}\\n';
  const argv = ['dpkg-query', '-W', '-f', format, ...packages] as const;
  const read = await readBy(run, { argv, evenIfFailed: true }, signal);
  // It fails when one of them is unknown to it, and says of each whether it is.
  const none = !read.read && read.why === 'failed' && read.detail.includes('no packages found matching');
  return none ? { read: true, text: '', command: 'dpkg-query -W', warnings: '' } : read;
}

/** The network namespaces that processes are in. Others than root see only their own processes' ones. */
export async function readNamespaces(run: Run, signal?: AbortSignal): Promise<TextRead> {
  if (process.geteuid?.() !== 0) return { read: false, why: 'rights', tool: 'lsns', detail: 'only root sees all of them' };
  return readBy(run, { argv: ['lsns', '-n', '-r', '-t', 'net', '-o', 'NS,NPROCS,PID,COMMAND'] }, signal);
}
