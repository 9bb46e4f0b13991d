/**
 * A message as an e-mail, and how it is handed to a server: header fields, text and HTML, and one session of SMTP.
 *
 * nodemailer makes the MIME and speaks the protocol, and is loaded only when a mail is sent. The channel `email` calls it.
 */
export { compose, type Letter } from './compose.ts';
export { type Handover, handOver, type MailServer } from './hand-over.ts';
