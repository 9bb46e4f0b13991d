import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { isFeedAddress } from '../../policy/index.ts';

/** By what a server tells whether a list is still the one that we have (RFC 9110 §8.8). */
export interface Validators {
  readonly etag: string | null;
  readonly lastModified: string | null;
}

export type Answer =
  | ({ readonly kind: 'new'; readonly body: string } & Validators)
  /** It is still what we have. */
  | { readonly kind: 'same' }
  | { readonly kind: 'failed'; readonly why: string };

export interface Limits {
  /** Of the list, unpacked. */
  readonly bytes: number;
  /** For everything together: whoever sends one byte a second is too slow. */
  readonly ms: number;
  readonly redirects: number;
}

export const usualLimits: Limits = { bytes: 32 * 1024 * 1024, ms: 20_000, redirects: 5 };

/**
 * Asks a server for a list, unless it is still what we have. Redirects are followed as far as they lead to where a policy may fetch from:
 * from https to http is no way.
 */
export async function request(url: string, have: Validators | null, signal: AbortSignal, limits = usualLimits): Promise<Answer> {
  trustAsThisMachine();
  const late = AbortSignal.timeout(limits.ms);
  const either = AbortSignal.any([signal, late]);
  try {
    let at = url;
    for (let turns = 0; turns <= limits.redirects; turns += 1) {
      const response = await fetch(at, { headers: headersFor(have), redirect: 'manual', signal: either });
      const next = response.headers.get('location');
      if (response.status >= 300 && response.status < 400 && next !== null) {
        await response.body?.cancel();
        const target = URL.parse(next, at)?.href ?? '';
        if (!isFeedAddress(target)) return failed(`it is redirected to ${brief(next)}, which is not https`);
        at = target;
        continue;
      }
      if (response.status === 304 && have !== null) return { kind: 'same' };
      if (response.status !== 200) {
        await response.body?.cancel();
        return failed(`the server answers ${response.status}`);
      }
      const body = await bodyOf(response, limits.bytes);
      if (body === null) return failed(`it is larger than ${Math.round(limits.bytes / 1024 ** 2)} MiB`);
      return { kind: 'new', body, etag: response.headers.get('etag'), lastModified: response.headers.get('last-modified') };
    }
    return failed(`it is redirected more than ${limits.redirects} times`);
  } catch (error) {
    // Somebody wants to stop, which is no fault of the server's.
    signal.throwIfAborted();
    if (late.aborted) return failed(`there is no whole answer within ${Math.round(limits.ms / 1000)} seconds`);
    return failed(reasonOf(error));
  }
}

let isTrusting = false;

/** Node trusts the authorities that it brings; whoever has one of his own has told this machine, and not Node. */
function trustAsThisMachine(): void {
  if (isTrusting) return;
  isTrusting = true;
  setDefaultCACertificates([...getCACertificates('default'), ...getCACertificates('system')]);
}

function headersFor(have: Validators | null): Record<string, string> {
  return {
    'user-agent': 'palisade',
    accept: 'text/plain, */*;q=0.5',
    ...(have?.etag != null && { 'if-none-match': have.etag }),
    ...(have?.lastModified != null && { 'if-modified-since': have.lastModified }),
  };
}

/** `null`: it is too large. Every byte survives, so that a bad line can be shown as it is. */
async function bodyOf(response: Response, most: number): Promise<string | null> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of response.body ?? []) {
    bytes += piece.byteLength;
    // Leaving the loop hangs up.
    if (bytes > most) return null;
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('latin1');
}

function reasonOf(error: unknown): string {
  const { cause } = error as { cause?: { code?: string; message?: string } };
  switch (cause?.code) {
    case 'ECONNREFUSED':
      return 'nobody answers there';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'its name cannot be looked up';
    case 'UND_ERR_SOCKET':
      return 'the connection broke off';
    default:
      if (/CERT|SIGNATURE/.test(cause?.code ?? '')) return `its certificate is not trusted (${cause?.code})`;
      return brief(cause?.code ?? cause?.message ?? (error instanceof Error ? error.message : 'it failed'));
  }
}

function brief(text: string): string {
  return text.length <= 100 ? text : `${text.slice(0, 100)}…`;
}

function failed(why: string): Answer {
  return { kind: 'failed', why };
}
