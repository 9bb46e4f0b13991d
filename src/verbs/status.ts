import { z } from 'zod';
import { isAroundRules } from '../audit/around-rules.ts';
import type { Report } from '../audit/index.ts';
import type { Host } from '../model/host/index.ts';
import type { Family } from '../model/net/index.ts';
import { readHost, readingInput } from './reading.ts';
import { countsOf, findingToJson, type StatusJson, statusReport } from './shapes.ts';
import { verb } from './verb.ts';

export const status = verb({
  name: 'status',
  group: 'look',
  summary: 'one screen: protected or not, what is wrong first, what is unknown, what to do next',
  description: `Says whether the host is protected: NO when a critical or high finding is certain, UNKNOWN when one is only possible
or something that could be one was not read, YES otherwise. Bare \`palisade\` does the same.
What is said of the machine around the rules (its settings, updates, files and backups) is listed and does not change the word.`,
  input: z.object({ ...readingInput }),
  output: statusReport,
  streams: false,
  exits: { 0: 'protected', 1: 'not protected', 2: 'a file or flag could not be read', 3: 'it cannot be told' },
  examples: [{ command: 'palisade', says: 'how this host stands' }],
  async run(context, input) {
    const host = await readHost(context, input, { software: true });
    if (!host.ok) return { kind: 'invalid', problems: host.problems };
    context.progress('auditing');
    const { audit } = await import('../audit/index.ts');
    const value = statusOf(host.value, audit(host.value));
    const { bootHint } = await import('./boot-hint.ts');
    const hint = input.ruleset.length === 0 ? bootHint(context.stateFolder) : null;
    if (hint !== null) value.next.push(hint);
    return { kind: value.protected === 'yes' ? 'done' : value.protected === 'no' ? 'found' : 'unknown', value };
  },
});

/** The screen's content, also for the page and `up`. */
export function statusOf(host: Host, report: Report): StatusJson {
  const counts = countsOf(report);
  const isOfRules = ({ id }: { readonly id: string }): boolean => !isAroundRules(id);
  const grave = report.findings.filter(isOfRules).filter(({ severity }) => severity === 'critical' || severity === 'high');
  const bad = grave.filter(({ certainty }) => certainty === 'certain').length;
  return {
    host: host.name,
    readAt: host.readAt / 1000,
    protected: bad > 0 ? 'no' : grave.length > 0 || report.unknown.some(isOfRules) ? 'unknown' : 'yes',
    backends: { 4: backendOf(host, 4), 6: backendOf(host, 6) },
    rules: { 4: rulesOf(host, 4), 6: rulesOf(host, 6) },
    foreign: foreignOf(host),
    score: report.score,
    confidence: report.confidence,
    counts,
    findings: report.findings.map((finding) => findingToJson(finding)),
    unknown: [...report.unknown],
    next: nextSteps(host, report),
  };
}

export function foreignOf(host: Host): string[] {
  if (!host.foreignChains.known) return [];
  return host.foreignChains.value.map(
    (chain) =>
      `${chain.family} ${chain.table} ${chain.chain} (${chain.type} on ${chain.hook}, priority ${chain.priority}, policy ${chain.policy})`,
  );
}

function backendOf(host: Host, family: Family): string {
  const use = host.backends[family];
  if (!use.known) return 'unknown';
  const holds = (['nft', 'legacy'] as const).filter((backend) => (use.value[backend]?.tables.length ?? 0) > 0);
  return holds.length === 2 ? 'both' : (holds[0] ?? 'none');
}

function rulesOf(host: Host, family: Family): number | null {
  const ruleset = host.rulesets[family];
  return ruleset.known ? ruleset.value.tables.reduce((sum, table) => sum + table.rules.length, 0) : null;
}

/** Fixes of the worst findings first, then how to learn what is unknown. */
function nextSteps(host: Host, report: Report): string[] {
  const worst = report.findings.filter((finding) => finding.severity === 'critical' || finding.severity === 'high');
  const fixes = worst.slice(0, 3).map((finding) => `${finding.id}: ${finding.fix}`);
  const remedies = [...new Set(report.unknown.map((answer) => answer.remedy))].slice(0, 2);
  const more = fixes.length > 0 ? ['palisade audit: every finding with the commands that mend it'] : [];
  const steps = [...fixes, ...more, ...remedies];
  if (steps.length > 0) return steps;
  return report.findings.length > 0
    ? ['palisade audit: read the milder findings']
    : [`nothing to do; \`palisade up\` keeps watching ${host.name}`];
}
