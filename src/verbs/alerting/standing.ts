import type { HostState } from '../../monitor/index.ts';
import { openOutboxReading } from '../../store/index.ts';
import type { Context } from '../verb.ts';

/** How the channels stand, for whoever publishes the state of the host. */
export function alertsStanding({ stateFolder, settings }: Pick<Context, 'stateFolder' | 'settings'>): HostState['alerts'] {
  if (settings.alerts === undefined)
    return { known: false, why: 'nobody sends alerts', remedy: 'say to whom: alerts: in config.yaml' };
  const opened = openOutboxReading(stateFolder);
  if (!opened.ok) {
    const [problem] = opened.problems;
    return { known: false, why: problem?.message ?? '', remedy: problem?.hint ?? '' };
  }
  using outbox = opened.value;
  return {
    known: true,
    value: outbox.standing().map(({ lastDelivered, ...one }) => ({
      ...one,
      lastDelivered: lastDelivered === null ? null : lastDelivered / 1000,
    })),
  };
}
