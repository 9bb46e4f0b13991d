import { z } from 'zod';
import { readHost, readingInput } from './reading.ts';
import { rulesetReport } from './shapes.ts';
import { verb } from './verb.ts';

export const show = verb({
  name: 'show',
  group: 'look',
  summary: 'the rules of both families as tables with hit counts',
  description: `Shows every table, chain and rule that was read, with its counters and what palisade does not understand of it.
--save prints the text as it was read, byte for byte.`,
  input: z.object({
    ...readingInput,
    save: z.boolean().default(false).describe('Print the text as read, byte for byte'),
    table: z.string().optional().describe('Only this table').meta({ value: 'NAME' }),
  }),
  output: rulesetReport.extend({
    saves: z.array(z.string()).optional().describe('With --save: the texts, one character a byte.'),
  }),
  streams: false,
  exits: { 0: 'shown', 2: 'a file or flag could not be read', 3: 'a part of it could not be read' },
  examples: [
    { command: 'palisade show', says: 'this host’s rules' },
    { command: 'palisade show --save --ruleset rules.v4', says: 'the text itself, after it was read whole' },
  ],
  async run(context, input) {
    const host = await readHost(context, input);
    if (!host.ok) return { kind: 'invalid', problems: host.problems };
    const { knownRulesets, rulesetsOf } = await import('./rulesets.ts');
    const value = rulesetsOf(host.value, input.table);
    const missing = value.unknown.filter(({ what }) => what.endsWith('rules'));
    if (input.save && missing.length > 0) {
      // A text that lacks a family would pass for the whole.
      return {
        kind: 'unread',
        problems: missing.map(({ what, why, remedy }) => ({ code: 'unread', message: `${what}: ${why}`, hint: remedy })),
      };
    }
    const saves = input.save ? { saves: knownRulesets(host.value).map((ruleset) => ruleset.text) } : {};
    return { kind: value.unknown.length > 0 ? 'unknown' : 'done', value: { ...value, ...saves } };
  },
});
