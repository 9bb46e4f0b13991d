import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { packet, reading, WireError } from './wire.ts';

/** How a connection is kept from others. Zabbix's own word for it is the same (`TLSConnect`). */
export type Tls =
  | { readonly kind: 'none' }
  | { readonly kind: 'psk'; readonly identity: string; readonly key: Buffer }
  | {
      readonly kind: 'cert';
      /** PEM, as the others. */
      readonly ca: string;
      readonly cert: string;
      readonly key: string;
      /** What the server's certificate is made out to. */
      readonly name: string;
    };

export interface Where {
  readonly host: string;
  readonly port: number;
  readonly tls: Tls;
  /** All of a call takes no longer: connecting, handshake, answer. */
  readonly timeoutMs: number;
}

/** What a server answered, or why it did not: one clause, no full stop. */
export type Answer =
  | { readonly ok: true; readonly value: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly why: string };

/**
 * Asks a Zabbix server one thing: one connection, one packet there, one back. It throws nothing.
 *
 * @param most of how many bytes an answer is read; more is refused before it is kept
 */
export function call(where: Where, body: unknown, signal: AbortSignal, most?: number): Promise<Answer> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve({ ok: false, why: 'it was given up' });
    let socket: Socket;
    const end = (answer: Answer): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
      socket?.destroy();
      resolve(answer);
    };
    const fail = (why: string): void => end({ ok: false, why });
    const aborted = (): void => fail('it was given up');
    const timer = setTimeout(() => fail(`no answer within ${where.timeoutMs / 1000} s`), where.timeoutMs);
    signal.addEventListener('abort', aborted, { once: true });
    try {
      socket = connected(where, () => socket.write(packet(body)));
    } catch (error) {
      // Settings of TLS that OpenSSL does not take.
      return fail((error as Error).message);
    }
    const answer = reading(most);
    socket.on('data', (bytes) => {
      try {
        const got = answer.take(bytes);
        if (got === null) return;
        if (isRecord(got.value)) end({ ok: true, value: got.value });
        else fail('the answer is none that Zabbix gives');
      } catch (error) {
        if (!(error instanceof WireError)) throw error;
        fail(error.message);
      }
    });
    socket.on('error', (error) => fail(reason(error, where)));
    socket.on('close', () => fail(answer.bytes === 0 ? 'the connection was closed without an answer' : 'the answer was cut off'));
  });
}

function connected({ host, port, tls }: Where, ready: () => void): Socket {
  switch (tls.kind) {
    case 'none':
      return connectPlain({ host, port }, ready);
    case 'psk':
      return connectTls(
        {
          ...{ host, port },
          // Both sides know the key: there is no certificate, and no name in it.
          ...{ pskCallback: () => ({ psk: tls.key, identity: tls.identity }), checkServerIdentity: () => undefined },
          ...{ minVersion: 'TLSv1.2', ciphers: 'kECDHEPSK+AES128:kPSK+AES128:TLS_AES_128_GCM_SHA256' },
        },
        ready,
      );
    case 'cert':
      return connectTls(
        { ...{ host, port, ca: tls.ca, cert: tls.cert, key: tls.key, servername: tls.name }, minVersion: 'TLSv1.2' },
        ready,
      );
  }
}

/** What went wrong, and with TLS what that usually means. */
function reason(error: NodeJS.ErrnoException, { tls }: Where): string {
  const said = error.code === 'ECONNREFUSED' ? 'nobody listens there (ECONNREFUSED)' : error.message;
  if (tls.kind === 'none') return said;
  const remedy =
    tls.kind === 'psk'
      ? 'see that identity and key are those of the host in Zabbix'
      : 'see that each side trusts the other’s certificate, and to whom it is made out';
  return /^(ERR_SSL|ERR_TLS|UNABLE|CERT|SELF_SIGNED|DEPTH|ECONNRESET)/.test(error.code ?? '') ? `${said}; ${remedy}` : said;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
