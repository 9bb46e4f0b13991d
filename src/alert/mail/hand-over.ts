import type { Socket } from 'node:net';
import type { SMTPConnectionSendInfo } from 'nodemailer/lib/smtp-connection';
import { connect, fileText, trustedBy } from '../wire/index.ts';

export interface MailServer {
  readonly host: string;
  readonly port: number;
  readonly tls: 'starttls' | 'implicit' | 'none';
  /** Any certificate will do. */
  readonly insecure: boolean;
  readonly ca?: string | undefined;
  readonly login: { readonly user: string; readonly password: string } | null;
}

/** For whom the server took the mail, and for whom it did not, with its words. */
export interface Handover {
  readonly taken: readonly string[];
  readonly refused: readonly { readonly to: string; readonly words: string; readonly isForever: boolean }[];
}

/** What a server that has the mail may take to say goodbye. */
const goodbyeMs = 500;

/**
 * Hands a mail to a server, in one session. Rejects with nodemailer's error where nobody's mail was taken; aborting cuts the connection at once. When it
 * is over, so is the connection.
 */
export async function handOver(
  server: MailServer,
  envelope: { readonly from: string; readonly to: readonly string[] },
  mail: Buffer,
  signal: AbortSignal,
): Promise<Handover> {
  const { default: SMTPConnection } = await import('nodemailer/lib/smtp-connection');
  const { host, port, insecure, login } = server;
  const secureContext = await trustedBy(await fileText(server.ca));
  const socket = await connect({ host, port, tls: server.tls === 'implicit' ? { ca: server.ca, insecure } : null }, signal);
  const session = new SMTPConnection({
    connection: socket,
    host,
    port,
    secure: server.tls === 'implicit',
    secured: server.tls === 'implicit',
    requireTLS: server.tls === 'starttls',
    ignoreTLS: server.tls === 'none',
    tls: { secureContext, rejectUnauthorized: !insecure },
    maxResponseSize: 64 * 1024,
    logger: false,
  });
  try {
    return await new Promise<Handover>((resolve, reject) => {
      const failed = (error: unknown): void => reject(error);
      session.once('error', failed);
      session.once('end', () => reject(new Error('the server hung up')));
      const stop = (): void => reject(signal.reason);
      signal.addEventListener('abort', stop, { once: true });
      const send = (): void =>
        session.send({ from: envelope.from, to: [...envelope.to], size: mail.length }, mail, (error, info) =>
          error === null ? resolve(handoverOf(info)) : failed(error),
        );
      session.connect((error) => {
        if (error) failed(error);
        else if (login === null) send();
        else
          session.login({ user: login.user, credentials: { user: login.user, pass: login.password } }, (refusal) =>
            refusal === null ? send() : failed(refusal),
          );
      });
    });
  } finally {
    // Errors of a session that is over are of no interest, and would end the process.
    session.on('error', () => undefined);
    if (!signal.aborted) await goodbye(session, socket);
    session.close();
    socket.destroy();
  }
}

function goodbye(session: { quit(): void }, socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) {
      resolve();
      return;
    }
    const timer = setTimeout(resolve, goodbyeMs);
    socket.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    session.quit();
  });
}

function handoverOf({ accepted, rejectedErrors = [] }: SMTPConnectionSendInfo): Handover {
  return {
    taken: accepted,
    refused: rejectedErrors.map(({ recipient, response, permanent }) => ({
      to: recipient ?? '',
      words: response ?? '',
      isForever: permanent === true,
    })),
  };
}
