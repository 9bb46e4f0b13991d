import { readFileSync } from 'node:fs';
import { chmod, chown, lstat, mkdir, rename, rm, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import type { Run } from '../../kernel/index.ts';
import { contentTypes, formatAccepted } from '../../monitor/prometheus/index.ts';
import { failed, ok, type Problem, type Result } from '../../result.ts';
import type { Publication } from './publication.ts';

/** Whoever holds a connection longer is hung up on, whatever he is at. */
const usualLongestMs = 5000;
const mostReaders = 64;
/** sun_path of unix(7), with the byte that ends it. */
const longestPath = 107;

/** A place at which the state can be read. */
export interface Opened extends AsyncDisposable {
  /** False: its file is gone, or another's. */
  isThere(): Promise<boolean>;
  /** Who is kept out, and how to let him in; `null`: all is as it was asked for. */
  readonly notice: string | null;
}

/**
 * Opens the Unix socket: for root and a group to read, and for nobody to write. It appears at its name with its rights on it. What a process that is no
 * more has left there is replaced; where another one answers, it stays.
 */
export async function openSocket(
  socket: string,
  group: string,
  publication: Publication,
  run: Run,
  longestMs = usualLongestMs,
): Promise<Result<Opened>> {
  const beside = join(dirname(socket), `.${process.pid}.sock`);
  if (Math.max(Buffer.byteLength(beside), Buffer.byteLength(socket)) > longestPath)
    return failed(
      refused(socket, 'its path is longer than a socket can have', 'name a shorter one: publish: { socket: … } in config.yaml'),
    );
  try {
    const unsafe = await foundFolder(dirname(socket));
    if (unsafe !== null) return failed(unsafe);
    const there = await lstat(socket).catch(() => null);
    if (there !== null && !there.isSocket())
      return failed(
        refused(
          socket,
          'something else lies there',
          'take it away, or name another place: publish: { socket: … } in config.yaml',
        ),
      );
    if (there !== null && (await answers(socket)))
      return failed(
        refused(socket, 'another palisade publishes there', 'there is nothing to do if that is meant; it is tried again'),
      );
    await rm(beside, { force: true });
    const server = serving(publication, false, longestMs);
    // Nobody else may connect before the rights are as they are to be.
    const before = process.umask(0o177);
    try {
      server.listen(beside);
    } finally {
      process.umask(before);
    }
    await listened(server);
    const notice = await giveTo(beside, socket, group, run);
    await rename(beside, socket);
    const { ino, dev } = await stat(socket);
    const isThere = async (): Promise<boolean> => {
      const now = await lstat(socket).catch(() => null);
      return now !== null && now.ino === ino && now.dev === dev;
    };
    return ok({
      notice,
      isThere,
      async [Symbol.asyncDispose]() {
        if (await isThere()) await rm(socket, { force: true });
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    });
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).code !== 'string') throw error;
    return failed(
      refused(socket, (error as Error).message, 'mend that, or name another place: publish: { socket: … } in config.yaml'),
    );
  }
}

