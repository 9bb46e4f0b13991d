import { type Unknown, unknown } from './known.ts';
import type { TextRead } from './texts.ts';

/** Debian's names, which Ubuntu shares; elsewhere they are mostly the same. */
const packages: Readonly<Record<string, string>> = {
  nft: 'nftables',
  ipset: 'ipset',
  ip: 'iproute2',
  ss: 'iproute2',
  tc: 'iproute2',
  grep: 'grep',
  ls: 'coreutils',
  cat: 'coreutils',
  lsns: 'util-linux',
  'dpkg-query': 'dpkg',
  'apt-cache': 'apt',
  'apt-config': 'apt',
  rpm: 'rpm',
  dnf: 'dnf',
  yum: 'yum',
  zypper: 'zypper',
  apk: 'apk-tools',
  auditctl: 'auditd',
  koffi: 'palisade with its optional dependencies: npm ci --include=optional',
};

/** Why a text could not be had, and what to do about it. `what` says what it would have told. */
export function unread(read: Extract<TextRead, { read: false }>, what: string): Unknown {
  switch (read.why) {
    case 'rights':
      return unknown(`only root may read ${what}`, 'run palisade as root');
    case 'missing':
      return unknown(`${what} cannot be read: ${read.tool} is not installed`, `install ${packageOf(read.tool)}`);
    case 'unused':
      return unknown(`there is nothing to read ${what} from: ${read.detail}`, 'nothing needs to be done');
    case 'timeout':
      return unknown(`${what} could not be read: ${read.detail}`, `run ${read.tool} by hand to see why it takes so long`);
    case 'too-large':
      return unknown(`${what} are too many to read: ${read.detail}`, 'put addresses into an ipset instead of one rule each');
    case 'failed':
      return unknown(`${what} could not be read: ${read.detail}`, `run ${read.tool} by hand to see what it says`);
  }
}

function packageOf(tool: string): string {
  return packages[tool] ?? 'iptables';
}
