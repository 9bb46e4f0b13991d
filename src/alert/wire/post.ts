import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { faultOf } from './fault.ts';
import { type Lookup, resolve } from './resolve.ts';
import { fileText, trustedBy } from './trust.ts';

export interface Post {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** For everything together, looking the name up included. */
  readonly timeoutMs: number;
  readonly allowPrivate: boolean;
  /** Authorities to trust in the place of those of this machine, a file of PEM. */
  readonly ca?: string | undefined;
  readonly lookup?: Lookup | undefined;
}

/** What came of a request. Reasons name the host and never the rest of the URL, which can be a secret. */
export type Answer =
  | {
      readonly kind: 'answered';
      readonly status: number;
      /** The first 64 KiB. */
      readonly body: string;
      /** All of the body came, and it was not longer. */
      readonly isWhole: boolean;
      readonly retryAfter: string | null;
      readonly location: string | null;
    }
  /** No answer, and it is not known whether the request arrived. */
  | { readonly kind: 'failed'; readonly why: string };

export const mostAnswerBytes = 64 * 1024;
/** How long one of several addresses may take to be connected to, before the next is tried: net.connect's options, which http hands on. */
const attempts = { autoSelectFamily: true, autoSelectFamilyAttemptTimeout: 2000 } as const;

/** Sends a request once. It throws nothing, is over when the time is or the signal says so, and leaves no connection behind. */
export async function post(what: Post, signal: AbortSignal): Promise<Answer> {
  const late = AbortSignal.timeout(what.timeoutMs);
  const either = AbortSignal.any([signal, late]);
  try {
    return await Promise.race([attempt(what, either), ended(either)]);
  } catch (error) {
    const where = what.url.host;
    if (signal.aborted) return { kind: 'failed', why: `${where}: stopped before there was an answer` };
    if (late.aborted) return { kind: 'failed', why: `${where}: no answer within ${secondsOf(what.timeoutMs)}` };
    return { kind: 'failed', why: `${where}: ${faultOf(error)}` };
  }
}

async function attempt(what: Post, signal: AbortSignal): Promise<Answer> {
  const { url } = what;
  const isPlain = url.protocol === 'http:';
  const context = isPlain ? null : await trustedBy(await fileText(what.ca));
  const found = await resolve(url.hostname, { isPrivate: what.allowPrivate, isPlain }, what.lookup);
  if (found.kind === 'barred') return { kind: 'failed', why: found.why };
  // A name that took long to be found, after everybody else has stopped to wait.
  signal.throwIfAborted();
  // Whatever name is asked for, these are its addresses: nobody asks a second time.
  const lookup: LookupFunction = (_, options, done) => {
    const first = found.addresses[0];
    if (options.all === true) done(null, [...found.addresses]);
    else done(null, first?.address ?? '', first?.family ?? 4);
  };
  const body = Buffer.from(what.body);
  return new Promise((resolveAnswer, reject) => {
    const name = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
    const sent = (isPlain ? plainRequest : tlsRequest)({
      method: 'POST',
      host: name,
      port: url.port === '' ? (isPlain ? 80 : 443) : Number(url.port),
      path: `${url.pathname}${url.search}`,
      headers: {
        'user-agent': 'palisade',
        'content-type': 'application/json',
        accept: 'application/json, */*;q=0.5',
        ...what.headers,
        'content-length': body.length,
        host: url.host,
        connection: 'close',
      },
      lookup,
      ...attempts,
      // A connection of its own for each: receivers are asked seldom, and none is left open.
      agent: false,
      signal,
      maxHeaderSize: 16 * 1024,
      ...(context !== null && { secureContext: context, rejectUnauthorized: true, servername: isIP(name) === 0 ? name : '' }),
    });
    sent.on('error', reject);
    sent.on('response', (response) => {
      const pieces: Buffer[] = [];
      let bytes = 0;
      const finish = (isWhole: boolean): void => {
        sent.destroy();
        resolveAnswer({
          kind: 'answered',
          status: response.statusCode ?? 0,
          body: new TextDecoder().decode(Buffer.concat(pieces).subarray(0, mostAnswerBytes)),
          isWhole,
          retryAfter: response.headers['retry-after'] ?? null,
          location: response.headers.location ?? null,
        });
      };
      response.on('data', (piece: Buffer) => {
        pieces.push(piece);
        bytes += piece.length;
        if (bytes > mostAnswerBytes) finish(false);
      });
      response.on('end', () => finish(response.complete));
      // The status is known: what it means is for whoever knows the receiver.
      response.on('error', () => finish(false));
      response.on('aborted', () => finish(false));
    });
    sent.end(body);
  });
}

/** Rejects when the signal says so, and never resolves: a name is looked up for as long as the system likes. */
function ended(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

function secondsOf(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  return seconds === 1 ? '1 second' : `${seconds} seconds`;
}
