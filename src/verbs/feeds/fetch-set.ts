import type { Fetched, Source } from '../../policy/index.ts';
import { fetchCountries } from './country.ts';
import { fetchFeed } from './feed.ts';
import { lookUp } from './names.ts';

/** Where a policy and what is kept for it stand. */
export interface FetchPlace {
  /** Of the policy; files that it names are beside it. */
  readonly policyFolder: string;
  readonly stateFolder: string;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly signal: AbortSignal;
}

export interface FetchedFrom {
  readonly source: Source;
  readonly answer: Fetched;
}

/** All at once, so that servers which do not answer are waited for together; but countries, which may all be in the same long lists. */
export async function fetchSets(sources: readonly Source[], place: FetchPlace): Promise<readonly FetchedFrom[]> {
  let before: Promise<unknown> = Promise.resolve();
  const asked = sources.map(async (source): Promise<FetchedFrom> => {
    if (source.kind !== 'country') return { source, answer: await fetchSet(source, place) };
    const turn = before.then(() => fetchSet(source, place));
    before = turn;
    return { source, answer: await turn };
  });
  return await Promise.all(asked);
}

/** Addresses of a set of which a policy only names the source, as far as they can be had. */
export async function fetchSet(source: Source, place: FetchPlace): Promise<Fetched> {
  switch (source.kind) {
    case 'dns':
      return await lookUp(source);
    case 'feed':
      return await fetchFeed(source, place);
    case 'country':
      return await fetchCountries(source, place);
  }
}
