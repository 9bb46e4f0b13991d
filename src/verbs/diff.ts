import { z } from 'zod';
import { diffReport } from './diff-shapes.ts';
import { proveInput, readingInput } from './reading.ts';
import { verb } from './verb.ts';

export const diff = verb({
  name: 'diff',
  group: 'look',
  summary: 'the packets that two rulesets treat differently, biggest regions first, a witness each',
  description: `Compares what two rulesets do with every packet, not their texts: two rulesets that differ in every line may be
equal, and one changed line may open a network. Each region says its packets in header fields, what becomes of them before and
after, which rules decide, and shows one such packet.
A and B are files of iptables-save, several with commas (4:FILE and 6:FILE say the family), - for standard input, or live for this
host. Links, addresses and sets of the host that is read, or those of --facts and --sets, count for both.
Packets that both let pass but translate or mark differently are listed by themselves. What is logged or counted makes no
difference.
--prove sends each witness through both rulesets on the running kernel, in throw-away namespaces, and says what it did.`,
  input: z.object({
    before: z.string().describe('The ruleset before').meta({ value: 'A', path: true, positional: true }),
    after: z.string().describe('The ruleset after').meta({ value: 'B', path: true, positional: true }),
    sets: z.string().optional().describe('Read ipset save text for both rulesets').meta({ value: 'FILE', path: true }),
    setsAfter: z
      .string()
      .optional()
      .describe('Read ipset save text for B, where its sets differ from those of A')
      .meta({ value: 'FILE', path: true }),
    facts: z
      .string()
      .optional()
      .describe('Read links, addresses, listeners and sysctls as JSON for both rulesets')
      .meta({ value: 'FILE', path: true }),
    backend: readingInput.backend,
    prove: proveInput,
    most: z.int().min(1).max(10_000).default(50).describe('So many regions of each way').meta({ value: 'NUMBER' }),
  }),
  output: diffReport,
  streams: false,
  exits: {
    0: 'every packet is treated alike',
    1: 'some packets are treated differently',
    2: 'a file or flag could not be read',
    3: 'no difference was found, but something could not be read or decided; or the kernel did otherwise than was said',
  },
  examples: [
    { command: 'palisade diff live new-rules.v4', says: 'what would these rules change on this host?' },
    { command: 'palisade diff live new-rules.v4 --prove', says: 'and does the kernel treat them so?' },
    { command: 'palisade diff old.v4,old.v6 new.v4,new.v6 --json', says: 'both families, for a pipeline' },
  ],
  async run(context, input) {
    const { readSides } = await import('./diff-sides.ts');
    const sides = await readSides(context, input);
    if (!sides.ok)
      return { kind: sides.problems.every(({ code }) => code === 'unread') ? 'unread' : 'invalid', problems: sides.problems };
    const { compareSides } = await import('./diff-compared.ts');
    return await compareSides(context, input, sides.value);
  },
});
