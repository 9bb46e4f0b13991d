import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { makeCertificate } from '../certificates.ts';
import { eventually, startServer } from '../server.ts';

/** A mail server that takes everything, and only after STARTTLS. */
export interface MailSink extends AsyncDisposable {
  readonly port: number;
  /** The authority of its certificate, which is for 127.0.0.1 and the names that were asked for. */
  readonly ca: string;
  /** What has arrived, whole, oldest first. */
  mails(): readonly string[];
}

/** Starts the real aiosmtpd on all addresses of this namespace. */
export async function startMailSink(folder: string, port: number, names: readonly string[] = []): Promise<MailSink> {
  const box = join(folder, 'maildir');
  mkdirSync(folder, { recursive: true });
  const { ca, cert, key } = makeCertificate(folder, 'mail', ['IP:127.0.0.1', ...names]);
  const server = await startServer(
    // Debian's own, whatever other Python is in the way.
    [
      ...['/usr/bin/python3', '-m', 'aiosmtpd', '-n', '-l', `0.0.0.0:${port}`, '--tlscert', cert, '--tlskey', key],
      ...['-c', 'aiosmtpd.handlers.Mailbox', box],
    ],
    { logFile: join(folder, 'mail.log'), cwd: folder },
  );
  await eventually('the mail server to listen', () => answers(port));
  return {
    port,
    ca,
    mails() {
      const inbox = join(box, 'new');
      const names = readdirSync(inbox).sort((a, b) => orderOf(a) - orderOf(b));
      return names.map((name) => readFileSync(join(inbox, name), 'utf8'));
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Python's mailbox counts them: TIME.MmicrosecondsPpidQcount.host. */
function orderOf(name: string): number {
  return Number(/Q(\d+)/.exec(name)?.[1] ?? 0);
}

/** Whether somebody listens there. */
export function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