/** Opens the address at which metrics, and nothing else, can be read. */
export async function openMetrics(address: string, publication: Publication): Promise<Result<AsyncDisposable>> {
  const at = address.lastIndexOf(':');
  const host = address.slice(0, at).replace(/^\[|\]$/g, '');
  const server = serving(publication, true, usualLongestMs);
  try {
    server.listen({ host, port: Number(address.slice(at + 1)) });
    await listened(server);
  } catch (error) {
    return failed(refused(address, (error as Error).message, 'name another: publish: { metrics: … } in config.yaml'));
  }
  return ok({
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

/** Answers GET of two paths, with what is there already; nobody can make it do anything else. */
function serving(publication: Publication, metricsOnly: boolean, longestMs: number): Server {
  const server = createServer(
    {
      maxHeaderSize: 8192,
      headersTimeout: longestMs,
      requestTimeout: longestMs,
      connectionsCheckingInterval: 1000,
      insecureHTTPParser: false,
    },
    (request, response) => {
      // What he has to say beyond that he asks nobody reads.
      request.on('error', () => undefined);
      response.on('error', () => undefined);
      answer(request, response, publication, metricsOnly);
    },
  );
  server.maxConnections = mostReaders;
  server.on('connection', (socket) => {
    const timer = setTimeout(() => socket.destroy(), longestMs);
    socket.on('close', () => clearTimeout(timer));
  });
  server.on('clientError', (_, socket) => socket.destroy());
  for (const event of ['upgrade', 'connect'] as const) server.on(event, (_, socket) => socket.destroy());
  return server;
}

function answer(request: IncomingMessage, response: ServerResponse, publication: Publication, metricsOnly: boolean): void {
  const path = request.url?.split('?')[0];
  if (request.method !== 'GET') end(response, 405, 'text/plain', 'only GET is answered here\n');
  else if (path === '/metrics') {
    const format = formatAccepted(request.headers.accept);
    told(response, contentTypes[format], publication.metrics(format));
  } else if (path === '/v1/state' && !metricsOnly) told(response, 'application/json', publication.json());
  else end(response, 404, 'text/plain', 'there is no such thing here\n');
}

function told(response: ServerResponse, type: string, body: Buffer | null): void {
  if (body === null) end(response, 503, 'text/plain', 'the host is still being read\n');
  else end(response, 200, type, body);
}

function end(response: ServerResponse, status: number, type: string, body: Buffer | string): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    connection: 'close',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(body);
}

function listened(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => {
      server.off('error', reject);
      // Without a listener, running out of file descriptors while accepting would end the whole process.
      server.on('error', (error) => process.emitWarning(error));
      resolve();
    });
  });
}

/** Makes the folder, for all to look into and for us alone to change: else somebody could put a socket of his own there. */
async function foundFolder(folder: string): Promise<Problem | null> {
  const there = await stat(folder).catch(() => null);
  if (there === null) {
    await mkdir(folder, { recursive: true, mode: 0o755 });
    await chmod(folder, 0o755);
    return null;
  }
  const uid = process.getuid?.() ?? 0;
  if ((there.uid === 0 || there.uid === uid) && (there.mode & 0o022) === 0) return null;
  return refused(folder, 'others could change this folder', `chown root ${folder}; chmod go-w ${folder}`);
}

/** Somebody who lives listens there. */
function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = connect(socket);
    const say = (lives: boolean) => (): void => {
      asked.destroy();
      resolve(lives);
    };
    asked.on('connect', say(true));
    // Only a socket that nobody has open refuses.
    asked.on('error', (error: NodeJS.ErrnoException) => say(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT')());
  });
}

/** Lets the group in; what to say where it cannot be. */
async function giveTo(file: string, socket: string, group: string, run: Run): Promise<string | null> {
  const gid = await groupId(group, run);
  const how = `as root: groupadd --system ${group}; usermod -aG ${group} USER; then start palisade up anew`;
  if (gid === null)
    return `The state is published at ${socket} for root alone, since there is no group ${group}. To let others read it, ${how}.`;
  try {
    await chown(file, process.getuid?.() ?? 0, gid);
    await chmod(file, 0o660);
    return null;
  } catch (error) {
    return `The state is published at ${socket} for root alone, since it cannot be given to the group ${group} (${(error as Error).message}).`;
  }
}

async function groupId(group: string, run: Run): Promise<number | null> {
  const idIn = (text: string): number | null => {
    const line = text.split('\n').find((one) => one.startsWith(`${group}:`));
    const id = line?.split(':')[2];
    return id !== undefined && /^\d+$/.test(id) ? Number(id) : null;
  };
  try {
    const id = idIn(readFileSync('/etc/group', 'utf8'));
    if (id !== null) return id;
  } catch {
    // Groups may be elsewhere.
  }
  const asked = await run({ argv: ['getent', 'group', '--', group], timeoutMs: 3000 });
  return asked.kind === 'exited' && asked.status === 0 ? idIn(asked.stdout) : null;
}

function refused(place: string, why: string, hint: string): Problem {
  return { code: 'unpublished', message: `the state is not published at ${place}: ${why}`, hint };
}
