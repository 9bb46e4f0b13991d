import type { Host, Pending, Unfinished, Update } from '../../model/host/index.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { filter, guide, hardened4, oneLink } from '../examples.ts';
import type { Finding, Severity } from '../finding.ts';
import { listsAgeDays, stale, staleDays, upgradeCommand } from '../staleness.ts';
import { policy, software } from '../updated.ts';

const pendingSecurity = {
  ...oneLink,
  software: {
    ...software,
    apt: policy('iptables', '1.8.11-2', '1.8.11-2+deb13u1', 'debian-security trixie-security/main'),
  },
};
const pendingOther = { ...oneLink, software: { ...software, apt: policy('iptables', '1.8.11-2', '1.8.11-3') } };

/**
 * Newer versions of what decides about packets (iptables, nftables, ipset, their libraries, the kernel) and of what writes rules, as far
 * as the package lists know. What is found is said however old they are; that nothing is pending only when they are at most two days old
 * and name the packages.
 */
export const fwUpd01: Check = {
  id: 'FW-UPD-01',
  title: 'no update of iptables, nftables, their libraries or the kernel waits',
  severity: 'high',
  kinds: ['H'],
  refs: [
    'CIS Debian 12 v1.1.0 1.2.2.1',
    'DISA STIG RHEL-08-010010',
    'DISA STIG RHEL-09-211015',
    'PCI DSS 4.0 6.3.3',
    'ANSSI BP-028 R61',
    'Lynis PKGS-7392',
  ],
  why: 'The filter itself has had holes that let any user become root; their fixes come as updates.',
  fix: 'Install the updates: palisade updates --apply.',
  run,
  examples: [
    { title: 'nothing waits', v4: hardened4, finds: [] },
    { title: 'a security update waits', facts: pendingSecurity, finds: ['high null'] },
    { title: 'another one waits', facts: pendingOther, finds: ['low null'] },
    {
      title: 'an update was left halfway',
      facts: {
        ...oneLink,
        software: { ...software, dpkg: software.dpkg.replace(/^(iptables\t\S+)\tinstalled/m, '$1\thalf-configured') },
      },
      finds: ['high null'],
    },
    { title: 'of old lists, what they name waits all the same', facts: pendingSecurity, afterDays: 30, finds: ['high null'] },
    { title: 'old lists name nothing', facts: oneLink, v4: hardened4, afterDays: 3, finds: [], unknown: 1 },
    { title: 'and cannot be renewed, since answers are dropped', v4: guide, facts: oneLink, afterDays: 3, finds: [], unknown: 1 },
    { title: 'there are no lists', facts: { ...oneLink, software: { ...software, lists: undefined } }, finds: [], unknown: 1 },
    {
      title: 'the lists do not have it',
      facts: {
        ...oneLink,
        software: { ...software, apt: policy('iptables', '1.8.11-2').replace(/^ +500 http.*\n/m, '') },
      },
      finds: [],
      unknown: 1,
    },
    {
      title: 'no package follows the kernels of the distribution',
      facts: { ...oneLink, software: { ...software, dpkg: software.dpkg.replace(/^linux-image-amd64.*\n/m, '') } },
      finds: [],
      unknown: 1,
    },
    { title: 'nothing is known of packages', v4: filter([]), facts: { links: oneLink.links }, finds: [], unknown: 1 },
  ],
};

function run(subject: Subject): Answer {
  const { host } = subject;
  const { id } = fwUpd01;
  const { pending } = host;
  const halfway = unfinishedPackages(host).length === 0 ? [] : [halfwayFinding(unfinishedPackages(host))];
  if (!pending.known) return { findings: halfway, unknown: [{ id, why: pending.why, remedy: pending.remedy }] };
  const updates = pendingUpdates(pending.value);
  const waiting = [true, null, false].flatMap((security) => {
    const some = updates.filter((update) => update.security === security);
    return some.length === 0 ? [] : [finding(subject, some, security, pending.value.advisories)];
  });
  const findings = [...halfway, ...waiting];
  if (findings.length > 0) return { findings, unknown: [] };
  const old = stale(subject);
  if (old !== null) return { findings, unknown: [{ id, ...old }] };
  if (followsNoKernel(subject.host)) {
    const why =
      'each kernel of the distribution is a package of its own name, and none is installed that follows them: a newer one is not seen';
    return {
      findings,
      unknown: [{ id, why, remedy: 'install linux-image-amd64, linux-image-generic or what fits this machine' }],
    };
  }
  const unlisted = pending.value.unlisted.filter((name) => matters(name));
  if (unlisted.length === 0) return { findings, unknown: [] };
  const why = `none of the package lists has ${sayNames(unlisted)}, so that a newer version would not be seen`;
  return { findings, unknown: [{ id, why, remedy: 'look at /etc/apt/sources.list and run `apt-get update`' }] };
}

