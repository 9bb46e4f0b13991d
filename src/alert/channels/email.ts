import { z } from 'zod';
import type { Channel, Delivery } from '../channel.ts';
import { compose, type Handover, handOver, type MailServer } from '../mail/index.ts';
import { fitted, visibleLine } from '../text/index.ts';
import { faultOf, secretText, senderOf } from '../wire/index.ts';

/** One address, also with a name: `Alerts <alerts@example.net>`. No line ends, which would begin a header. */
const address = z
  .string()
  .max(320)
  .regex(/^(?:[^\p{Cc}<>,;:"@]{1,100} <[^\s\p{Cc}<>,;:"@]+@[^\s\p{Cc}<>,;:"@]+>|[^\s\p{Cc}<>,;:"@]+@[^\s\p{Cc}<>,;:"@]+)$/u);

const settings = z.strictObject({
  host: z.string().min(1).describe('The mail server.'),
  port: z.int().min(1).max(65535).optional().describe('Its port; 587, or 465 with "tls: implicit".'),
  tls: z
    .enum(['starttls', 'implicit', 'none'])
    .default('starttls')
    .describe(
      'starttls: encrypted before anything is said, or not sent. implicit: encrypted from the start. none: readable for all on the way.',
    ),
  insecure: z.boolean().default(false).describe('Take any certificate, also that of somebody who sits between.'),
  ca: z
    .string()
    .min(1)
    .optional()
    .describe('A file of PEM with the authorities to trust, in the place of those that this machine trusts.'),
  user: z.string().min(1).optional().describe('Whom to log in as; without, nobody.'),
  password: secretText.optional().describe('The password of the user; it is never sent without TLS.'),
  from: address.describe('Whom mails come from, such as "palisade@example.net".'),
  to: z.array(address).min(1).max(50).describe('Whom they go to.'),
  'timeout-seconds': z.int().min(1).max(120).default(30).describe('A whole attempt may take so long.'),
});
type Settings = z.output<typeof settings>;

/** Messages of which some recipients are still to come; more are not remembered. */
const mostPartial = 200;

/** A mail for each message, as text and HTML; those about the same incident are one thread. */
export const email: Channel<typeof settings> = {
  type: 'email',
  summary: 'mail, by a server with STARTTLS',
  settings,
  open(said, context) {
    // Who has a mail already, where others have not: they do not get it twice.
    const partial = new Map<string, ReadonlySet<string>>();
    return senderOf(async (message, signal) => {
      const late = AbortSignal.timeout(said['timeout-seconds'] * 1000);
      const either = AbortSignal.any([signal, late]);
      const have = partial.get(message.id) ?? new Set();
      const to = said.to.map(bare).filter((one) => !have.has(one));
      try {
        const login = said.user === undefined ? null : { user: said.user, password: await passwordOf(said, context.secret) };
        const mail = await compose(message, said);
        const server: MailServer = { ...said, port: said.port ?? (said.tls === 'implicit' ? 465 : 587), login };
        const handover = await handOver(server, { from: bare(said.from), to }, mail, either);
        const delivery = judged(handover);
        partial.delete(message.id);
        if (delivery.kind === 'again') {
          if (partial.size >= mostPartial) partial.delete(partial.keys().next().value ?? '');
          partial.set(message.id, new Set([...have, ...handover.taken]));
        }
        return delivery;
      } catch (error) {
        if (signal.aborted) return { kind: 'again', why: `${said.host}: stopped before the mail was taken` };
        if (late.aborted)
          return { kind: 'again', why: `${said.host}: the mail was not taken within ${said['timeout-seconds']} seconds` };
        return refusalOf(error, said, have.size > 0);
      }
    });
  },
};

async function passwordOf(
  said: Settings,
  secret: (setting: NonNullable<Settings['password']>) => Promise<string>,
): Promise<string> {
  if (said.tls === 'none') throw new Error('"user" with "tls: none" would show the password to everybody on the way');
  return said.password === undefined ? '' : await secret(said.password);
}

/** What a session came to in which at least one recipient was taken. */
function judged({ refused }: Handover): Delivery {
  const words = fitted(refused.map((one) => visibleLine(`${one.to}: ${one.words}`)).join('; '), { points: 300 });
  if (refused.some(({ isForever }) => !isForever)) return { kind: 'again', why: `not taken for ${words}` };
  return refused.length === 0 ? { kind: 'delivered' } : { kind: 'delivered', receipt: `never taken for ${words}` };
}

interface SmtpError {
  readonly code?: string;
  readonly command?: string;
  readonly response?: string;
  readonly permanent?: boolean;
  readonly responseCode?: number;
  readonly rejectedErrors?: readonly SmtpError[];
}

function refusalOf(error: unknown, { host, tls }: Settings, wasPartial: boolean): Delivery {
  const { code, command, response, permanent, responseCode, rejectedErrors } = error as SmtpError;
  const words = response === undefined ? faultOf(error) : fitted(visibleLine(response), { points: 300 });
  const why = `${host}: ${words}`;
  if (command === 'STARTTLS' && tls === 'starttls' && response !== undefined)
    return { kind: 'again', why: `${host} offers no STARTTLS (${words}), and without it nothing is sent` };
  // A login, a certificate, a setting: somebody can mend them, and then the mail goes.
  const isSession = code === 'EAUTH' || code === 'ETLS' || ['CONN', 'EHLO', 'HELO', 'STARTTLS'].includes(command ?? '');
  // One who is told later is not told never; a full mailbox is emptied; 530 asks for a login.
  const isLater = (rejectedErrors ?? []).some((one) => one.permanent !== true) || responseCode === 552 || responseCode === 530;
  if (isSession || isLater || permanent !== true) return { kind: 'again', why };
  return wasPartial ? { kind: 'delivered', receipt: `never taken for others: ${words}` } : { kind: 'refused', why };
}

/** The address without a name. */
function bare(text: string): string {
  return /<([^>]+)>$/.exec(text)?.[1] ?? text;
}
