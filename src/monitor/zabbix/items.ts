import { problemLine } from '../../result.ts';
import type { StateRead } from '../state/index.ts';
import { discoveries } from './discoveries.ts';
import { firewallItems } from './firewall-items.ts';
import type { Discovery, Item } from './item.ts';
import { runningItems } from './running-items.ts';
import { plainText } from './text.ts';

/** The item of which all others are read. */
export const masterKey = 'iptables.get';

/** Every item that is read off a state. Template, JSON and documentation are made of these. */
export const items: readonly Item[] = [...runningItems, ...firewallItems];

/** In the JSON of every answer: whether there is a state. Items by these names are in the template too. */
export const readable = { field: 'readable', problem: 'problem' } as const;

/**
 * What the master item `iptables.get` is told: one line of JSON, whatever is the matter, so that agents which put standard error into it find
 * nothing else. Each item stands in it by its field; what is not known is absent. Where there is no state: `readable` 0, and why in `problem`.
 */
export function itemsOf(read: StateRead): string {
  if (!read.ok)
    return JSON.stringify({ form: 1, [readable.field]: 0, [readable.problem]: plainText(problemLine(read.problem), 1000) });
  const { state } = read;
  const told: Record<string, unknown> = {
    form: 1,
    host: plainText(state.host, 128),
    [readable.field]: 1,
    [readable.problem]: 'none',
  };
  for (const item of items) told[item.field] = item.of(state);
  for (const discovery of discoveries) {
    const things = discovery.things(state);
    if (things !== null) Object.assign(told, discovered(discovery, things));
  }
  return JSON.stringify(told);
}

/** The things' macros in a list, for discovery; their numbers by id, so that an item finds its own without a search. */
function discovered(discovery: Discovery, things: readonly unknown[]): Readonly<Record<string, unknown>> {
  const list = new Map<string, Readonly<Record<string, string>>>();
  const numbers: (readonly [string, Readonly<Record<string, unknown>>])[] = [];
  for (const thing of things) {
    const id = discovery.id(thing);
    if (list.has(id)) continue;
    if (list.size === discovery.most) break;
    list.set(id, { ID: id, ...discovery.macros(thing) });
    numbers.push([id, Object.fromEntries(discovery.items.map((item) => [fieldOf(item.field), item.of(thing)]))]);
  }
  return {
    [`${discovery.noun}s.discovery`]: [...list.values()],
    [`${discovery.noun}s.untold`]: things.length - list.size,
    [discovery.noun]: Object.fromEntries(numbers),
  };
}

/** `policy` of `chain.policy`: beside its id. */
export function fieldOf(field: string): string {
  return field.slice(field.indexOf('.') + 1);
}
