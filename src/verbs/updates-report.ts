import { fwUpd01, pendingUpdates, unfinishedPackages } from '../audit/checks/fw-upd-01.ts';
import { checks } from '../audit/checks/index.ts';
import { cvesAsOf } from '../audit/cves.ts';
import { severities } from '../audit/finding.ts';
import { supportOf } from '../audit/releases.ts';
import { listsAgeDays, stale } from '../audit/staleness.ts';
import { subjectOf } from '../audit/subject.ts';
import { cvesAgeDays, usernsOff, vulnerabilities } from '../audit/vulnerabilities.ts';
import type { Host, Update } from '../model/host/index.ts';
import type { UpdatesJson } from './updates-shape.ts';
import type { Outcome } from './verb.ts';

/** What is pending on the host, as the checks FW-UPD-* judge it. */
export function updatesOf(host: Host): UpdatesJson {
  const subject = subjectOf(host);
  const unknown = checks.filter(({ id }) => id.startsWith('FW-UPD-')).flatMap((check) => check.run(subject).unknown);
  const { found } = vulnerabilities(host);
  const { release, restart, automaticUpdates, pending, packageLists, kernel } = host;
  const byApt = host.packages.known && host.packages.value.format === 'deb';
  const support = release.known ? supportOf(release.value) : undefined;
  return {
    host: host.name,
    readAt: host.readAt / 1000,
    system: release.known ? release.value.name : null,
    kernel: kernel.known ? kernel.value.release : null,
    lists: {
      at: packageLists.known ? packageLists.value / 1000 : null,
      days: listsAgeDays(host),
      stale: stale(subject) !== null,
    },
    updates: [
      ...unfinishedPackages(host).map(({ name, version, state }) =>
        asJson({ name, installed: `${version} (${state})`, candidate: version, security: null }, byApt),
      ),
      ...(pending.known ? pendingUpdates(pending.value).toSorted(byUrgency) : []).map((update) => asJson(update, byApt)),
    ],
    advisories: pending.known ? [...pending.value.advisories] : [],
    restart: restart.known ? { ...restart.value } : { pending: null, why: restart.why },
    automatic: automaticUpdates.known ? { ...automaticUpdates.value } : { enabled: null, why: automaticUpdates.why },
    support: support === undefined ? null : { until: support.until, longUntil: support.longUntil ?? null },
    vulnerabilities: {
      asOf: cvesAsOf,
      days: cvesAgeDays(host),
      found: found
        .map(({ cve, certainty, version, fixedIn, mitigated }) => ({
          id: cve.id,
          product: cve.product,
          says: cve.says,
          severity: cve.severity,
          exploited: cve.exploited === true,
          certainty,
          version,
          fixedIn,
          mitigated,
        }))
        .sort(
          (a, b) => Number(b.exploited) - Number(a.exploited) || severities.indexOf(a.severity) - severities.indexOf(b.severity),
        ),
      mitigatedBy: usernsOff(host),
    },
    unknown: [...unknown].sort((a, b) => Number(b.id === fwUpd01.id) - Number(a.id === fwUpd01.id)),
    applied: null,
  };
}

/** What is found counts before what is not known. */
export function judged(value: UpdatesJson): Outcome<UpdatesJson> {
  const { updates: pending, restart, vulnerabilities, unknown, applied } = value;
  const disturbed = applied !== null && (applied.failed !== null || applied.rules === 'changed');
  const found = pending.length > 0 || restart.pending === true || vulnerabilities.found.length > 0 || disturbed;
  if (found) return { kind: 'found', value };
  return { kind: unknown.length > 0 || applied?.rules === 'unknown' ? 'unknown' : 'done', value };
}

function byUrgency(a: Update, b: Update): number {
  const urgency = ({ name, security }: Update): number =>
    (security === true ? 0 : security === null ? 2 : 4) + (isOurs(name) ? 0 : 1);
  return urgency(a) - urgency(b);
}

function asJson({ name, installed, candidate, security }: Update, byApt: boolean): UpdatesJson['updates'][number] {
  return { name, installed, candidate, security, applies: byApt && isOurs(name) };
}

const netfilter =
  /^(?:(?:iptables|nftables|ipset|conntrack|arptables|ebtables)$|lib(?:xtables|ip4tc|ip6tc|iptc|nftnl|nftables|ipset|mnl|netfilter|nfnetlink)|linux-image-)/;

/** The filter and its libraries, and kernels; not programs that write rules of their own, whose updates may start them anew. */
function isOurs(name: string): boolean {
  return netfilter.test(name);
}
