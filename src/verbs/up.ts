import { z } from 'zod';
import { driftPart } from './drift-shape.ts';
import { loggedPacket } from './event.ts';
import { banShape, incidentShape } from './incident-shape.ts';
import { auditReport, statusReport } from './shapes.ts';
import { verb } from './verb.ts';

/** What `up` says, in the order in which it happens. */
const upPart = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('notice'), text: z.string() }),
  z.object({ kind: z.literal('audited'), changed: z.boolean(), at: z.number(), status: statusReport, audit: auditReport }),
  z.object({
    kind: z.literal('serving'),
    url: z.string().describe('With the token, which is printed only here.'),
    tunnel: z.string().describe('The command that brings the page to another machine.'),
  }),
  z.object({ kind: z.literal('event'), event: loggedPacket }),
  z.object({
    kind: z.literal('watching'),
    sources: z.array(z.string()).describe('Where logged packets are read; empty: nowhere, or by another palisade.'),
  }),
  z.object({
    kind: z.literal('more'),
    at: z.number(),
    count: z.int().describe('Packets logged in a second beyond the first 50, or beyond what this reader took.'),
  }),
  z.object({
    kind: z.literal('lost'),
    at: z.number(),
    source: z.string(),
    count: z.int(),
    of: z.enum(['packets', 'records', 'bytes']),
  }),
  incidentShape.extend({ change: z.enum(['opened', 'grew', 'closed']) }),
  banShape.extend({ acted: z.boolean().describe('False: nobody is shut out, this says who would be.') }),
  z.object({ kind: z.literal('drift'), drift: driftPart.describe('What somebody changed beside palisade.') }),
  z.object({ kind: z.literal('ended') }),
]);

export type UpPart = z.output<typeof upPart>;

const upInput = z.object({
  port: z.int().min(0).max(65535).default(7272).describe('Port of the page; 0 takes a free one').meta({ value: 'PORT' }),
  web: z.boolean().default(true).describe('Serve the page and the API'),
  once: z.boolean().default(false).describe('Read, audit, print, and end'),
  watch: z.boolean().default(true).describe('Watch the packets that the kernel logs for attacks, and remember them'),
  drift: z.boolean().default(true).describe('Say what somebody changes, and keep a snapshot of it'),
  repair: z.boolean().default(false).describe('Put back what is palisade’s own, as drift: { action: restore } in config.yaml'),
  removeForeign: z
    .boolean()
    .default(false)
    .describe('--repair: also take rules of others out of built-in chains that let in what was kept out'),
  backend: z.enum(['nft', 'legacy']).optional().describe('Which backend’s rules to read when both hold some'),
});

export type UpInput = z.output<typeof upInput>;

export const up = verb({
  name: 'up',
  group: 'look',
  summary: 'the main job: read, audit, watch and serve the page; changes nothing',
  description: `Reads the live firewall of both families and both backends, audits it, prints the verdict and the findings,
follows the packets that the kernel logs, and serves a page and a JSON API on 127.0.0.1. It never changes the firewall, unless --repair
asks it to put back what is palisade's own, or bans: { action: on } of config.yaml to shut out who attacks.
The packets that LOG and NFLOG rules log are watched by a process of its own: it sees attacks in them (incidents), remembers all of it in the state folder, and is
started again when it dies (palisade help watch). Where another palisade watches already, up shows what that one sees. What somebody else changes it says within two seconds, or three with 5,000 rules, with the packets that are treated differently;
a snapshot of each and an entry in the journal are kept in the state folder (palisade help drift).
It reads anew when the firewall changes, and every ten seconds while somebody has the page open, else every minute. More than 5,000 rules of nf_tables are listed
again only once something changed them, which is one question to the kernel, since listing them holds up the machine's own work; the page
says of when their counters are. An audit of many rules runs beside the page, which shows the reading before until it is done.
Without root it says what it cannot see, and does the same job on a network of namespaces that it makes itself:
a server behind a common guide's firewall, a client and an attacker. Ctrl-C ends it.`,
  input: upInput,
  output: upPart,
  streams: true,
  tells: true,
  exits: { 0: 'ended by Ctrl-C', 2: 'the port is taken, or a flag could not be read', 3: 'nothing could be read' },
  examples: [
    { command: 'sudo palisade up', says: 'watch this host' },
    { command: 'palisade up --no-web --once', says: 'print how the host stands, and end' },
  ],
  async run(context, input) {
    const { watchHost, watchLab } = await import('./job.ts');
    const { root, why } = await context.kernel.rights();
    const outcome = root ? await watchHost(context, input) : await watchLab(context, input, why);
    // What Ctrl-C cut short is no failure.
    return context.signal.aborted ? { kind: 'done', value: null } : outcome;
  },
});
