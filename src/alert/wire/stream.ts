import { isIP, connect as plainConnect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as tlsConnect } from 'node:tls';
import { fileText, identity, trustedBy } from './trust.ts';

interface Trusting {
  readonly ca?: string | undefined;
  /** Of our own, for whoever asks for one. */
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  /** Any certificate will do. */
  readonly insecure?: boolean;
}

/** A way to a receiver that is no HTTP. */
export interface Way {
  readonly host: string;
  readonly port: number;
  readonly tls: Trusting | null;
}

/** A connection, its certificate checked. Rejects with why there is none; aborting ends it, then and later. */
export async function connect({ host, port, tls }: Way, signal: AbortSignal): Promise<Socket> {
  const context = tls === null ? null : await trustedBy(await fileText(tls.ca), await identity(tls.certificate, tls.key));
  signal.throwIfAborted();
  const aim = { host, port, autoSelectFamily: true, autoSelectFamilyAttemptTimeout: 2000 };
  const socket =
    context === null
      ? plainConnect(aim)
      : tlsConnect({
          ...aim,
          secureContext: context,
          rejectUnauthorized: tls?.insecure !== true,
          servername: isIP(host) === 0 ? host : '',
        });
  const stop = (): void => {
    socket.destroy(signal.reason instanceof Error ? signal.reason : new Error('stopped'));
  };
  signal.addEventListener('abort', stop, { once: true });
  socket.once('close', () => signal.removeEventListener('abort', stop));
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once(context === null ? 'connect' : 'secureConnect', () => {
      socket.off('error', reject);
      // Whoever uses it listens too; an error that nobody hears would end the process.
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}

export type Ended = { readonly kind: 'closed' } | { readonly kind: 'cut'; readonly error: unknown };

/** A front that has nobody behind it hangs up as soon as it is called; how long that may take. */
const hangUpMs = 30;

/**
 * Sends all, says no more, and waits for the other side to say the same. A kernel takes what nobody will ever read; a program that closes its side
 * after ours has read to the end. One that closed before, or a connection that is reset, tells that something was left unread.
 */
export async function sendWhole(socket: Socket, bytes: Uint8Array): Promise<Ended> {
  const closed = new Promise<Ended>((resolve) => {
    let fault: unknown = null;
    let isSaid = false;
    let isOver = false;
    socket.on('error', (error) => {
      fault = error;
    });
    socket.once('finish', () => {
      isSaid = true;
    });
    socket.once('end', () => {
      isOver = isSaid;
    });
    socket.once('close', () =>
      resolve(
        isOver && fault === null ? { kind: 'closed' } : { kind: 'cut', error: fault ?? new Error('the connection was cut') },
      ),
    );
  });
  // What it says is of no interest, but unread it would keep the end from us.
  socket.resume();
  await sleep(hangUpMs);
  socket.end(bytes);
  return closed;
}
