import { createServer as createHttpServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createServer as createTlsServer, TLSSocket } from 'node:tls';

/** In PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** A server on loopback that says how many connections are open. */
export interface Receiver extends AsyncDisposable {
  readonly port: number;
  /** Open connections now; waits a little for those that are being closed. */
  open(): Promise<number>;
}

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Ways in which a receiver of HTTP fails; a number is a status. */
export type HttpFault = 'ok' | 'never' | 'dribble' | 'garbage' | 'portal' | 'huge' | 'cut' | 'reset' | 'redirect' | number;

export interface HttpReceiver extends Receiver {
  readonly url: string;
  readonly received: readonly Received[];
  /** How it behaves from now on. */
  fault: HttpFault;
}

/** What a good answer is. */
export interface GoodAnswer {
  readonly status: number;
  readonly body: string;
}

export async function startHttp(good: GoodAnswer, certificate?: Certificate): Promise<HttpReceiver> {
  const received: Received[] = [];
  let fault: HttpFault = 'ok';
  const server: Server = certificate === undefined ? createHttpServer() : (createHttpsServer(certificate) as unknown as Server);
  server.on('request', async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    received.push({ path: request.url ?? '', headers: request.headers, body: Buffer.concat(pieces).toString() });
    await answer(response, fault, good);
  });
  const receiver = await listening(server);
  return {
    ...receiver,
    url: `${certificate === undefined ? 'http' : 'https'}://localhost:${receiver.port}`,
    received,
    get fault() {
      return fault;
    },
    set fault(next) {
      fault = next;
    },
  };
}

async function answer(response: ServerResponse, fault: HttpFault, good: GoodAnswer): Promise<void> {
  const socket = response.socket;
  response.on('error', () => undefined);
  if (typeof fault === 'number') {
    response.writeHead(fault, { 'retry-after': '7' }).end('{"message":"words of the receiver \u001b[31m"}');
    return;
  }
  switch (fault) {
    case 'ok':
      response.writeHead(good.status).end(good.body);
      return;
    case 'never':
      return;
    case 'dribble':
      for (const byte of `HTTP/1.1 200 OK\r\nX-Slow: ${'x'.repeat(1000)}`) {
        if (socket?.writable !== true) return;
        socket.write(byte);
        await sleep(20);
      }
      return;
    case 'garbage':
      socket?.end('220 this is no HTTP\r\n\0\u00ff');
      return;
    case 'portal':
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Log in to this network</html>');
      return;
    case 'huge':
      response.writeHead(200);
      for (let sent = 0; sent < 256 && !response.destroyed; sent += 1) {
        response.write(`{"ok":${'1'.repeat(64 * 1024)}`);
        await sleep(0);
      }
      response.end();
      return;
    case 'cut':
      response.writeHead(200, { 'content-length': '100' }).write('half');
      await sleep(10);
      socket?.destroy();
      return;
    case 'reset':
      // Below TLS, Node has no way to reset.
      if (socket instanceof TLSSocket) socket.destroy();
      else socket?.resetAndDestroy();
      return;
    case 'redirect':
      response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' }).end();
      return;
  }
}

/** A server of lines: what each connection said until its end. */
export interface StreamReceiver extends Receiver {
  readonly received: readonly string[];
}

export type StreamFault = 'ok' | 'hang' | 'hang-up' | 'reset';

export async function startStream(fault: StreamFault = 'ok', certificate?: Certificate): Promise<StreamReceiver> {
  const received: string[] = [];
  const accept = (socket: Socket): void => {
    socket.on('error', () => undefined);
    if (fault === 'hang') return;
    if (fault === 'hang-up') {
      socket.end();
      return;
    }
    const pieces: Buffer[] = [];
    socket.on('data', (piece) => {
      pieces.push(piece);
      if (fault === 'reset') socket.resetAndDestroy();
    });
    socket.on('end', () => received.push(Buffer.concat(pieces).toString()));
  };
  const server =
    certificate === undefined
      ? createTcpServer({ pauseOnConnect: fault === 'hang' }, accept)
      : createTlsServer({ ...certificate, pauseOnConnect: false }, accept);
  server.on('tlsClientError', () => undefined);
  return { ...(await listening(server)), received };
}

/** Starts to listen on a free port of loopback. */
export async function listening(server: ReturnType<typeof createTcpServer>): Promise<Receiver> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async open() {
      for (let turn = 0; turn < 100 && sockets.size > 0; turn += 1) await sleep(10);
      return sockets.size;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
