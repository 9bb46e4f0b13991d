import type { Fields } from './fields.ts';
import { isPrinted, listOf, numberOf, type Printed, textOf } from './printed.ts';

/**
 * A flowtable: packets of connections that rules put into it go from link to link without meeting any chain of iptables
 * again (Documentation/networking/nf_flowtable.rst).
 */
export interface Flowtable {
  readonly family: string;
  readonly table: string;
  readonly name: string;
  readonly priority: number;
  readonly links: readonly string[];
}

/** `nft -j list flowtables` (libnftables-json(5), FLOWTABLE). */
export function parseFlowtables(text: string): readonly Flowtable[] | undefined {
  let listing: unknown;
  try {
    listing = JSON.parse(text);
  } catch {
    // No JSON: the caller says so, with the name of the tool.
    return undefined;
  }
  if (!isPrinted(listing)) return undefined;
  const found = listOf(listing, 'nftables')
    .filter(isPrinted)
    .map((object) => object['flowtable'])
    .filter(isPrinted);
  const flowtables = found.map(parseFlowtable);
  return flowtables.every((flowtable) => flowtable !== undefined) ? flowtables : undefined;
}

function parseFlowtable(object: Printed): Flowtable | undefined {
  const [family, table, name] = [textOf(object, 'family'), textOf(object, 'table'), textOf(object, 'name')];
  if (family === undefined || table === undefined || name === undefined) return undefined;
  const one = textOf(object, 'dev');
  const links = one !== undefined ? [one] : listOf(object, 'dev').filter((each) => typeof each === 'string');
  return { family, table, name, priority: numberOf(object, 'prio') ?? 0, links };
}

/** From a facts file. */
export function readFlowtable(fields: Fields): Flowtable {
  return {
    family: fields.text('family'),
    table: fields.text('table'),
    name: fields.text('name'),
    priority: fields.optionalNumber('priority', -0x80000000, 0x7fffffff) ?? 0,
    links: fields.words('links') ?? [],
  };
}
