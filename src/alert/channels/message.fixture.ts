import type { ChannelContext } from '../channel.ts';
import type { Alert, Message } from '../message.ts';

const at = Date.UTC(2026, 10, 22, 10, 15, 0);

export const scan: Alert = {
  key: 'vertical-scan-203.0.113.9-1795342200',
  state: 'firing',
  detector: 'vertical-scan',
  severity: 'high',
  title: '203.0.113.9 tried 400 ports of 198.51.100.10',
  why: '400 ports within 60 seconds; 20 are too many',
  remedy: 'Shut it out: palisade ban 203.0.113.9 --for 1h',
  sources: ['203.0.113.9'],
  sourceCount: 1,
  targets: ['198.51.100.10 tcp/22', '198.51.100.10 tcp/23'],
  since: at - 60_000,
  last: at,
  resolvedAt: null,
  events: 412,
  evidence: ['kernel: DROP IN=eth0 OUT= SRC=203.0.113.9 DST=198.51.100.10 PROTO=TCP SPT=40000 DPT=22'],
  acknowledgedBy: null,
};

export function messageOf(alerts: readonly Alert[] = [scan], more: Partial<Message> = {}): Message {
  const first = alerts[0] ?? scan;
  return {
    id: '01KAQ0000000000000000000AB',
    kind: 'transition',
    thread: first.key,
    sequence: 0,
    host: 'web1.example.net',
    at,
    severity: first.severity,
    state: first.state,
    title: first.title,
    alerts,
    more: 0,
    ...more,
  };
}

export const resolvedScan: Alert = { ...scan, state: 'resolved', resolvedAt: at + 300_000 };

/** A context whose secrets are texts, and which starts no program. */
export function contextOf(more: Partial<ChannelContext> = {}): ChannelContext {
  return {
    clock: { now: () => at + 1000 },
    run: () => Promise.reject(new Error('no program is started here')),
    secret: async (setting) => (typeof setting === 'string' ? setting : `text of ${setting.file}`),
    ...more,
  };
}
