import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { SoftwareTexts, TextRead } from '../model/host/index.ts';
import { readLines } from './here.ts';
import { type Reading, readBy } from './reading.ts';
import type { Run } from './run.ts';

/** What decides about packets, keeps rules, or blocks by itself, as Debian calls it; patterns where names carry versions. */
const onDebian = [
  'iptables',
  'nftables',
  'ipset',
  'libxtables*',
  'libip4tc*',
  'libip6tc*',
  'libiptc*',
  'libnftnl*',
  'libnftables*',
  'libipset*',
  'libmnl*',
  'libnetfilter*',
  'libnfnetlink*',
  'conntrack',
  'iproute2',
  'arptables',
  'ebtables',
  'iptables-persistent',
  'netfilter-persistent',
  'ufw',
  'firewalld',
  'shorewall',
  'ferm',
  'fail2ban',
  'firehol',
  'crowdsec',
  'auditd',
  'rsyslog',
  'syslog-ng',
  'ulogd2',
  'docker.io',
  'docker-ce',
  'unattended-upgrades',
  'linux-image-*',
] as const;

/** The same as rpm's distributions call it. */
const onRpm = [
  'iptables*',
  'nftables*',
  'ipset*',
  'libxtables*',
  'libip4tc*',
  'libip6tc*',
  'libnftnl*',
  'libnftables*',
  'libipset*',
  'libmnl*',
  'libnetfilter*',
  'libnfnetlink*',
  'conntrack-tools',
  'firewalld',
  'fail2ban*',
  'docker-ce',
  'kernel',
  'kernel-*',
] as const;

/** Package lists grow with what is installed, and disks are slow. */
const timeoutMs = 60_000;

const timers = [
  'apt-daily-upgrade.timer',
  'dnf-automatic.timer',
  'dnf-automatic-install.timer',
  'dnf5-automatic.timer',
  'os-update.timer',
  'transactional-update.timer',
] as const;

/**
 * What the package manager knows of the firewall and the kernel, by its commands that change nothing (apt may renew its own cache of the
 * lists that it has). Only the family that this machine is made of is asked, and no network.
 */
export async function readSoftware(run: Run, signal?: AbortSignal): Promise<SoftwareTexts> {
  const read = (reading: Reading): Promise<TextRead> => readBy(run, { timeoutMs, gentle: true, ...reading }, signal);
  const of = existsSync('/var/lib/dpkg/status')
    ? await readDebian(read)
    : existsSync('/var/lib/rpm') || existsSync('/usr/lib/sysimage/rpm')
      ? await readRpm(read)
      : existsSync('/lib/apk/db/installed')
        ? await readAlpine(read)
        : {};
  const [units] = await Promise.all([
    read({ argv: ['systemctl', 'list-unit-files', '--no-legend', '--no-pager', ...timers], statuses: [1] }),
  ]);
  return { 'os-release': readLines('/etc/os-release'), ...of, ...(units.read && { timers: units }), reboot: readReboot() };
}

type Read = (reading: Reading) => Promise<TextRead>;

async function readDebian(read: Read): Promise<SoftwareTexts> {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own placeholders
  const format = '${Package}\\t${Version}\\t${db:Status-Status}\\t${source:Package}\\t${source:Version}\\n';
  // It fails when one of them is unknown to it, and says of each whether it is.
  const asked = await read({ argv: ['dpkg-query', '-W', '-f', format, ...onDebian], evenIfFailed: true });
  const none = !asked.read && asked.why === 'failed' && asked.detail.includes('no packages found matching');
  const dpkg: TextRead = none ? { read: true, text: '', command: 'dpkg-query -W', warnings: '' } : asked;
  const [apt, periodic, needrestart] = await Promise.all([
    readPolicy(read, dpkg),
    read({ argv: ['apt-config', 'dump', 'APT::Periodic'] }),
    read({ argv: ['needrestart', '-b', '-k'] }),
  ]);
  return {
    dpkg: dpkg.read ? { ...dpkg, command: 'dpkg-query -W' } : dpkg,
    apt,
    'apt-periodic': periodic,
    ...(needrestart.read && { needrestart }),
    // A list keeps the time at which its server wrote it; its folder says when one was last put there.
    lists: newest('/var/lib/apt/lists', /_(?:In)?Release$|_Packages/, [
      '/var/lib/apt/lists',
      '/var/lib/apt/periodic/update-success-stamp',
    ]),
  };
}

