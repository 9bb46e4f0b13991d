import { isChosen, missing } from './chosen.ts';
import { type CheckMode, type CheckStatus, unknown, worstOf } from './mode.ts';
import { count, duration, listed } from './words.ts';

export const alerts: CheckMode = {
  name: 'alerts',
  summary: 'whether alerts arrive: CRITICAL for messages that could not be delivered, WARNING for a channel that fails just now',
  measured: 'alerts_dead',
  measures: {
    'alerts_dead.CHANNEL': 'messages that are not tried again',
    'alerts_waiting.CHANNEL': 'messages on their way',
    'alerts_delivered.CHANNEL': 'messages that were taken',
  },
  heeds: { only: 'channels', except: 'channels' },
  run({ alerts: read }, now, options) {
    if (!read.known) return unknown(read);
    const gone = missing(
      read.value.map(({ channel }) => [channel]),
      options,
    );
    const chosen = read.value.filter(({ channel }) => isChosen([channel], options));
    const failing = chosen.filter((one) => one.failing !== null);
    const dead = chosen.reduce((sum, one) => sum + one.dead, 0);
    const waiting = chosen.reduce((sum, one) => sum + one.waiting, 0);
    const statuses: CheckStatus[] = [gone.length > 0 ? 'CRITICAL' : 'OK', failing.length > 0 ? 'WARNING' : 'OK'];
    const words = [
      ...(gone.length > 0 ? [`there is no channel ${listed(gone)}`] : []),
      ...(dead > 0 ? [`${count(dead, 'message')} could not be delivered`] : []),
      ...(failing.length > 0 ? [`failing: ${listed(failing.map(({ channel }) => channel))}`] : []),
    ];
    const well = chosen.length === 0 ? 'no channel is set up' : `${count(chosen.length, 'channel')}, ${waiting} waiting`;
    return {
      status: worstOf(statuses),
      text: words.length > 0 ? words.join('; ') : well,
      more: [...failing, ...chosen.filter((one) => one.failing === null)].map(
        ({ channel, type, waiting: waits, dead: lost, delivered, lastDelivered, failing: why }) =>
          `${channel} (${type}): ${why === null ? '' : `${why}; `}${waits} waiting, ${lost} not delivered, ${delivered} delivered${lastDelivered === null ? '' : `, the last ${duration(now - lastDelivered)} ago`}`,
      ),
      measures: chosen.flatMap(({ channel, dead: lost, waiting: waits, delivered }) => [
        { label: `alerts_dead.${channel}`, value: lost, unit: '', critical: '0' } as const,
        { label: `alerts_waiting.${channel}`, value: waits, unit: '' } as const,
        { label: `alerts_delivered.${channel}`, value: delivered, unit: 'c' } as const,
      ]),
    };
  },
};
