import { lookup } from 'node:dns/promises';
import type { Fetched, Source } from '../policy/index.ts';

/** A resolver that does not answer must not hold a plan up. */
const longestMs = 5000;

/** Addresses of a set of which a policy only names the source; names that cannot be looked up lack, but with `on-failure: empty`. */
export async function fetchSet(source: Source): Promise<Fetched> {
  if (source.kind !== 'dns')
    return { addresses: [], lacking: `${source.kind === 'feed' ? 'feeds' : 'lists of countries'} are not fetched yet` };
  const addresses: string[] = [];
  let lacking: string | null = null;
  for (const name of source.names) {
    const found = await addressesOf(name);
    if (typeof found !== 'string') addresses.push(...found);
    else if (source.onFailure === 'keep') lacking = `${name} cannot be looked up (${found})`;
  }
  return { addresses, lacking };
}

/** Why not, where there is no answer. */
async function addressesOf(name: string): Promise<readonly string[] | string> {
  const asked = lookup(name, { all: true });
  // What comes too late is nobody's.
  asked.catch(() => undefined);
  const late = new Promise<string>((done) => {
    setTimeout(done, longestMs, 'no answer').unref();
  });
  try {
    const found = await Promise.race([asked, late]);
    return typeof found === 'string' ? found : found.map(({ address }) => address);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'it failed';
  }
}
