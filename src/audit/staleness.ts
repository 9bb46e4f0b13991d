import type { Host } from '../model/host/index.ts';
import type { Subject } from './check.ts';
import { fwBase05 } from './checks/fw-base-05.ts';
import type { Unread } from './unread.ts';

const dayMs = 86_400_000;

/** apt's own timer may leave more than a day between two of its runs. */
export const staleDays = 2;

/** How old the package lists were when the host was read; `null` when that is not known. */
export function listsAgeDays(host: Host): number | null {
  return host.packageLists.known ? Math.max(0, Math.floor((host.readAt - host.packageLists.value) / dayMs)) : null;
}

/** The command that fetches the lists anew. */
export function refreshCommand(host: Host): string {
  return { apt: 'apt-get update', apk: 'apk update', zypper: 'zypper refresh', dnf: 'dnf makecache' }[managerOf(host)];
}

/** The command that installs newer versions of named packages, and no others. */
export function upgradeCommand(host: Host): string {
  return { apt: 'apt-get install --only-upgrade', apk: 'apk upgrade', zypper: 'zypper update', dnf: 'dnf upgrade' }[
    managerOf(host)
  ];
}

function managerOf({ packages, release }: Host): 'apt' | 'apk' | 'zypper' | 'dnf' {
  const format = packages.known ? packages.value.format : null;
  if (format === 'apk') return 'apk';
  if (format !== 'rpm') return 'apt';
  return release.known && [release.value.id, ...release.value.like].some((id) => /suse|sles/.test(id)) ? 'zypper' : 'dnf';
}

/**
 * Why it cannot be said that nothing is pending: the lists are old or not there, maybe because the firewall itself drops the answers that
 * would bring new ones. `null` when they are fresh.
 */
export function stale(subject: Subject): Unread | null {
  const { host } = subject;
  const days = listsAgeDays(host);
  if (days !== null && days < staleDays) return null;
  const state =
    days === null ? notThere(host) : { why: `the package lists are ${days} days old`, remedy: `run \`${refreshCommand(host)}\`` };
  const dropped = fwBase05
    .run(subject)
    .findings.some(({ severity, certainty }) => severity === 'high' && certainty === 'certain');
  if (!dropped) return state;
  return {
    why: `cannot check: replies are dropped by this firewall (${fwBase05.id}), so that no new package lists can be fetched, and ${state.why}`,
    remedy: `accept the answers to the host's own connections, then run \`${refreshCommand(host)}\``,
  };
}

function notThere(host: Host): Unread {
  if (host.packageLists.known) return { why: 'the package lists are of a time that is not known', remedy: 'look at the clock' };
  const { why, remedy } = host.packageLists;
  return { why, remedy: host.packages.known && host.origin === 'live' ? `run \`${refreshCommand(host)}\`` : remedy };
}
