import { z } from 'zod';
import type { Message } from '../message.ts';
import { visible } from '../text/index.ts';

const severity = z.enum(['critical', 'high', 'medium', 'low', 'info']);
const state = z.enum(['firing', 'acknowledged', 'resolved']);
const moment = z.number().describe('Epoch seconds.');

const alert = z.object({
  key: z.string().describe('The incident: the same in every message about it, from the first to the last.'),
  state,
  detector: z.string(),
  severity,
  title: z.string().describe('Who did what to whom.'),
  why: z.string().describe('What was counted, and how much of it is too much.'),
  remedy: z.string().describe('What to do about it.'),
  sources: z.array(z.string()).describe('Whom it comes from, the first of them.'),
  sourceCount: z.number().describe('How many there are in all.'),
  targets: z.array(z.string()).describe('Where: addresses and ports, or chains.'),
  since: moment,
  last: moment,
  resolvedAt: moment.nullable().describe('When it was over, in epoch seconds; null: it is not.'),
  events: z.number(),
  evidence: z.array(z.string()).describe('Lines, as they were logged.'),
  acknowledgedBy: z.string().nullable(),
});

/** What `webhook` posts and `command` hands over on standard input. */
export const messageDocument = z
  .object({
    form: z.literal(1),
    id: z.string().describe('The same at every attempt: whoever has taken it once can leave out the second.'),
    kind: z
      .enum(['transition', 'digest', 'renewal', 'test'])
      .describe('What has become of the alerts in it, a summary of a time, that it is still so, or a test.'),
    thread: z.string().describe('Messages about the same have the same.'),
    sequence: z.number().describe('0 for the first of its thread.'),
    host: z.string(),
    at: moment.describe('When it was made, in epoch seconds.'),
    severity: severity.describe('The worst of its alerts.'),
    state: state.describe('All resolved, all acknowledged, or else firing.'),
    title: z.string(),
    alerts: z.array(alert).describe('Worst first.'),
    more: z.number().describe('Further alerts that are counted and not listed.'),
  })
  .describe(
    'One thing to tell somebody. Control characters and such that turn the direction of reading are written out as \\x1b or \\u{202e} in every text.',
  );

/** The message as programs get it. Text of others is visible text: receivers print it in terminals. */
export function documentOf(message: Message): z.output<typeof messageDocument> {
  return {
    form: 1,
    id: visible(message.id),
    kind: message.kind,
    thread: visible(message.thread),
    sequence: message.sequence,
    host: visible(message.host),
    at: message.at / 1000,
    severity: message.severity,
    state: message.state,
    title: visible(message.title),
    alerts: message.alerts.map((one) => ({
      key: visible(one.key),
      state: one.state,
      detector: visible(one.detector),
      severity: one.severity,
      title: visible(one.title),
      why: visible(one.why),
      remedy: visible(one.remedy),
      sources: one.sources.map(visible),
      sourceCount: one.sourceCount,
      targets: one.targets.map(visible),
      since: one.since / 1000,
      last: one.last / 1000,
      resolvedAt: one.resolvedAt === null ? null : one.resolvedAt / 1000,
      events: one.events,
      evidence: one.evidence.map(visible),
      acknowledgedBy: one.acknowledgedBy === null ? null : visible(one.acknowledgedBy),
    })),
    more: message.more,
  };
}
