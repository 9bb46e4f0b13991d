import { z } from 'zod';
import { readHostAndSets, readingInput } from './reading.ts';
import { scriptStep } from './script-step.ts';
import { rulesetReport } from './shapes.ts';
import { verb } from './verb.ts';

const nothingRemembered = {
  code: 'unread',
  message: 'nobody has watched this host’s counters yet, and a counter of 0 tells only of the time since rules were loaded',
  hint: 'run palisade up (or its unit) for as long as the answer is to hold',
} as const;

export const show = verb({
  name: 'show',
  group: 'look',
  summary: 'the rules of both families as tables with hit counts',
  description: `Shows every table, chain and rule that was read, with its counters and what palisade does not understand of it.
--save prints the text as it was read, byte for byte. Where palisade up watches, each rule also tells what it has met since it was first seen, whatever
was reloaded, reordered or set to zero meanwhile, and when last; --never-hit lists those that no packet has met in all that time.

--canonical prints the rules as the kernel would print them if they were its own: they are loaded into a throw-away network
namespace, with the sets, links and addresses that are known, and iptables-save prints them there. Nothing on this host changes. It
needs root, or a host that allows user namespaces. The backend is that of --backend, else the one that wrote the text, else nft. A rule that
the kernel does not take is told by its file and line.

--script shows the rules that a shell script or a pasted guide would leave: its iptables, ip6tables and iptables-restore commands are
followed one by one, on an empty firewall or on that of --ruleset, and nothing is run. Variables with literal values, && and ||, set -e and
here-documents are followed too. What only a running shell can tell, such as loops, conditions and $(…), is never guessed: those lines
are listed as UNKNOWN and the rules are shown as if they were not there. A command that iptables would refuse changes nothing and
is listed as REFUSED, unless the script itself deals with its failure.`,
  input: z.object({
    ...readingInput,
    save: z.boolean().default(false).describe('Print the text as read, byte for byte'),
    canonical: z.boolean().default(false).describe('Print what the kernel prints back for these rules, asked in a namespace'),
    script: z
      .string()
      .optional()
      .describe('Show what the iptables commands of a shell script would leave; nothing is run')
      .meta({ value: 'FILE', path: true }),
    neverHit: z.boolean().default(false).describe('Only rules that no packet has met for as long as is remembered'),
    table: z.string().optional().describe('Only this table').meta({ value: 'NAME' }),
  }),
  output: rulesetReport.extend({
    saves: z.array(z.string()).optional().describe('With --save or --canonical: the texts, one character a byte.'),
    steps: z.array(scriptStep).optional().describe('With --script: each command and what it does.'),
  }),
  streams: false,
  exits: {
    0: 'shown',
    1: 'with --script: iptables would refuse one of its commands',
    2: 'a file or flag could not be read',
    3: 'a part of it could not be read, or not understood',
  },
  examples: [
    { command: 'palisade show', says: 'this host’s rules' },
    { command: 'palisade show --never-hit', says: 'rules that may not be needed any more' },
    { command: 'palisade show --save --ruleset rules.v4', says: 'the text itself, after it was read whole' },
    { command: 'palisade show --canonical --ruleset rules.v4', says: 'the same rules in the kernel’s own words' },
    { command: 'palisade show --script firewall.sh', says: 'the rules that a script would leave' },
  ],
  async run(context, input) {
    if (input.canonical && (input.save || input.script !== undefined || input.table !== undefined)) {
      const hint = 'leave --save, --script and --table out';
      return { kind: 'invalid', problems: [{ code: 'usage', message: '--canonical prints whole rulesets, and alone', hint }] };
    }
    if (input.neverHit && (input.save || input.canonical || input.script !== undefined || input.ruleset.length > 0)) {
      const hint = 'leave --save, --canonical, --script and --ruleset out';
      return {
        kind: 'invalid',
        problems: [{ code: 'usage', message: '--never-hit is about this host’s rules as a table', hint }],
      };
    }
    if (input.script !== undefined) {
      const { followScript } = await import('./script.ts');
      const followed = await followScript(context, input.script, input);
      if (!followed.ok) return { kind: 'invalid', problems: followed.problems };
      const { report, saves, problems, refused } = followed.value;
      // A text that lacks what some line does would pass for the whole.
      if (input.save && problems.length > 0) return { kind: 'unread', problems };
      const kind = refused ? 'found' : problems.length > 0 ? 'unknown' : 'done';
      return { kind, value: { ...report, ...(input.save && { saves }) } };
    }
    const read = await readHostAndSets(context, input);
    if (!read.ok) return { kind: 'invalid', problems: read.problems };
    const { host } = read.value;
    const { knownRulesets, rulesetsOf } = await import('./rulesets.ts');
    const { remembering, neverHit } = await import('./rule-hits.ts');
    const shown = rulesetsOf(host, input.table);
    const remembered = host.origin === 'live' ? remembering(shown, host, context.stateFolder) : null;
    if (input.neverHit && remembered === null) return { kind: 'unread', problems: [nothingRemembered] };
    const value = input.neverHit && remembered !== null ? neverHit(remembered) : (remembered ?? shown);
    const missing = value.unknown.filter(({ what }) => what.endsWith('rules'));
    if ((input.save || input.canonical) && missing.length > 0) {
      // A text that lacks a family would pass for the whole.
      return {
        kind: 'unread',
        problems: missing.map(({ what, why, remedy }) => ({ code: 'unread', message: `${what}: ${why}`, hint: remedy })),
      };
    }
    if (input.canonical) {
      const { canonicalOf, refusalOf } = await import('./canonical.ts');
      const canonical = await canonicalOf(context, read.value, input);
      if (!canonical.ok) return refusalOf(canonical.problems, host);
      const { saves } = canonical.value;
      return {
        kind: value.unknown.length > 0 ? 'unknown' : 'done',
        value: { ...rulesetsOf(canonical.value.host, undefined), saves: [...saves] },
      };
    }
    const saves = input.save ? { saves: knownRulesets(host).map((ruleset) => ruleset.text) } : {};
    return { kind: value.unknown.length > 0 ? 'unknown' : 'done', value: { ...value, ...saves } };
  },
});
