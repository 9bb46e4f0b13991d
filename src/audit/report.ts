import { type Finding, type Report, type Severity, severities, type Undetermined } from './finding.ts';

/**
 * What one finding costs, and what all findings of the severity may cost together: many small faults never outweigh a
 * grave one, and a hundredth finding of a kind tells nothing new.
 */
const costs: Readonly<Record<Severity, { readonly each: number; readonly most: number }>> = {
  critical: { each: 40, most: 100 },
  high: { each: 15, most: 60 },
  medium: { each: 6, most: 24 },
  low: { each: 2, most: 10 },
  info: { each: 0, most: 0 },
};

/** With a critical finding no score is higher. */
const criticalCap = 40;

/** Orders and weighs the answers of `asked` checks; `judged`: one that looks at rules could be answered. */
export function reportOf(findings: readonly Finding[], unknown: readonly Undetermined[], asked: number, judged = true): Report {
  const blank = new Set(unknown.map(({ id }) => id)).size;
  const confidence = asked === 0 ? 0 : Math.round((100 * (asked - blank)) / asked);
  return {
    score: confidence === 0 || !judged ? null : scoreOf(findings),
    confidence,
    findings: [...findings].sort(order),
    unknown: unknown.map(({ id, why, remedy }) => ({ id, why, remedy })).sort((a, b) => compare(a.id, b.id)),
  };
}

/** 100 − the capped sum of costs; a finding that is only possible costs half. */
function scoreOf(findings: readonly Finding[]): number {
  let score = 100;
  for (const severity of severities) {
    const { each, most } = costs[severity];
    const sum = findings
      .filter((finding) => finding.severity === severity)
      .reduce((total, { certainty }) => total + (certainty === 'certain' ? each : each / 2), 0);
    score -= Math.min(sum, most);
  }
  if (findings.some(({ severity }) => severity === 'critical')) score = Math.min(score, criticalCap);
  return Math.max(0, Math.round(score));
}

/** Worst first, what is certain before what is possible, then by id, family and place. */
function order(a: Finding, b: Finding): number {
  return (
    severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
    compare(a.certainty, b.certainty) ||
    compare(a.id, b.id) ||
    (a.family ?? 0) - (b.family ?? 0) ||
    (a.at[0]?.line ?? 0) - (b.at[0]?.line ?? 0)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
