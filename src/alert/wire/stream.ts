import { isIP, connect as plainConnect, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { fileText, identity, trustedBy } from './trust.ts';

/** A way to a receiver that is no HTTP. */
export interface Way {
  readonly host: string;
  readonly port: number;
  readonly tls: {
    readonly ca?: string | undefined;
    readonly certificate?: string | undefined;
    readonly key?: string | undefined;
  } | null;
}

/** A connection, its certificate checked. Rejects with why there is none; aborting ends it, then and later. */
export async function connect({ host, port, tls }: Way, signal: AbortSignal): Promise<Socket> {
  const context = tls === null ? null : await trustedBy(await fileText(tls.ca), await identity(tls.certificate, tls.key));
  signal.throwIfAborted();
  const aim = { host, port, autoSelectFamily: true, autoSelectFamilyAttemptTimeout: 2000 };
  const socket =
    context === null
      ? plainConnect(aim)
      : tlsConnect({ ...aim, secureContext: context, rejectUnauthorized: true, servername: isIP(host) === 0 ? host : '' });
  const stop = (): void => {
    socket.destroy(signal.reason instanceof Error ? signal.reason : new Error('stopped'));
  };
  signal.addEventListener('abort', stop, { once: true });
  socket.once('close', () => signal.removeEventListener('abort', stop));
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once(context === null ? 'connect' : 'secureConnect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

export type Ended = { readonly kind: 'closed' } | { readonly kind: 'cut'; readonly error: unknown };

/**
 * Says no more, and waits for the other side to say the same. A kernel takes what nobody will ever read; a program that closes its side after ours has
 * read to the end, and a connection that is reset tells that something was left unread.
 */
export function endOf(socket: Socket): Promise<Ended> {
  return new Promise((resolve) => {
    let fault: unknown = null;
    let isOver = false;
    socket.on('error', (error) => {
      fault = error;
    });
    socket.once('end', () => {
      isOver = true;
    });
    socket.once('close', () =>
      resolve(
        isOver && fault === null ? { kind: 'closed' } : { kind: 'cut', error: fault ?? new Error('the connection was cut') },
      ),
    );
    // What it says is of no interest, but unread it would keep the end from us.
    socket.resume();
    socket.end();
  });
}
