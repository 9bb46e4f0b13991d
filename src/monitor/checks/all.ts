import { alerts } from './alerts.ts';
import { audit } from './audit.ts';
import { backend } from './backend.ts';
import { backupAge } from './backup-age.ts';
import { isChosen, missing } from './chosen.ts';
import { conntrack } from './conntrack.ts';
import { drift } from './drift.ts';
import { heartbeat } from './heartbeat.ts';
import { incidents } from './incidents.ts';
import { ipset } from './ipset.ts';
import { judge, nothingAsked } from './judge.ts';
import { logRate } from './log-rate.ts';
import { type CheckMode, noOptions, worstOf } from './mode.ts';
import { persistence } from './persistence.ts';
import { policy } from './policy.ts';
import { updates } from './updates.ts';
import { count, listed } from './words.ts';

/** Those that need nothing said: no list of ports, and no rule's name. */
const parts: readonly CheckMode[] = [
  audit,
  drift,
  policy,
  incidents,
  conntrack,
  ipset,
  logRate,
  backupAge,
  persistence,
  backend,
  updates,
  alerts,
  heartbeat,
];

const byWorst = ['CRITICAL', 'UNKNOWN', 'WARNING', 'OK'] as const;

export const all: CheckMode = {
  name: 'all',
  summary: 'all of these but rule-hits and exposure, each as it is by itself: the worst of them counts',
  measured: 'checks_bad',
  measures: { checks_bad: 'checks that are not OK', checks_ok: 'checks that are' },
  heeds: { only: 'checks', except: 'checks' },
  run(state, now, options) {
    const nothing = missing(
      parts.map(({ name }) => [name]),
      options,
    );
    const judged = parts
      .filter(({ name }) => isChosen([name], options))
      .map((mode) => ({ name: mode.name, ...judge(mode, mode.run(state, now, noOptions), nothingAsked) }));
    const sorted = byWorst.flatMap((status) => judged.filter((one) => one.status === status));
    const bad = sorted.filter(({ status }) => status !== 'OK');
    const words = [
      ...(nothing.length > 0 ? [`there is no check ${listed(nothing)}`] : []),
      ...(judged.length === 0 ? ['no check is left'] : []),
      bad.length === 0
        ? `${count(judged.length, 'check')} OK`
        : byWorst
            .filter((status) => bad.some((one) => one.status === status))
            .map((status) => `${status}: ${bad.flatMap((one) => (one.status === status ? one.name : [])).join(', ')}`)
            .join('; '),
    ];
    return {
      status: worstOf([...judged.map(({ status }) => status), nothing.length > 0 || judged.length === 0 ? 'UNKNOWN' : 'OK']),
      text: words.join('; '),
      more: sorted.map(({ name, text }) => `${name}: ${text.first.replace(/^PALISADE /, '')}`),
      measures: [
        { label: 'checks_bad', value: bad.length, unit: '', least: 0, most: judged.length },
        { label: 'checks_ok', value: judged.length - bad.length, unit: '', least: 0, most: judged.length },
      ],
    };
  },
};
