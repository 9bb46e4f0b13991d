import { parse } from 'yaml';

import { type AgentMode, type TemplateVersion, templateTree } from './template.ts';

type Json = string | readonly Json[] | { readonly [key: string]: Json };

/** What a template in a server has otherwise than ours, a line each: what it lacks, what is another's, what was changed. */
export interface Differences {
  readonly missing: readonly string[];
  readonly extra: readonly string[];
  readonly changed: readonly string[];
}

/**
 * Compares what a server exports with the template that we would import. Style and order count for nothing, nor does when it was exported. Things are known
 * by their UUID, as the server knows them.
 */
export function differencesOf(exported: string, version: TemplateVersion, mode: AgentMode): Differences {
  const theirs = entitiesOf(plain(parse(exported)));
  const ours = entitiesOf(plain(templateTree(version, mode)));
  return {
    missing: [...ours].flatMap(([uuid, one]) => (theirs.has(uuid) ? [] : [one.name])),
    extra: [...theirs].flatMap(([uuid, one]) => (ours.has(uuid) ? [] : [one.name])),
    changed: [...ours].flatMap(([uuid, one]) => {
      const there = theirs.get(uuid);
      return there === undefined || there.text === one.text ? [] : [one.name];
    }),
  };
}

/** Everything that has a UUID, with what belongs to it and has none, as text. */
function entitiesOf(tree: Json): ReadonlyMap<string, { readonly name: string; readonly text: string }> {
  const found = new Map<string, { readonly name: string; readonly text: string }>();
  walk(tree, found);
  return found;
}

/** What belongs to a thing without being one itself; things inside are entered by themselves, and leave their UUID. */
function walk(value: Json, found: Map<string, { readonly name: string; readonly text: string }>): Json {
  if (typeof value === 'string') return value;
  if (isList(value))
    return value.map((one) => walk(one, found)).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  const own = Object.fromEntries(
    Object.keys(value)
      .toSorted()
      .map((key) => [key, walk(value[key] ?? '', found)]),
  );
  const { uuid, name } = own;
  if (typeof uuid !== 'string') return own;
  found.set(uuid, { name: typeof name === 'string' ? name : uuid, text: JSON.stringify(own) });
  return uuid;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** Numbers and words of YAML as the text that they were. */
function plain(value: unknown): Json {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return String(value).trim();
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, one]) => (key === 'date' && 'version' in value ? [] : [[key, plain(one)]])),
  );
}
