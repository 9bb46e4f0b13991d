import type { Answer, Check, Subject } from '../check.ts';
import { cvesAsOf } from '../cves.ts';
import { filter, oneLink } from '../examples.ts';
import { type Finding, severities } from '../finding.ts';
import { usernsOff, type Vulnerability, vulnerabilities } from '../vulnerabilities.ts';

const debian12 = {
  ...oneLink,
  kernel: '6.1.0-17-amd64',
  kernelBuild: '#1 SMP PREEMPT_DYNAMIC Debian 6.1.69-1 (2023-12-30)',
  sysctls: { 'kernel.unprivileged_userns_clone': 1, 'user.max_user_namespaces': 63000 },
};
const custom = { ...oneLink, kernel: '6.12.70-mine', kernelBuild: '#1 SMP' };

/**
 * The running kernel and iptables against a dated list of vulnerabilities of netfilter. Almost all of them ask for CAP_NET_ADMIN, which
 * every user has in a user namespace of its own: where those are off, only root is left, and the severity is low.
 */
export const fwUpd04: Check = {
  id: 'FW-UPD-04',
  title: 'no known vulnerability of netfilter applies',
  severity: 'high',
  kinds: ['H'],
  refs: ['PCI DSS 4.0 6.3.3'],
  why: 'A hole in the filter is one in the kernel: whoever uses it is root, behind any rule.',
  fix: 'Update the kernel and restart; keep user namespaces from users that need none.',
  run,
  examples: [
    { title: 'a kernel of today', facts: oneLink, finds: [] },
    // Of CVE-2025-71160 the list has no version for its series.
    { title: 'one of Debian 12 of three years ago', facts: debian12, finds: ['high null'], unknown: 1 },
    {
      title: 'where users have no namespaces',
      facts: { ...debian12, sysctls: { 'kernel.unprivileged_userns_clone': 0 } },
      finds: ['low null'],
      unknown: 1,
    },
    { title: 'one that was built for the machine, by upstream’s versions', facts: custom, finds: ['high null'] },
    {
      title: 'one of another distribution, which mends old versions',
      facts: { ...oneLink, kernel: '5.14.0-427.13.1.el9_4.x86_64', kernelBuild: '#1 SMP' },
      finds: [],
      unknown: 1,
    },
    { title: 'a palisade of long ago', facts: oneLink, afterDays: 21_000, finds: [], unknown: 1 },
    { title: 'nothing is known of kernel and packages', v4: filter([]), facts: { links: oneLink.links }, finds: [], unknown: 2 },
  ],
};

function run({ host }: Subject): Answer {
  const { found, untold } = vulnerabilities(host);
  const off = usernsOff(host);
  const findings = (['linux', 'iptables'] as const).flatMap((product) => {
    const some = found.filter(({ cve }) => cve.product === product);
    return some.length === 0 ? [] : [finding(some, product, off)];
  });
  return { findings, unknown: untold.map(({ why, remedy }) => ({ id: fwUpd04.id, why, remedy })) };
}

function finding(found: readonly Vulnerability[], product: 'linux' | 'iptables', off: string | null): Finding {
  const certain = found.filter(({ certainty }) => certainty === 'certain');
  const counted = certain.length > 0 ? certain : found;
  const worst = Math.min(...counted.map(({ cve, mitigated }) => severities.indexOf(mitigated ? 'low' : cve.severity)));
  const exploited = counted.filter(({ cve }) => cve.exploited === true);
  const what = product === 'linux' ? `The running kernel ${found[0]?.version}` : `iptables ${found[0]?.version}`;
  const many = counted.length === 1 ? 'one known vulnerability' : `${counted.length} known vulnerabilities`;
  const attackers =
    product === 'iptables'
      ? ''
      : off === null
        ? ' Any user who may make user namespaces can reach them.'
        : ` Mitigated: only root can reach them, since ${off}.`;
  return {
    id: fwUpd04.id,
    severity: severities[worst] ?? 'high',
    certainty: certain.length > 0 ? 'certain' : 'possible',
    title: `${what} has ${many} of netfilter${exploited.length === 0 ? '' : `, ${exploited.length} of them known to be exploited`}`,
    why: `By the list of ${cvesAsOf}: ${counted.map(sayOne).join('; ')}.${attackers}`,
    family: null,
    at: [],
    causedBy: [],
    witness: null,
    fix:
      product === 'linux'
        ? 'Update the kernel and restart. Until then keep user namespaces from plain users, if nothing (browsers, rootless containers) needs them.\nsysctl -w user.max_user_namespaces=0'
        : 'Update iptables.',
    refs: fwUpd04.refs,
  };
}

function sayOne({ cve, fixedIn }: Vulnerability): string {
  return `${cve.id} (${cve.says}${fixedIn === null ? '' : `, mended in ${fixedIn}`})`;
}
