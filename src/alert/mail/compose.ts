import { createHash } from 'node:crypto';
import type { Message } from '../message.ts';
import { headline, plainText } from '../words/index.ts';
import { mailHtml } from './html.ts';

/** From whom and to whom: as the settings say it, never as a message does. */
export interface Letter {
  readonly from: string;
  readonly to: readonly string[];
}

/** The mail, whole, as it is handed to a server. The same message makes the same Message-ID, by which a second copy is known. */
export async function compose(message: Message, { from, to }: Letter): Promise<Buffer> {
  const { default: MailComposer } = await import('nodemailer/lib/mail-composer');
  const isUrgent = message.state === 'firing' && ['critical', 'high'].includes(message.severity);
  const composer = new MailComposer({
    from,
    to: [...to],
    // What looks like an encoded word (RFC 2047) would be decoded, to anything.
    subject: headline(message, subjectPoints).replaceAll('=?', '= ?'),
    date: new Date(message.at),
    ...threading(message),
    headers: {
      'Auto-Submitted': 'auto-generated',
      // Exchange asks this one before it answers that somebody is away.
      'X-Auto-Response-Suppress': 'All',
      'List-Id': `<alerts.${domainOf(message.host)}>`,
      ...(isUrgent && { Importance: 'high' }),
    },
    text: plainText(message),
    html: mailHtml(message),
    encoding: 'quoted-printable',
    disableFileAccess: true,
    disableUrlAccess: true,
    newline: 'win',
  });
  return new Promise((resolve, reject) => {
    composer.compile().build((error, mail) => (error === null ? resolve(mail) : reject(error)));
  });
}

const subjectPoints = 150;

/**
 * What puts mails about the same into one thread (RFC 5322 §3.6.4): the first has an id that is made of the thread, and all that follow name it, also
 * to somebody who never got it.
 */
function threading(message: Message): { readonly messageId: string; readonly inReplyTo?: string; readonly references?: string } {
  const domain = domainOf(message.host);
  const root = `<thread.${digest(message.thread)}@${domain}>`;
  if (message.sequence === 0 && message.kind === 'transition') return { messageId: root };
  const messageId = `<message.${digest(message.id)}@${domain}>`;
  // Each test is one by itself: a server that has seen the last must not leave it out.
  if (message.kind === 'test') return { messageId };
  return { messageId, inReplyTo: root, references: root };
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** A host name as an id may hold it: one that is none becomes a digest. */
function domainOf(host: string): string {
  const name = host.toLowerCase();
  return /^(?=.{1,200}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/.test(name)
    ? name
    : `${digest(host)}.invalid`;
}
