import { isChosen } from './chosen.ts';
import { type CheckMode, unknown } from './mode.ts';
import { count, duration } from './words.ts';

const severities = ['critical', 'high', 'medium', 'low', 'info'] as const;

export const audit: CheckMode = {
  name: 'audit',
  summary: 'what is wrong with the firewall as it stands: CRITICAL for high and critical findings, WARNING for medium ones',
  measured: 'score',
  measures: {
    score: '0 to 100, from the latest audit',
    findings_critical: 'findings of this severity',
    findings_high: 'findings of this severity',
    findings_medium: 'findings of this severity',
    findings_low: 'findings of this severity',
    findings_info: 'findings of this severity',
    checks_unknown: 'checks that could not be answered',
    audit_age: 'seconds since the latest audit',
  },
  heeds: { only: 'checks', except: 'checks' },
  run({ audit: read }, now, options) {
    if (!read.known) return unknown(read);
    const { value } = read;
    const findings = value.findings.filter(({ id }) => isChosen([id], options));
    const unread = value.unknown.filter(({ id }) => isChosen([id], options));
    const isPart = options.only.length + options.except.length > 0;
    const counts = severities.map((severity) => [severity, findings.filter((one) => one.severity === severity).length] as const);
    const said = counts.filter(([, number]) => number > 0).map(([severity, number]) => `${number} ${severity}`);
    const what = said.length === 0 ? 'no findings' : said.join(', ');
    const answered = unread.length === 0 ? '' : `; ${count(unread.length, 'check')} not answered`;
    const word = { yes: 'protected', no: 'NOT protected', unknown: 'unknown whether protected' }[value.protected];
    const worst = findings.toSorted((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
    const isUnknown = isPart ? unread.length > 0 : value.protected === 'unknown';
    return {
      status: isUnknown ? 'UNKNOWN' : !isPart && value.protected === 'no' ? 'CRITICAL' : 'OK',
      text: `${isPart ? '' : `${word}: `}${what}${answered}`,
      more: [
        ...worst.map(
          ({ id, severity, certainty, title, family, fix }) =>
            `${severity}${certainty === 'possible' ? ' (possible)' : ''}: ${id}${family === null ? '' : ` IPv${family}`}: ${title}; ${fix.split('\n', 1)[0]}`,
        ),
        ...unread.map(({ id, why, remedy }) => `unknown: ${id}: ${why}; ${remedy}`),
        `audited ${duration(now - value.at)} ago`,
      ],
      measures: [
        ...(value.score === null || isPart
          ? []
          : [{ label: 'score', value: value.score, unit: '', least: 0, most: 100 } as const]),
        ...counts.map(([severity, number]) => {
          const label = `findings_${severity}`;
          if (severity === 'critical' || severity === 'high') return { label, value: number, unit: '', critical: '0' } as const;
          return { label, value: number, unit: '', ...(severity === 'medium' && { warning: '0' }) } as const;
        }),
        { label: 'checks_unknown', value: unread.length, unit: '' },
        { label: 'audit_age', value: Math.max(0, Math.round(now - value.at)), unit: 's' },
      ],
    };
  },
};
