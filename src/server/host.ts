import { isIP } from 'node:net';

const loopbackNames: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '::1']);
const anyAddress: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/**
 * Whether a request may be meant for us, by its `Host` header. A page of another site that has its name resolve to
 * 127.0.0.1 (DNS rebinding) still sends its own name, so names are refused but for ours. The port is not compared:
 * through `ssh -L` the browser sees another one.
 * @param listening the address that we listen on. Any IP literal is accepted when that is all addresses: a
 * rebinding attack needs a name.
 */
export function hostAllowed(header: string, listening: string): boolean {
  const name = hostName(header);
  if (name === undefined) return false;
  return loopbackNames.has(name) || name === listening.toLowerCase() || (anyAddress.has(listening) && isIP(name) !== 0);
}

/** The name of `NAME[:PORT]` or `[V6][:PORT]` (RFC 9110 §7.2), lower case, without brackets. */
function hostName(header: string): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(header);
  return (match?.[1] ?? match?.[2])?.toLowerCase();
}

/** Whether an `Origin` header is of the page that this server serves under the name of the `Host` header. */
export function originAllowed(origin: string | undefined, host: string): boolean {
  if (origin === undefined) return true;
  return origin === `http://${host}` || origin === `https://${host}`;
}

/**
 * Whether a browser sends the request on behalf of another site's page (Fetch Metadata, `Sec-Fetch-Site`). A link to the page
 * itself may be followed from anywhere: opening a page tells the other site nothing. Other programs do not send the header.
 */
export function fromOtherSite(
  headers: { readonly site: string | undefined; readonly mode: string | undefined },
  path: string,
): boolean {
  if (headers.site !== 'cross-site') return false;
  return headers.mode !== 'navigate' || path.startsWith('/api/');
}

/** The address as it stands in a URL. */
export function urlHost(address: string): string {
  return isIP(address) === 6 ? `[${address}]` : address;
}
