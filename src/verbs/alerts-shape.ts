import { z } from 'zod';

const moment = z.number().describe('Epoch seconds.');

/** What `alerts` says, one by one. */
export const alertsPart = z
  .discriminatedUnion('kind', [
    z.object({
      kind: z.literal('channel'),
      channel: z.string(),
      type: z.string(),
      waiting: z.int(),
      dead: z.int().describe('Could not be delivered, and are not tried again by themselves.'),
      delivered: z.int(),
      lastDelivered: moment.nullable(),
      failing: z.string().nullable().describe('Why nothing gets through; null: it does.'),
    }),
    z.object({
      kind: z.literal('message'),
      id: z.string(),
      channel: z.string(),
      state: z.enum(['waiting', 'delivered', 'dead', 'dropped']),
      of: z.enum(['transition', 'digest', 'renewal', 'test']),
      severity: z.enum(['critical', 'high', 'medium', 'low', 'info']),
      title: z.string(),
      thread: z.string().describe('Messages about the same have the same, and are delivered in the order of their sequence.'),
      sequence: z.int(),
      at: moment.describe('When it was made; epoch seconds.'),
      attempts: z.int(),
      next: moment.nullable().describe('Not tried before; null: it does not wait.'),
      ended: moment.nullable().describe('When it was delivered or given up.'),
      why: z.string().nullable().describe('Why it was not delivered the last time.'),
    }),
    z.object({
      kind: z.literal('said'),
      word: z.enum(['retry', 'drop']),
      of: z.string(),
      count: z.int().describe('Messages that it is about.'),
      sender: z.string().nullable().describe('Who does it; null: whoever sends next.'),
    }),
    z.object({
      kind: z.literal('tested'),
      channel: z.string(),
      id: z.string(),
      delivered: z.boolean(),
      why: z.string().nullable(),
      sender: z.string().nullable().describe('Who has sent it; null: this command itself, since nobody else sends.'),
    }),
  ])
  .meta({ id: 'AlertsPart' });

export type AlertsPartJson = z.output<typeof alertsPart>;
