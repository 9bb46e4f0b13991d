import { fwUpd01, pendingUpdates, unfinishedPackages } from '../../audit/checks/fw-upd-01.ts';
import type { Audited } from '../../audit/index.ts';
import type { Host } from '../../model/host/index.ts';
import type { HostState } from '../../monitor/index.ts';
import { rulesPrint } from '../live.ts';
import { statusOf } from '../status.ts';

type RulesetState = Extract<HostState['rulesets'], { known: true }>['value'][number];

/** What the audit said. @param at epoch milliseconds at which it was made */
export function auditState(host: Host, { report }: Pick<Audited, 'report'>, at: number): HostState['audit'] {
  const { protected: isProtected, score, confidence, counts } = statusOf(host, report);
  if (confidence === 0) {
    const [first] = report.unknown;
    return { known: false, why: first?.why ?? 'nothing could be audited', remedy: first?.remedy ?? 'see palisade audit' };
  }
  return {
    known: true,
    value: {
      ...{ at: at / 1000, protected: isProtected, score, confidence, counts },
      findings: report.findings.map(({ id, severity, certainty, title, family, fix }) => ({
        ...{ id, severity, certainty, title, family, fix },
      })),
      unknown: [...report.unknown],
    },
  };
}

export function backendsOf(host: Host): HostState['backends'] {
  return {
    known: true,
    value: ([4, 6] as const).map((family) => {
      const use = host.backends[family];
      if (!use.known) return { family, backend: 'unknown' };
      const holds = (['nft', 'legacy'] as const).filter((backend) => (use.value[backend]?.tables.length ?? 0) > 0);
      return { family, backend: holds.length === 2 ? 'both' : (holds[0] ?? 'none') };
    }),
  };
}

/** Notes when the rules of a family were last seen to change. */
export function createRulesetTeller(): (host: Host) => HostState['rulesets'] {
  const last = new Map<number, RulesetState>();
  return (host) => {
    const value: RulesetState[] = [];
    for (const family of [4, 6] as const) {
      const fact = host.rulesets[family];
      if (!fact.known) return { known: false, why: `the IPv${family} rules: ${fact.why}`, remedy: fact.remedy };
      const before = last.get(family);
      const sha256 = rulesPrint(fact.value);
      const rules = fact.value.tables.reduce((sum, table) => sum + table.rules.length, 0);
      const isOther = before !== undefined && before.sha256 !== sha256;
      value.push({ family, sha256, rules, changedAt: isOther ? host.readAt / 1000 : (before?.changedAt ?? null) });
    }
    for (const one of value) last.set(one.family, one);
    return { known: true, value };
  };
}

export function conntrackState({ conntrack, conntrackLosses }: Host): HostState['conntrack'] {
  if (!conntrack.known) return conntrack;
  if (conntrack.value === null) return { known: true, value: null };
  if (!conntrackLosses.known) return conntrackLosses;
  if (conntrackLosses.value === null)
    return {
      known: false,
      why: 'the kernel does not tell what the connection table lost',
      remedy: 'see /proc/net/stat/nf_conntrack',
    };
  const { dropped, earlyDropped, insertFailed } = conntrackLosses.value;
  const { count, max } = conntrack.value;
  return { known: true, value: { entries: count, limit: max, dropped, earlyDropped, insertFailed } };
}

/** That nothing is pending is known only of lists that are fresh, as the check says. */
export function updatesState(host: Host, { report }: Pick<Audited, 'report'>): HostState['updates'] {
  const { pending, restart } = host;
  if (!pending.known) return pending;
  const updates = pendingUpdates(pending.value);
  const doubt = report.unknown.find(({ id }) => id === fwUpd01.id);
  if (updates.length === 0 && doubt !== undefined) return { known: false, why: doubt.why, remedy: doubt.remedy };
  return {
    known: true,
    value: {
      pending: [...unfinishedPackages(host), ...updates].map(({ name }) => name),
      security: updates.filter(({ security }) => security === true).length + pending.value.advisories.length,
      restart: restart.known ? restart.value.pending : null,
    },
  };
}

export function exposureState({ exposure }: Pick<Audited, 'exposure'>): HostState['exposure'] {
  if (!exposure.known) return exposure;
  return {
    known: true,
    value: exposure.value.map(({ family, proto, port, process, open }) => ({ family, proto, port, process, open })),
  };
}
