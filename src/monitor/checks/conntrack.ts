import { type CheckMode, unknown } from './mode.ts';
import { percent } from './words.ts';

export const conntrack: CheckMode = {
  name: 'conntrack',
  summary: 'how full the table of connections is: WARNING from 80 %, CRITICAL from 90 %',
  measured: 'conntrack_used',
  measures: {
    conntrack_used: 'percent of the table',
    conntrack_entries: 'connections',
    conntrack_dropped: 'packets dropped since the table was full',
    conntrack_early_dropped: 'connections given up for new ones',
    conntrack_insert_failed: 'connections that could not be entered',
  },
  heeds: {},
  run({ conntrack: read }) {
    if (!read.known) return unknown(read);
    if (read.value === null) {
      const measures = [{ label: 'conntrack_used', value: 0, unit: '%' }] as const;
      return { status: 'OK', text: 'the kernel tracks no connections', more: [], measures };
    }
    const { entries, limit, dropped, earlyDropped, insertFailed } = read.value;
    const used = percent(entries, limit);
    return {
      status: 'OK',
      text: limit > 0 ? `${entries} of ${limit} connections, ${used} %` : `${entries} connections, and no limit`,
      more: [`since the machine started: ${dropped} dropped, ${earlyDropped} given up early, ${insertFailed} not entered`],
      measures: [
        { label: 'conntrack_used', value: used, unit: '%', warning: '80', critical: '90' },
        { label: 'conntrack_entries', value: entries, unit: '', least: 0, ...(limit > 0 && { most: limit }) },
        { label: 'conntrack_dropped', value: dropped, unit: 'c' },
        { label: 'conntrack_early_dropped', value: earlyDropped, unit: 'c' },
        { label: 'conntrack_insert_failed', value: insertFailed, unit: 'c' },
      ],
    };
  },
};
