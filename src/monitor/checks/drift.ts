import { type CheckMode, unknown } from './mode.ts';
import { count, moment } from './words.ts';

const kinds = ['added', 'removed', 'moved', 'policy', 'other'] as const;

export const drift: CheckMode = {
  name: 'drift',
  summary: 'what somebody changed since the firewall was accepted: CRITICAL for any change that nobody has announced',
  measured: 'drift_changes',
  measures: {
    drift_changes: 'all changes together',
    drift_added: 'rules that came',
    drift_removed: 'rules that went',
    drift_moved: 'rules that stand elsewhere',
    drift_policy: 'policies that are others',
    drift_other: 'sets, chains and tables of nft',
  },
  heeds: {},
  run({ drift: read }, now) {
    if (!read.known) return unknown(read);
    const { changes, baseline, says, by, announcedUntil } = read.value;
    const isAnnounced = announcedUntil !== null && announcedUntil > now;
    const numbers = kinds.map((kind) => {
      const value = changes.filter(({ change }) => change === kind).reduce((sum, { count: of }) => sum + of, 0);
      return [kind, value] as const;
    });
    const all = numbers.reduce((sum, [, value]) => sum + value, 0);
    // Somebody says that it drifted: then it has, even where no list of changes says how.
    const total = read.value.drifted ? Math.max(all, 1) : 0;
    const since = `the firewall of ${moment(baseline.at)}`;
    const parts = numbers.filter(([, value]) => value > 0).map(([kind, value]) => `${value} ${kind}`);
    const how = parts.length === 0 ? '' : ` (${parts.join(', ')})`;
    const who = by === null ? '' : `, ${by.startsWith('by ') ? by : `by ${by}`}`;
    const announced = isAnnounced ? `; a change is announced until ${moment(announcedUntil)}` : '';
    return {
      status: 'OK',
      text:
        total === 0
          ? `nothing was changed since ${since}${announced}`
          : `${count(total, 'change')}${how} since ${since}${who}${announced}`,
      more: [...says, `accepted as ${baseline.id}: ${baseline.reason}`],
      measures: [
        { label: 'drift_changes', value: total, unit: '', critical: '0', ...(isAnnounced && { expected: true as const }) },
        ...numbers.map(([kind, value]) => ({ label: `drift_${kind}`, value, unit: '' }) as const),
      ],
    };
  },
};
