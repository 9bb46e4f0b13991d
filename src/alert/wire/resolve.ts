import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { standingOf } from './reachable.ts';

export interface Resolved {
  readonly address: string;
  readonly family: number;
}

export type Resolution =
  | { readonly kind: 'resolved'; readonly addresses: readonly Resolved[] }
  /** No address that may be connected to. */
  | { readonly kind: 'barred'; readonly why: string };

/** Finds the addresses of a name: as this machine does, so that /etc/hosts counts. Handed in by tests. */
export type Lookup = (name: string) => Promise<readonly Resolved[]>;

const systemLookup: Lookup = (name) => lookup(name, { all: true, verbatim: true });

/**
 * Looks a host up once, and says which of its addresses may be connected to. Whoever connects, connects to these and asks no second time: a name
 * that is answered differently then leads nowhere else.
 */
export async function resolve(
  host: string,
  allow: { readonly isPrivate: boolean; readonly isPlain: boolean },
  find: Lookup = systemLookup,
): Promise<Resolution> {
  const bare = host.startsWith('[') ? host.slice(1, -1) : host;
  const family = isIP(bare);
  const all = family === 0 ? await find(bare) : [{ address: bare, family }];
  const standings = all.map(({ address }) => standingOf(address));
  const addresses = all.filter(
    (_, at) =>
      (standings[at] === 'private' && allow.isPrivate) ||
      // What is not encrypted stays within the own networks.
      (standings[at] === 'public' && !allow.isPlain),
  );
  if (addresses.length > 0) return { kind: 'resolved', addresses };
  const first = all[0]?.address ?? 'no address';
  if (standings.includes('private') && !allow.isPrivate)
    return { kind: 'barred', why: `${bare} is ${first}, in a private network; if that is meant, set "allow-private: true"` };
  if (standings.includes('public'))
    return { kind: 'barred', why: `${bare} is ${first}, on the Internet, where nothing is sent without TLS; write https://` };
  return {
    kind: 'barred',
    why: `${bare} is ${first}, which no receiver can have (metadata of a cloud, or an address of one link)`,
  };
}