async function readPolicy(read: Read, dpkg: TextRead): Promise<TextRead> {
  if (!dpkg.read) return dpkg;
  const names = dpkg.text.split('\n').flatMap((line) => /^(\S+)\t\S+\tinstalled(?:\t|$)/.exec(line)?.[1] ?? []);
  // Without names it would speak of the archives.
  if (names.length === 0) return { read: true, text: '', command: 'apt-cache policy', warnings: '' };
  const policy = await read({ argv: ['apt-cache', 'policy', ...names] });
  return policy.read ? { ...policy, command: 'apt-cache policy' } : policy;
}

async function readRpm(read: Read): Promise<SoftwareTexts> {
  const format = '%{NAME}\\t%{EPOCHNUM}:%{VERSION}-%{RELEASE}\\t%{ARCH}\\t%{SOURCERPM}\\n';
  const rpm = read({ argv: ['rpm', '-qa', '--qf', format, ...onRpm] });
  if (existsSync('/usr/bin/zypper')) {
    const zypper = ['zypper', '--non-interactive', '--no-refresh', '-x'] as const;
    // One after the other: each holds zypper's lock.
    const updates = await read({ argv: [...zypper, 'list-updates', '-t', 'package'], statuses: [100, 101] });
    const patches = await read({ argv: [...zypper, 'list-patches', '-g', 'security'], statuses: [100, 101] });
    const lists = newest('/var/cache/zypp/raw', /^repomd\.xml$|^cookie$/, [], true);
    return { rpm: await rpm, zypper: updates, 'zypper-security': patches, lists };
  }
  const dnf = existsSync('/usr/bin/dnf') ? 'dnf' : 'yum';
  const [updates, security] = await Promise.all([
    read({ argv: [dnf, '-q', '--cacheonly', 'check-update', ...onRpm], statuses: [100] }),
    read({ argv: [dnf, '-q', '--cacheonly', 'updateinfo', 'list', '--security'] }),
  ]);
  const conf = '/etc/dnf/automatic.conf';
  return {
    rpm: await rpm,
    dnf: updates,
    'dnf-security': security,
    ...(existsSync(conf) && { 'dnf-automatic': readLines(conf) }),
    lists: newest(existsSync('/var/cache/libdnf5') ? '/var/cache/libdnf5' : '/var/cache/dnf', /^repomd\.xml$/, [], true),
  };
}

async function readAlpine(read: Read): Promise<SoftwareTexts> {
  const [apk, upgrades] = await Promise.all([
    read({ argv: ['apk', 'list', '--installed'] }),
    read({ argv: ['apk', 'version', '-v', '-l', '<'] }),
  ]);
  return { apk, 'apk-upgrades': upgrades, lists: newest('/var/cache/apk', /^APKINDEX\..*\.tar\.gz$/) };
}

/** When the newest of the lists in a folder was written, in epoch seconds, or a stamp if that is newer; `unused` when there is no list. */
function newest(folder: string, names: RegExp, stamps: readonly string[] = [], recursive = false): TextRead {
  const command = `ls -lt ${folder}`;
  const absent: Extract<TextRead, { read: false }> = {
    read: false,
    why: 'unused',
    tool: 'ls',
    detail: `${folder} holds no package lists`,
  };
  const times: number[] = [];
  try {
    for (const entry of readdirSync(folder, { recursive, withFileTypes: true })) {
      if (names.test(entry.name)) times.push(statSync(join(entry.parentPath, entry.name)).mtimeMs);
    }
    if (times.length === 0) return absent;
    times.push(...stamps.filter((path) => existsSync(path)).map((path) => statSync(path).mtimeMs));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return absent;
    return { ...absent, why: code === 'EACCES' ? 'rights' : 'failed', detail: `${folder} may not be read` };
  }
  return { read: true, text: `${Math.floor(Math.max(...times) / 1000)}`, command, warnings: '' };
}

/** What programs leave behind that want the machine to be started anew; empty when none does. The first file alone may be empty too. */
function readReboot(): TextRead {
  const [required, packages] = [readLines('/run/reboot-required'), readLines('/run/reboot-required.pkgs')];
  const lines = [required.read ? required.text || '***' : '', packages.read ? packages.text : ''].filter((text) => text !== '');
  return { read: true, text: lines.join('\n'), command: 'cat /run/reboot-required*', warnings: '' };
}
