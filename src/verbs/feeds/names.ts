import { lookup } from 'node:dns/promises';
import type { Fetched, Source } from '../../policy/index.ts';

/** A resolver that does not answer must not hold a plan up. */
const longestMs = 5000;

/** What names stand for now; those that cannot be looked up lack, but with `on-failure: empty`. */
export async function lookUp({ names, onFailure }: Extract<Source, { kind: 'dns' }>): Promise<Fetched> {
  const addresses: string[] = [];
  let lacking: string | null = null;
  for (const name of names) {
    const found = await addressesOf(name);
    if (typeof found !== 'string') addresses.push(...found);
    else if (onFailure === 'keep') lacking = `${name} cannot be looked up (${found})`;
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
