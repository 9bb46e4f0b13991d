import type { Trigger } from './item.ts';
import { plainText } from './text.ts';

/** The trapper item that takes what becomes of incidents. */
export const eventKey = 'iptables.event';

/** What became of an incident. The texts may be anybody's. */
export interface Event {
  readonly incident: string;
  readonly state: 'firing' | 'acknowledged' | 'resolved' | 'test';
  readonly severity: 'critical' | 'high' | 'medium' | 'low' | 'info';
  readonly detector: string;
  readonly title: string;
  readonly why: string;
  readonly remedy: string;
  readonly sources: readonly string[];
  readonly events: number;
}

/**
 * One line, of which triggers read the beginning: incident, state and severity stand there, in this order and in characters that are ours, so that no
 * text behind them can say another state. Quotes in texts are escaped by JSON, and cannot look like its own.
 */
export function eventLine({ incident, state, severity, detector, title, why, remedy, sources, events }: Event): string {
  return JSON.stringify({
    ...{ incident: incident.replace(/[^A-Za-z0-9_.:-]/g, '_').slice(0, 120), state, severity },
    ...{ detector: plainText(detector, 60), title: plainText(title, 300).replaceAll('"', "'"), events },
    ...{
      sources: sources.slice(0, 10).map((source) => plainText(source, 60)),
      why: plainText(why, 500),
      remedy: plainText(remedy, 500),
    },
  });
}

const head = (state: string, severity: string): string =>
  `find(@event,,"regexp","^[{]\\"incident\\":\\"[^\\"]+\\",\\"state\\":\\"${state}\\",\\"severity\\":\\"${severity}\\"")=1`;

/** Each incident is a problem of its own, which ends when the incident does, whatever happens to others meanwhile. */
export const eventTriggers: readonly Trigger[] = (
  [
    ['critical', 'DISASTER'],
    ['high', 'HIGH'],
    ['medium', 'WARNING'],
  ] as const
).map(([severity, priority]) => ({
  id: `event.${severity}`,
  name: `Iptables: Incident of severity ${severity}`,
  event: `Iptables: {{ITEM.VALUE1}.regsub("\\"title\\":\\"(([^\\"\\\\]|\\\\.)*)", "\\1")}`,
  expression: head('firing', severity),
  recovery: head('resolved', '[a-z]+'),
  each: { tag: 'incident', value: '{{ITEM.VALUE1}.regsub("^[{]\\"incident\\":\\"([^\\"]+)", "\\1")}' },
  priority,
  scope: 'security',
  closedByHand: true,
  says: 'palisade incidents ID shows its evidence and what to do; palisade incidents ack ID takes it over.',
}));