/** Of Debian and its kin: images are installed, and no metapackage that comes with the next one. */
function followsNoKernel({ packages }: Host): boolean {
  if (!packages.known || packages.value.format !== 'deb') return false;
  const images = packages.value.installed.filter(({ name }) => name.startsWith('linux-image-'));
  return images.length > 0 && images.every(({ name }) => /^linux-image-(?:unsigned-)?\d/.test(name));
}

/** What waits, without what only installs. */
export function pendingUpdates({ updates }: Pending): readonly Update[] {
  return updates.filter(({ name }) => matters(name));
}

/** What an installation left halfway; it waits as much as what was never begun. */
export function unfinishedPackages({ packages }: Host): readonly Unfinished[] {
  return packages.known ? (packages.value.unfinished ?? []).filter(({ name }) => matters(name)) : [];
}

function matters(name: string): boolean {
  return name !== 'unattended-upgrades';
}

const severities = new Map<boolean | null, Severity>([
  [true, 'high'],
  [null, 'medium'],
  [false, 'low'],
]);

function finding(
  { host }: Subject,
  updates: readonly Update[],
  security: boolean | null,
  advisories: readonly string[],
): Finding {
  const [first] = updates;
  const more = updates.length > 1 ? ` and ${updates.length - 1} more` : '';
  const kind = security === true ? 'Security updates wait' : 'Updates wait';
  const days = listsAgeDays(host);
  const age = days !== null && days >= staleDays ? ` The package lists are ${days} days old; there may be more.` : '';
  const untold =
    security === null
      ? ` Whether it is for security the lists do not tell${advisories.length === 0 ? '' : `; ${advisories.length} security advisories wait (${sayNames(advisories)})`}.`
      : '';
  return {
    id: fwUpd01.id,
    severity: severities.get(security) ?? 'low',
    certainty: 'certain',
    title: `${kind}: ${first?.name} ${first?.candidate}${more}`,
    why: `${updates.map(({ name, installed, candidate }) => `${name} ${installed} → ${candidate}`).join(', ')}.${untold}${age}`,
    family: null,
    at: [],
    causedBy: [],
    witness: null,
    fix: `Install them between two looks at the rules.\n${installCommand(host, updates)}`,
    refs: fwUpd01.refs,
  };
}

function halfwayFinding(unfinished: readonly Unfinished[]): Finding {
  const more = unfinished.length > 1 ? ` and ${unfinished.length - 1} more` : '';
  return {
    id: fwUpd01.id,
    severity: 'high',
    certainty: 'certain',
    title: `An installation was left halfway: ${unfinished[0]?.name}${more}`,
    why: `${unfinished.map(({ name, version, state }) => `${name} ${version} is ${state}`).join(', ')}: what runs is of no one version.`,
    family: null,
    at: [],
    causedBy: [],
    witness: null,
    fix: 'Look whether /boot or another disk is full, then have dpkg finish.\ndpkg --configure -a\napt-get --fix-broken install',
    refs: fwUpd01.refs,
  };
}

function installCommand(host: Host, updates: readonly Update[]): string {
  const format = host.packages.known ? host.packages.value.format : null;
  if (format !== 'rpm' && format !== 'apk') return 'palisade updates --apply --yes';
  return `${upgradeCommand(host)} ${updates.map(({ name }) => name).join(' ')}`;
}

function sayNames(names: readonly string[]): string {
  return names.length > 6 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ');
}
