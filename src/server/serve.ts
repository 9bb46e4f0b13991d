import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { systemClock } from '../clock.ts';
import type { Serve } from '../verbs/serve.ts';
import { createApp } from './app.ts';
import { urlHost } from './host.ts';
import { readPage } from './page.ts';
import { createToken } from './token.ts';

/** How long open responses may take to end after the signal. */
const graceMs = 300;

/**
 * Opens page and API on one address. A port of 0 takes any free one; the answer says which.
 * The token is made anew at every start and stands nowhere but in the URL's fragment.
 */
export const serve: Serve = createServe();

/**
 * `serve` with the page from another folder than the package's own.
 * @param halfOpenMs how long a connection may take to say what it wants; whoever holds all of them open and says nothing keeps
 * others out no longer than that.
 */
export function createServe(pageFolder?: string, halfOpenMs = 5000): Serve {
  return async (served, { port, host }, signal) => {
    if (signal.aborted) return { ok: false, why: 'failed', detail: 'stopped before it listened' };
    const token = createToken(systemClock);
    const app = createApp({ served, token, page: readPage(pageFolder), clock: systemClock, listening: host, signal });
    const server = createAdaptorServer({
      fetch: app.fetch,
      overrideGlobalObjects: false,
      // A loopback service has no slow clients: whoever does not finish a request in time is not one.
      serverOptions: {
        headersTimeout: halfOpenMs,
        requestTimeout: 20_000,
        keepAliveTimeout: 30_000,
        maxHeaderSize: 16_384,
        // Node looks for connections past their time only so often, and by default every 30 s.
        connectionsCheckingInterval: Math.min(1000, halfOpenMs),
      },
    }) as Server;
    server.maxConnections = 256;

    const wrong = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      server.once('error', resolve);
      server.listen({ port, host }, () => {
        server.off('error', resolve);
        resolve(undefined);
      });
    });
    if (wrong !== undefined) {
      return { ok: false, why: wrong.code === 'EADDRINUSE' ? 'port-in-use' : 'failed', detail: wrong.message };
    }

    // Without a listener, running out of file descriptors while accepting would end the whole process.
    server.on('error', (error) => process.emitWarning(error));

    const closed = new Promise<void>((resolve) => {
      server.once('close', resolve);
    });
    const close = (): void => {
      server.close();
      server.closeIdleConnections();
      setTimeout(() => server.closeAllConnections(), graceMs).unref();
    };
    if (signal.aborted) close();
    else signal.addEventListener('abort', close, { once: true });

    const bound = (server.address() as AddressInfo).port;
    return { ok: true, url: `http://${urlHost(host)}:${bound}/#token=${token.text}`, port: bound, closed };
  };
}
