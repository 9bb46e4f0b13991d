import { z } from 'zod';
import { verb } from './verb.ts';

/** One a file of `monitor/checks`, in the order of the help. */
const modes = [
  ...(['all', 'audit', 'drift', 'policy', 'incidents', 'exposure', 'rule-hits', 'conntrack', 'ipset'] as const),
  ...(['log-rate', 'backup-age', 'persistence', 'backend', 'updates', 'alerts', 'heartbeat'] as const),
] as const;

const checkInput = z.object({
  mode: z.enum(modes).describe('What is checked').meta({ value: 'MODE', positional: true }),
  warning: z
    .string()
    .optional()
    .describe('WARNING for values of this range of the plugins: 10, 10:, ~:10, 10:20, @10:20')
    .meta({ value: 'RANGE', short: 'w' }),
  critical: z.string().optional().describe('CRITICAL for values of this range').meta({ value: 'RANGE', short: 'c' }),
  measure: z
    .string()
    .optional()
    .describe('The figure that -w and -c speak of, instead of the mode’s own')
    .meta({ value: 'NAME' }),
  only: z
    .array(z.string())
    .default([])
    .describe('Nothing but these: chains, sets, ports, checks, channels, detectors; * stands for anything')
    .meta({ value: 'NAME,…' }),
  except: z.array(z.string()).default([]).describe('All but these').meta({ value: 'NAME,…' }),
  rule: z
    .array(z.string())
    .default([])
    .describe('rule-hits: the rule, by id, comment or a part of its text')
    .meta({ value: 'RULE' }),
  expect: z.enum(['hit', 'quiet']).optional().describe('rule-hits: whether it is to have been hit, or not (hit unless said)'),
  within: z.string().optional().describe('rule-hits: in this time, such as 15m or 12h, instead of ever').meta({ value: 'TIME' }),
  timeout: z
    .number()
    .min(0.1)
    .max(600)
    .default(10)
    .describe('UNKNOWN if there is no answer after so many seconds')
    .meta({ value: 'SECONDS', short: 't' }),
  socket: z.string().optional().describe('Where the state of the host is published').meta({ value: 'FILE', path: true }),
  exitOk: z.boolean().default(false).describe('Exit with 0 whatever is found, and say it all the same'),
  verbose: z.boolean().default(false).describe('Print all there is to say').meta({ short: 'v' }),
});

export type CheckInput = z.output<typeof checkInput>;

/** What `check --json` prints. */
const checkReport = z
  .object({
    mode: z.enum(modes),
    status: z.enum(['OK', 'WARNING', 'CRITICAL', 'UNKNOWN']),
    exit: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]),
    first: z.string().describe('The first line, without performance data.'),
    more: z.array(z.string()).describe('All further lines, the worst first.'),
    perfdata: z.array(z.string()).describe('Performance data, one text a figure.'),
    output: z.string().describe('As a plugin prints it.'),
  })
  .meta({ id: 'CheckReport' });

export type CheckJson = z.output<typeof checkReport>;

export const check = verb({
  name: 'check',
  group: 'connect',
  summary: 'monitoring plugin of Nagios, Icinga, NRPE and whatever else calls such',
  description: `Judges one thing about this host by the rules of monitoring plugins: one line that says how it stands, performance data, and 0, 1, 2
or 3 for OK, WARNING, CRITICAL and UNKNOWN. It needs no root: it reads what palisade up publishes on its socket, which members of the group
palisade may read. Where nobody publishes, root’s own check looks at the host once; what only time tells (rule-hits, log-rate, incidents, alerts,
heartbeat, all) is then UNKNOWN. Whatever could not be read is UNKNOWN with the reason, and so is a state that is older than it may be.

all: every mode but rule-hits and exposure. audit: findings. drift: what somebody changed since it was accepted. policy: INPUT and FORWARD drop
in both families. incidents: attacks that nobody attends to. exposure: ports open to everyone beyond those of --except. rule-hits: a rule was
hit, or was not. conntrack: how full the table of connections is. ipset: how full each set is. log-rate: logged packets a minute. backup-age:
the last snapshot. persistence: what the next start brings. backend: rules in nft and legacy both. updates: fixes that are pending. alerts:
messages that did not arrive. heartbeat: palisade runs.

Each mode has ranges of its own; -w and -c take their place for its first figure, or for that of --measure. What nobody knows may be critical:
UNKNOWN goes before WARNING, and behind CRITICAL. Nothing is ever written to standard error. docs/nagios.md has an example of each.`,
  input: checkInput,
  output: checkReport,
  streams: false,
  plugin: true,
  exits: {
    0: 'OK',
    1: 'WARNING',
    2: 'CRITICAL',
    3: 'UNKNOWN: something was not read, the time is over, the command line is wrong, or help was asked for',
  },
  examples: [
    { command: 'palisade check audit', says: 'is anything wrong with the firewall?' },
    { command: 'palisade check drift -c 0', says: 'was it changed since it was accepted?' },
    { command: 'palisade check exposure --except 443/tcp,6:22/tcp', says: 'is anything else open to everyone?' },
    { command: 'palisade check conntrack -w 60 -c 80 -t 5', says: 'earlier than by itself, and within five seconds' },
    { command: "palisade check rule-hits --rule 'backup server' --within 1d", says: 'did its packets come in the last day?' },
  ],
  async run(context, input) {
    const { answerOf } = await import('./checking/index.ts');
    return await answerOf(context, input);
  },
});
