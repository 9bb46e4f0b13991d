import { brief } from '../ruleset/index.ts';
import type { BaseChain } from './host.ts';
import { isPrinted, listOf, numberOf, type Printed, textOf } from './printed.ts';

/**
 * Where iptables hooks its built-in chains in (include/uapi/linux/netfilter_ipv4.h; iptables/nft.c, xtables_ipv4).
 * Its security table differs: iptables-nft says 150, where the kernel's own table has 50.
 */
const iptablesChains: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>> = {
  raw: { PREROUTING: [-300], OUTPUT: [-300] },
  mangle: { PREROUTING: [-150], INPUT: [-150], FORWARD: [-150], OUTPUT: [-150], POSTROUTING: [-150] },
  nat: { PREROUTING: [-100], INPUT: [100], OUTPUT: [-100], POSTROUTING: [100] },
  filter: { INPUT: [0], FORWARD: [0], OUTPUT: [0] },
  security: { INPUT: [50, 150], FORWARD: [50, 150], OUTPUT: [50, 150] },
};

export interface NftChains {
  /** Base chains that iptables did not make. */
  readonly foreign: readonly BaseChain[];
  /** Tables of iptables that hold chains, as `ip filter`. */
  readonly iptables: ReadonlySet<string>;
  /** Tables that sleep, as `ip filter`: they are listed, and no packet meets their rules. */
  readonly asleep: ReadonlySet<string>;
}

/** The documents of `nftChains`, one a line; what cannot be understood is said as a clause. */
export function parseNftChains(text: string): NftChains | { readonly fault: string } {
  const documents = text.split('\n').map(parseDocument);
  const [first, ...others] = documents;
  if (first === undefined || documents.some((document) => document === undefined)) return { fault: 'nft printed no JSON' };
  const rules = new Map<string, number>();
  for (const document of others) {
    const own = objects(document, 'chain')[0];
    if (own === undefined) return { fault: 'nft listed a chain without its head' };
    rules.set(key(own), objects(document, 'rule').length);
  }
  const foreign: BaseChain[] = [];
  const iptables = new Set<string>();
  const asleep = new Set(
    objects(first, 'table')
      .filter((table) => listOf(table, 'flags').includes('dormant') || textOf(table, 'flags') === 'dormant')
      .map((table) => `${textOf(table, 'family')} ${textOf(table, 'name')}`),
  );
  for (const chain of objects(first, 'chain')) {
    const [family, table] = [textOf(chain, 'family') ?? '', textOf(chain, 'table') ?? ''];
    if ((family === 'ip' || family === 'ip6') && Object.hasOwn(iptablesChains, table)) iptables.add(`${family} ${table}`);
    if (textOf(chain, 'hook') === undefined || isIptables(chain)) continue;
    if (asleep.has(`${family} ${table}`)) continue;
    const base = asBaseChain(chain, rules.get(key(chain)));
    if ('fault' in base) return base;
    foreign.push(base);
  }
  return { foreign, iptables, asleep };
}

function asBaseChain(chain: Printed, rules: number | undefined): BaseChain | { readonly fault: string } {
  const [family, table, name] = [textOf(chain, 'family'), textOf(chain, 'table'), textOf(chain, 'name')];
  const [type, hook, priority] = [textOf(chain, 'type'), textOf(chain, 'hook'), numberOf(chain, 'prio')];
  if (rules === undefined) return { fault: brief(`nft did not list the rules of ${family} ${table} ${name}`) };
  if (family === undefined || table === undefined || name === undefined || hook === undefined || priority === undefined) {
    return { fault: 'nft described a base chain in a way that palisade does not know' };
  }
  if (type !== 'filter' && type !== 'nat' && type !== 'route') return { fault: brief(`nft has a chain of type ${type}`) };
  return {
    family,
    table,
    chain: name,
    type,
    hook,
    priority,
    policy: textOf(chain, 'policy') === 'drop' ? 'drop' : 'accept',
    rules,
  };
}

/** Made by iptables, or so like it that iptables takes it for its own. */
function isIptables(chain: Printed): boolean {
  const [family, table, name] = [textOf(chain, 'family'), textOf(chain, 'table') ?? '', textOf(chain, 'name') ?? ''];
  if (family !== 'ip' && family !== 'ip6') return false;
  const priorities = Object.hasOwn(iptablesChains, table) ? iptablesChains[table]?.[name] : undefined;
  const type = table === 'nat' ? 'nat' : table === 'mangle' && name === 'OUTPUT' ? 'route' : 'filter';
  return (
    priorities?.includes(numberOf(chain, 'prio') ?? Number.NaN) === true &&
    textOf(chain, 'hook') === name.toLowerCase() &&
    textOf(chain, 'type') === type
  );
}

function key(chain: Printed): string {
  return JSON.stringify([chain['family'], chain['table'], chain['name']]);
}

function parseDocument(line: string): readonly Printed[] | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isPrinted(value) ? listOf(value, 'nftables').filter(isPrinted) : undefined;
  } catch {
    // Not JSON: the caller says so.
    return undefined;
  }
}

function objects(document: readonly Printed[] | undefined, kind: string): readonly Printed[] {
  return (document ?? []).map((object) => object[kind]).filter(isPrinted);
}
