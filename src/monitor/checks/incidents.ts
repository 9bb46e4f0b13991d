import { isChosen } from './chosen.ts';
import { type CheckMode, unknown } from './mode.ts';
import { count, duration } from './words.ts';

const severities = ['critical', 'high', 'medium', 'low', 'info'] as const;

export const incidents: CheckMode = {
  name: 'incidents',
  summary: 'what happens to the host and nobody attends to: CRITICAL for high and critical incidents, WARNING for medium ones',
  measured: 'incidents_open',
  measures: {
    incidents_open: 'open ones of medium severity or worse that nobody attends to',
    incidents_critical: 'those of this severity',
    incidents_high: 'those of this severity',
    incidents_medium: 'those of this severity',
    incidents_low: 'those of this severity',
    incidents_info: 'those of this severity',
    incidents_attended: 'open ones that somebody has acknowledged or silenced',
  },
  heeds: { only: 'detectors', except: 'detectors' },
  run({ incidents: read }, now, options) {
    if (!read.known) return unknown(read);
    const { list, attended, open } = read.value;
    const isPart = options.only.length + options.except.length > 0;
    const asked = list.filter(({ detector }) => isChosen([detector], options));
    const unattended = asked.filter((one) => !one.attended);
    // The list may be cut, the counts are not; but they do not tell detectors apart.
    const counts = severities.map((severity) => {
      const value = isPart ? unattended.filter((one) => one.severity === severity).length : open[severity];
      return [severity, value] as const;
    });
    const grave = counts.slice(0, 3).reduce((sum, [, value]) => sum + value, 0);
    const said = counts.filter(([, value]) => value > 0).map(([severity, value]) => `${value} ${severity}`);
    const [worst] = unattended;
    const seen = isPart ? asked.length - unattended.length : attended;
    return {
      status: 'OK',
      text: `${said.length === 0 ? 'no open incidents' : said.join(', ')}${seen > 0 ? `, ${seen} attended to` : ''}${worst === undefined ? '' : `: ${worst.title}`}`,
      more: asked.map(
        ({ id, severity, detector, title, since, events, attended: has }) =>
          `${severity}${has ? ' (attended to)' : ''}: ${title} (${detector}, ${id}), for ${duration(now - since)}, ${count(events, 'packet')}`,
      ),
      measures: [
        { label: 'incidents_open', value: grave, unit: '' },
        ...counts.map(([severity, value]) => {
          const label = `incidents_${severity}`;
          if (severity === 'critical' || severity === 'high') return { label, value, unit: '', critical: '0' } as const;
          return { label, value, unit: '', ...(severity === 'medium' && { warning: '0' }) } as const;
        }),
        { label: 'incidents_attended', value: seen, unit: '' },
      ],
    };
  },
};
