import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { Clock } from '../clock.ts';
import type { Served } from '../verbs/serve.ts';
import { securityHeaders } from './headers.ts';
import { fromOtherSite, hostAllowed, originAllowed } from './host.ts';
import { type Page, pageResponse } from './page.ts';
import { type RefusalCode, refuse } from './refusal.ts';
import { newsStream } from './stream.ts';
import type { Token } from './token.ts';

const maxBodyBytes = 64 * 1024;
const maxStreams = 16;

export interface AppOptions {
  readonly served: Served;
  readonly token: Token;
  readonly page: Page;
  readonly clock: Clock;
  /** The address that the server listens on. */
  readonly listening: string;
  /** Ends the live streams. */
  readonly signal: AbortSignal;
  readonly heartbeatMs?: number;
}

/** Routes and guards; takes requests from a socket or, in tests, from `app.request()`. */
export function createApp(options: AppOptions): Hono {
  const { served, token, page, clock } = options;
  const app = new Hono();
  let streams = 0;

  app.use(async (context, next) => {
    const host = context.req.header('host') ?? new URL(context.req.url).host;
    if (!hostAllowed(host, options.listening)) context.res = refuse('host-refused');
    else if (!originAllowed(context.req.header('origin'), host)) context.res = refuse('origin-refused');
    else if (fromOtherSite(fetchMetadata(context.req), context.req.path)) context.res = refuse('origin-refused');
    else await next();
    for (const [name, value] of Object.entries(securityHeaders)) context.res.headers.set(name, value);
  });

  app.use('/api/*', async (context, next) => {
    const answer = token.check(context.req.header('authorization'));
    if (answer === 'right') await next();
    else context.res = refuse(...tokenRefusals[answer]);
    context.res.headers.set('Cache-Control', 'no-store');
  });

  app.get('/api/v1/status', async (context) => context.json(asJson(await served.status())));
  app.get('/api/v1/audit', async (context) => context.json(asJson(await served.audit())));
  app.get('/api/v1/show', async (context) => context.json(asJson(await served.show())));
  app.get('/api/v1/events', (context) => context.json({ events: served.events() }));
  app.get('/api/v1/incidents', (context) => context.json(asJson(served.happened())));

  app.post('/api/v1/trace', bodyLimit({ maxSize: maxBodyBytes, onError: () => refuse('body-too-large') }), async (context) => {
    const type = context.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
    if (type !== 'application/json') return refuse('not-json');
    const packet = parseJson(await context.req.text());
    if (packet === undefined) return refuse('not-json');
    const traced = await served.trace(packet);
    return traced.ok ? context.json(asJson(traced.value)) : refuse('packet-invalid', { message: traced.message });
  });

  app.get('/api/v1/stream', (context) => {
    // A HEAD request would open a stream that nobody reads.
    if (context.req.raw.method === 'HEAD') return refuse('method-refused', { headers: { Allow: 'GET' } });
    if (streams >= maxStreams) return refuse('too-many-streams', { headers: { 'Retry-After': '10' } });
    streams += 1;
    const onEnd = (): void => {
      streams -= 1;
    };
    const heartbeat = options.heartbeatMs === undefined ? {} : { heartbeatMs: options.heartbeatMs };
    const news = newsStream(served, { clock, signal: options.signal, onEnd, ...heartbeat });
    return context.body(news, 200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
  });

  for (const path of ['status', 'audit', 'show', 'events', 'incidents', 'stream']) {
    app.all(`/api/v1/${path}`, () => refuse('method-refused', { headers: { Allow: 'GET, HEAD' } }));
  }
  app.all('/api/v1/trace', () => refuse('method-refused', { headers: { Allow: 'POST' } }));
  app.all('/api/*', () => refuse('not-found'));

  app.on(['GET', 'HEAD'], '*', (context) => {
    const file = page.get(context.req.path);
    if (file !== undefined) return pageResponse(file, context.req.header('if-none-match'));
    return refuse(context.req.path === '/' && page.size === 0 ? 'page-not-built' : 'not-found');
  });
  app.all('*', () => refuse('method-refused', { headers: { Allow: 'GET, HEAD' } }));

  // A bug or broken I/O below: whoever holds the token is told what it was, since nobody else sees it.
  app.onError((error) => refuse('internal', { message: `palisade failed while answering: ${error.message}` }));
  return app;
}

function fetchMetadata(request: { header(name: string): string | undefined }) {
  return { site: request.header('sec-fetch-site'), mode: request.header('sec-fetch-mode') };
}

type RefuseArguments = [RefusalCode, { headers: Readonly<Record<string, string>> }];

const challenge = { 'WWW-Authenticate': 'Bearer realm="palisade"' };
const tokenRefusals: Readonly<Record<'missing' | 'wrong' | 'wrong-too-often', RefuseArguments>> = {
  missing: ['token-missing', { headers: challenge }],
  wrong: ['token-wrong', { headers: challenge }],
  'wrong-too-often': ['too-many-wrong-tokens', { headers: { 'Retry-After': '1' } }],
};

/** What comes from the verbs is plain data; hono asks for a type that says so. */
function asJson(value: unknown): object {
  return value as object;
}

/** The value, or `undefined` (which JSON cannot say) when the text is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
