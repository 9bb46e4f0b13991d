import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Delegated, type Fetched, readDelegated, type Source } from '../../policy/index.ts';
import { ageOf, type List, listOf, type Understood } from './feed.ts';
import type { FetchPlace } from './fetch-set.ts';
import { usualLimits } from './request.ts';

/** Addresses registered in countries, by lists of the regional registries: files, or addresses to fetch them from. */
export async function fetchCountries(
  { countries, from, everySeconds, onFailure }: Extract<Source, { kind: 'country' }>,
  place: FetchPlace,
): Promise<Fetched> {
  const understand = (text: string): Understood<Delegated> => {
    const read = readDelegated(text, countries);
    return 'bad' in read
      ? { wrong: `line ${read.line}: "${read.bad}" is none of a registry's` }
      : { value: read, entries: read.records };
  };
  const folder = join(place.stateFolder, 'countries');
  const names =
    from.length > 0 ? from.map((name) => (isAddress(name) ? name : resolve(place.policyFolder, name))) : filesIn(folder);
  if (names.length === 0)
    return missing(
      `there are no lists of countries: put those of the registries (delegated-…-extended-latest) into ${folder}, or name some with from`,
    );
  const addresses: string[] = [];
  const covered = new Set<string>();
  const said: string[] = [];
  for (const name of names) {
    const list = isAddress(name) ? await listOf(name, everySeconds, place, understand) : fromFile(name, understand);
    if (list.kind === 'none') return missing(`${name}: ${list.why}`);
    for (const country of list.value.countries) covered.add(country);
    addresses.push(...list.value.addresses);
    said.push(`${name} as of ${ageOf(place.now - list.asOf)}${list.trouble === null ? '' : ` (no newer one: ${list.trouble})`}`);
  }
  const unknown = countries.filter((country) => !covered.has(country));
  if (unknown.length > 0) return missing(`no list names an address of ${unknown.join(', ')}: see ${names.join(', ')}`);
  return { addresses, lacking: null, said: `${addresses.length} networks of ${countries.join(', ')} by ${said.join(', ')}` };

  function missing(why: string): Fetched {
    return onFailure === 'empty' ? { addresses: [], lacking: null, said: why } : { addresses: [], lacking: why };
  }
}

function isAddress(name: string): boolean {
  return /^https?:/i.test(name);
}

function fromFile<T>(path: string, understand: (text: string) => Understood<T>): List<T> {
  try {
    const { size, mtimeMs } = statSync(path);
    if (size > usualLimits.bytes) return { kind: 'none', why: 'it is too large for a list of a registry' };
    const read = understand(readFileSync(path, 'latin1'));
    return 'wrong' in read
      ? { kind: 'none', why: read.wrong }
      : { kind: 'had', value: read.value, asOf: Math.floor(mtimeMs), trouble: null };
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).code !== 'string') throw error;
    return { kind: 'none', why: 'it cannot be read' };
  }
}

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
      .map(({ name }) => join(folder, name))
      .sort();
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).code !== 'string') throw error;
    return [];
  }
}
