/** Every way in which the API says no: status, what is wrong, what to do. Each is sent as `{code, message, hint}`. */
export const refusals = {
  'host-refused': {
    status: 421,
    message: 'this server is not known by that host name',
    hint: 'open it as 127.0.0.1 or localhost, through ssh -L if it runs on another machine',
  },
  'origin-refused': {
    status: 403,
    message: 'the request comes from a page of another origin',
    hint: 'use the page that palisade itself serves, or send no Origin header',
  },
  'token-missing': {
    status: 401,
    message: 'the request carries no token',
    hint: 'send "Authorization: Bearer TOKEN"; the token stands behind #token= in the URL that palisade printed',
  },
  'token-wrong': {
    status: 401,
    message: 'the token is not the one of this run',
    hint: 'copy the URL that palisade printed when it started; each start makes a new token',
  },
  'too-many-wrong-tokens': {
    status: 429,
    message: 'too many requests with a wrong token',
    hint: 'wait a few seconds; the right token is still accepted',
  },
  'not-found': {
    status: 404,
    message: 'there is nothing at this path',
    hint: 'the API is under /api/v1: status, audit, show, events, trace, stream',
  },
  'method-refused': {
    status: 405,
    message: 'this path does not take that method',
    hint: 'the Allow header names the methods it takes',
  },
  'not-json': {
    status: 415,
    message: 'the body is not JSON',
    hint: 'send one JSON object with "Content-Type: application/json"',
  },
  'body-too-large': {
    status: 413,
    message: 'the body is larger than 64 KiB',
    hint: 'a packet needs a few hundred bytes; send one a request',
  },
  'packet-invalid': {
    status: 400,
    message: 'the packet cannot be read',
    hint: 'a packet looks like {"hook":"input","src":"203.0.113.9","dst":"198.51.100.10","proto":"tcp","dport":22}',
  },
  'too-many-streams': { status: 503, message: 'too many live streams are open', hint: 'close a page that shows this dashboard' },
  'page-not-built': {
    status: 503,
    message: 'the page has not been built; the API under /api/v1 works',
    hint: 'run npm run build',
  },
  internal: { status: 500, message: 'palisade failed while answering', hint: 'the same verb on the command line may say more' },
} as const;

export type RefusalCode = keyof typeof refusals;

/** Strangers, and those for whom there is no room now, hold no connection. */
const hangUp: ReadonlySet<number> = new Set([401, 403, 421, 429, 503]);

/** The response to a request that is refused. `message` says more than the table can. */
export function refuse(
  code: RefusalCode,
  options: { message?: string; headers?: Readonly<Record<string, string>> } = {},
): Response {
  const { status, message, hint } = refusals[code];
  const headers = { ...options.headers, ...(hangUp.has(status) && { Connection: 'close' }) };
  return Response.json({ code, message: options.message ?? message, hint }, { status, headers });
}
