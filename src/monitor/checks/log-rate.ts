import { type CheckMode, type CheckStatus, unknown, worstOf } from './mode.ts';
import { plainNumber } from './output.ts';
import { duration } from './words.ts';

export const logRate: CheckMode = {
  name: 'log-rate',
  summary: 'logged packets a minute: WARNING when packets are dropped and none was ever logged, UNKNOWN when nothing is read',
  measured: 'log_per_minute',
  measures: {
    log_per_minute: 'logged packets a minute, over the last five',
    log_silence: 'seconds since the last one',
    log_lost: 'logged packets that came too fast to be read',
    log_dropped: 'packets that rules and policies dropped',
  },
  heeds: {},
  run({ log }, now) {
    if (!log.known) return unknown(log);
    const { sources, events, lost, perMinute, last, dropped } = log.value;
    const all = events.reduce((sum, { count }) => sum + count, 0);
    const missed = lost.reduce((sum, { count }) => sum + count, 0);
    const isSilent = all === 0 && last === null && dropped !== null && dropped > 0;
    const statuses: CheckStatus[] = [sources.length === 0 ? 'UNKNOWN' : 'OK', isSilent ? 'WARNING' : 'OK'];
    const words = [
      ...(sources.length === 0 ? ['no log is read here; name one with watch.sources in config.yaml'] : []),
      ...(isSilent ? [`${dropped} packets were dropped and none of them was logged`] : []),
      ...(isSilent || sources.length === 0
        ? []
        : [`${plainNumber(perMinute)} a minute, ${last === null ? 'none yet' : `the last ${duration(now - last)} ago`}`]),
      ...(missed > 0 ? [`${missed} lost`] : []),
    ];
    return {
      status: worstOf(statuses),
      text: words.join('; '),
      more: [
        ...lost.map(({ source, count }) => `${source}: ${count} lost`),
        ...events.toSorted((a, b) => b.count - a.count).map(({ proto, prefix, count }) => `${count} ${proto} ${prefix}`),
        `read from ${sources.length === 0 ? 'nowhere' : sources.join(', ')}`,
      ],
      measures: [
        { label: 'log_per_minute', value: perMinute, unit: '', least: 0 },
        ...(last === null ? [] : [{ label: 'log_silence', value: Math.max(0, Math.round(now - last)), unit: 's' } as const]),
        { label: 'log_lost', value: missed, unit: 'c' },
        ...(dropped === null ? [] : [{ label: 'log_dropped', value: dropped, unit: 'c' } as const]),
      ],
    };
  },
};
