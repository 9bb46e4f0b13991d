import type { Problem, Result } from '../../result.ts';
import { failed, ok } from '../../result.ts';

/** How somebody shows who he is: a token that was made in Zabbix, or a user with a password. */
export type Login =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'password'; readonly user: string; readonly password: string };

/** A session with Zabbix's API (JSON-RPC over HTTP). Disposing of it ends the session of a user. */
export interface Api extends AsyncDisposable {
  /** Such as 6.0.14. */
  readonly version: string;
  /** Whether it is at least this one, such as (6, 4). */
  since(major: number, minor: number): boolean;
  /**
   * Calls a method; of what it answers the caller knows the form.
   *
   * @throws {ApiError} what Zabbix says against it, or why it cannot be asked
   */
  call<T = unknown>(method: string, params: unknown): Promise<T>;
}

export class ApiError extends Error {
  override readonly name = 'ApiError';
}

/** No answer is longer that anybody here asks for. */
const mostBytes = 16 * 2 ** 20;

/** Asks which version answers, then shows who we are in the way that this version wants: in the body before 6.4, in a header since. */
export async function openApi(url: string, login: Login, signal: AbortSignal): Promise<Result<Api>> {
  try {
    const version = String(await post(url, { method: 'apiinfo.version', params: [] }, null, signal)).slice(0, 40);
    const [major = 0, minor = 0] = version.split('.').map(Number);
    const since = (most: number, least: number): boolean => major > most || (major === most && minor >= least);
    const inHeader = since(6, 4);
    const token =
      login.kind === 'token'
        ? login.token
        : String(
            await post(url, { method: 'user.login', params: { username: login.user, password: login.password } }, null, signal),
          );
    const call = async <T>(method: string, params: unknown, until = signal): Promise<T> =>
      (await post(url, { method, params, ...(!inHeader && { auth: token }) }, inHeader ? token : null, until)) as T;
    return ok({
      version,
      since,
      call,
      async [Symbol.asyncDispose]() {
        // A session that is not ended ends by itself.
        if (login.kind === 'password') await call('user.logout', [], AbortSignal.timeout(5000)).catch(() => undefined);
      },
    });
  } catch (error) {
    return failed(problemOf(url, error));
  }
}

export function problemOf(url: string, error: unknown): Problem {
  const { message, cause } = error as Error & { readonly cause?: Error };
  const refused = error instanceof ApiError;
  return {
    code: 'unread',
    message: `Zabbix’s API at ${url} ${refused ? 'says' : 'cannot be asked'}: ${(cause?.message ?? message).slice(0, 500)}`,
    hint: refused
      ? 'see that the user may do so: an administrator may (--set user=…, --set password-file=FILE, or --set token-file=FILE)'
      : 'say where it answers with --set url=https://HOST/api_jsonrpc.php',
  };
}

async function post(
  url: string,
  body: Readonly<Record<string, unknown>>,
  bearer: string | null,
  signal: AbortSignal,
): Promise<unknown> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json-rpc', ...(bearer !== null && { authorization: `Bearer ${bearer}` }) },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...body }),
    signal,
    // It would be told the password too.
    redirect: 'error',
  });
  const text = await limited(answer);
  let said: { readonly result?: unknown; readonly error?: { readonly message?: unknown; readonly data?: unknown } };
  try {
    said = JSON.parse(text) as typeof said;
  } catch {
    throw new ApiError(`it answers ${answer.status}, and no JSON`);
  }
  if (said.error !== undefined) throw new ApiError([said.error.message, said.error.data].map(String).join(' '));
  return said.result;
}

async function limited(answer: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of answer.body ?? []) {
    bytes += piece.length;
    if (bytes > mostBytes) throw new ApiError(`its answer is longer than ${mostBytes} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}
