import { z } from 'zod';
import { readingInput } from './reading.ts';
import { verb } from './verb.ts';

/** What `init --json` prints. */
const initReport = z
  .object({
    policy: z.string().describe('Where it stands now; `-`: it is printed.'),
    text: z.string().describe('The policy.'),
    tests: z.int().describe('So many tests it has, made of the answers; by itself the policy holds all of them.'),
    failing: z
      .array(z.string())
      .describe('What does not hold beside the other rules of this host now; until they go, palisade apply refuses the policy.'),
    sessions: z
      .int()
      .nullable()
      .describe(
        'Connections over which somebody manages the host now, and which it lets go on; null where they could not be read.',
      ),
    unknown: z.array(z.object({ what: z.string(), why: z.string(), remedy: z.string() })),
  })
  .meta({ id: 'InitReport' });

export type InitJson = z.output<typeof initReport>;

const answer = (says: string, value: string) => z.string().optional().describe(says).meta({ value });

export const init = verb({
  name: 'init',
  group: 'change',
  summary: 'write a policy from five questions, or from what this host suggests',
  description: `Asks which interface faces the internet, who administers this host and from where, who may reach what listens here, for whom it
forwards, and what to log and to drop besides. What the host itself says is suggested, and Enter takes it. The policy is written to the
file of --policy once it is proved: its rules mean what it says, its tests hold, and whoever manages the host now is not locked out.
Nothing else is changed; palisade plan and palisade apply go on from there.
Each flag answers its question. Without a terminal, and with --yes or --json, nothing is asked: what no flag says is taken from the host. With
--allow or --admins-only, whatever else listens is open to nobody. --policy - prints the policy instead.`,
  input: z.object({
    internet: answer('Interfaces that face the internet, or none', 'LINK,…'),
    admins: answer('Who administers this host: addresses and networks, or anyone', 'ADDRESS,…'),
    allow: answer('What anybody may reach', 'SERVICE,…'),
    adminsOnly: answer('What administrators alone may reach, besides logging in', 'SERVICE,…'),
    forward: answer('Interfaces whose machines go out to the internet through this host, or no', 'LINK,…'),
    logging: z.boolean().default(true).describe('Log what is dropped'),
    protection: z.boolean().default(true).describe('Drop what no honest sender sends'),
    yes: z.boolean().default(false).describe('Ask nothing'),
    force: z.boolean().default(false).describe('Replace a policy that is there'),
    ...readingInput,
  }),
  output: initReport,
  streams: false,
  exits: {
    0: 'the policy is written',
    1: 'the policy is written, and does not hold beside the other rules of this host now',
    2: 'an answer is missing or means nothing; a file could not be read or written',
    3: 'the policy is written, and something that it should be proved against could not be read',
    4: 'a policy is there already, or the answers would lock out whoever manages this host now; nothing is written',
  },
  examples: [
    { command: 'palisade init', says: 'five questions' },
    {
      command: 'palisade init --yes --admins 192.0.2.0/24 --allow http,https',
      says: 'no question: administrators from there, the web for everybody, nothing else',
    },
  ],
  async run(context, input) {
    const { answersOf, isThere, proveDraft, writePolicy } = await import('./drafting/index.ts');
    const file = context.policyFile;
    if (!input.force && (await isThere(file))) {
      const message = 'there is a policy already';
      const hint = 'replace it with --force, or name another file with --policy';
      return { kind: 'unchanged', problems: [{ code: 'plan-refused', at: { file }, message, hint }] };
    }
    const { readHostAndSets } = await import('./reading.ts');
    const read = await readHostAndSets(context, input, { factsAlone: true });
    if (!read.ok) return { kind: 'invalid', problems: read.problems };
    const { othersOn } = await import('../change/index.ts');
    const { draftPolicy, groundOf, suggest } = await import('../policy/index.ts');
    const { host } = read.value;
    const suggestion = suggest(
      host,
      othersOn(host).flatMap(({ links }) => links),
    );
    const answers = await answersOf(suggestion, input, input.yes ? undefined : context.ask);
    if (!answers.ok) return { kind: 'invalid', problems: answers.problems };
    const { internet, forwards } = answers.value;
    const day = new Date(context.clock.now()).toISOString().slice(0, 10);
    const text = draftPolicy(answers.value, groundOf(host, internet, forwards), day);
    const proved = proveDraft(context, text, read.value);
    if (!proved.ok) return { kind: 'unchanged', problems: proved.problems };
    const written = await writePolicy(file, text);
    if (!written.ok) return { kind: 'invalid', problems: written.problems };
    const value = { policy: file, text, ...proved.value };
    if (value.failing.length > 0) return { kind: 'found', value };
    return { kind: value.unknown.length > 0 ? 'unknown' : 'done', value };
  },
});
