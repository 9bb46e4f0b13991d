import { bitsOf, formatAddress, parseAddress } from '../../model/net/index.ts';

/** What a list of a registry says of some countries. */
export interface Delegated {
  /** As `first-last` and `prefix/length`, in the order of the list. */
  readonly addresses: readonly string[];
  /** Addresses of all countries. */
  readonly records: number;
  /** Countries of which it names some address. */
  readonly countries: ReadonlySet<string>;
}

/**
 * Reads "delegated statistics" of a regional registry (APNIC, "RIR statistics exchange format"), plain or extended:
 * `ripencc|DE|ipv4|193.0.0.0|2048|19930901|allocated|…`. IPv4 counts addresses, not always a power of two; IPv6 has the length of a
 * prefix. What is reserved or available belongs to nobody. A line that cannot be read is named, and nothing of the list is believed.
 */
export function readDelegated(
  text: string,
  wanted: readonly string[],
): Delegated | { readonly line: number; readonly bad: string } {
  const addresses: string[] = [];
  const countries = new Set<string>();
  let records = 0;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const [registry = '', country = '', type = '', start = '', value = '', , status = ''] = line.split('|');
    // Its version, and sums: `2|ripencc|…`, `ripencc|*|ipv4|*|80000|summary`.
    if (/^\d+(\.\d+)?$/.test(registry) || country === '*' || type === 'asn') continue;
    const address = parseAddress(start);
    const number = /^\d{1,10}$/.test(value) ? Number(value) : 0;
    const family = type === 'ipv4' ? 4 : type === 'ipv6' ? 6 : null;
    const last = (address?.value ?? 0n) + BigInt(number) - 1n;
    const fits = family === 4 ? number > 0 && last < 1n << 32n : number <= bitsOf(6) && number > 0;
    if (family === null || address?.family !== family || !fits) return { line: index + 1, bad: line.slice(0, 60) };
    if (status !== 'allocated' && status !== 'assigned') continue;
    records += 1;
    countries.add(country.toUpperCase());
    if (!wanted.includes(country.toUpperCase())) continue;
    addresses.push(family === 4 ? `${start}-${formatAddress({ family, value: last })}` : `${start}/${number}`);
  }
  return { addresses, records, countries };
}
