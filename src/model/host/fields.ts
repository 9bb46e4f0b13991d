import type { Fault, Located } from './json.ts';

/** The fields of one JSON object, taken one by one; what is wrong with them is collected, never thrown. */
export interface Fields {
  readonly at: number;
  /** A field that must be there. */
  text(key: string): string;
  optionalText(key: string): string | undefined;
  /** A text that may be empty. */
  content(key: string): string | undefined;
  number(key: string, from: number, to: number): number;
  optionalNumber(key: string, from: number, to: number): number | undefined;
  optionalBoolean(key: string): boolean | undefined;
  /** Reads a text into something else; `wanted` completes "KEY must be …". */
  parsed<T>(key: string, parse: (text: string) => T | undefined, wanted: string): T | undefined;
  /** One of the words. */
  word<W extends string>(key: string, words: readonly W[]): W | undefined;
  words(key: string): readonly string[] | undefined;
  /** One object with these keys. */
  object<T>(key: string, item: (fields: Fields) => T): T | undefined;
  list<T>(key: string, item: (fields: Fields) => T): readonly T[] | undefined;
  /** Names of any kind and their texts; numbers count as texts. */
  texts(key: string): ReadonlyMap<string, string> | undefined;
  /** As {@link texts}, with these names only. */
  namedTexts<N extends string>(key: string, names: readonly N[]): ReadonlyMap<N, string> | undefined;
}

/** Nobody mends more at a time, and a broken megabyte could hold half a million. */
export const mostFaults = 100;

/** Reads an object that may hold these keys and no others; `what` names it in messages. It stops one fault behind the most. */
export function fieldsOf(value: Located, what: string, keys: readonly string[], faults: Fault[]): Fields {
  const complain = (at: number, message: string, hint: string): void => {
    if (faults.length <= mostFaults) faults.push({ at, message, hint });
  };
  if (value.kind !== 'object') complain(value.at, `${what} must be an object`, `write { … } with ${keys.join(', ')}`);
  const entries = value.kind === 'object' ? value.entries : new Map<string, never>();
  for (const [key, { at }] of entries) {
    if (keys.includes(key) || faults.length > mostFaults) continue;
    const near = keys.find((known) => Math.abs(known.length - key.length) <= 2 && distance(known, key) <= 2);
    complain(at, `${what} has no ${JSON.stringify(key)}`, near ? `did you mean ${JSON.stringify(near)}?` : knownWords(keys));
  }
  const get = (key: string): Located | undefined => entries.get(key)?.value;

  const fields: Fields = {
    at: value.at,
    text(key) {
      const found = fields.optionalText(key);
      if (found === undefined && get(key) === undefined && value.kind === 'object') {
        complain(value.at, `${what} needs ${JSON.stringify(key)}`, 'add it');
      }
      return found ?? '';
    },
    optionalText(key) {
      const found = get(key);
      if (found === undefined || found.kind === 'null') return undefined;
      if (found.kind === 'string' && found.value !== '') return found.value;
      complain(found.at, `${JSON.stringify(key)} must be a text in double quotes`, 'write "…"');
      return undefined;
    },
    content(key) {
      const found = get(key);
      return found?.kind === 'string' ? found.value : fields.optionalText(key);
    },
    number(key, from, to) {
      const found = fields.optionalNumber(key, from, to);
      if (found === undefined && get(key) === undefined && value.kind === 'object') {
        complain(value.at, `${what} needs ${JSON.stringify(key)}`, `add it: a whole number from ${from} to ${to}`);
      }
      return found ?? from;
    },
    optionalNumber(key, from, to) {
      const found = get(key);
      if (found === undefined || found.kind === 'null') return undefined;
      if (found.kind === 'number' && Number.isInteger(found.value) && found.value >= from && found.value <= to)
        return found.value;
      complain(found.at, `${JSON.stringify(key)} must be a whole number from ${from} to ${to}`, 'write it without quotes');
      return undefined;
    },
    optionalBoolean(key) {
      const found = get(key);
      if (found === undefined || found.kind === 'null') return undefined;
      if (found.kind === 'boolean') return found.value;
      complain(found.at, `${JSON.stringify(key)} must be true or false`, 'write it without quotes');
      return undefined;
    },
    parsed(key, parse, wanted) {
      const text = fields.optionalText(key);
      if (text === undefined) return undefined;
      const result = parse(text);
      if (result === undefined)
        complain(get(key)?.at ?? value.at, `${JSON.stringify(key)} must be ${wanted}`, `mend ${JSON.stringify(text)}`);
      return result;
    },
    word(key, words) {
      return fields.parsed(
        key,
        (text) => words.find((word) => word === text),
        words.map((word) => JSON.stringify(word)).join(' or '),
      );
    },
    words(key) {
      const found = get(key);
      if (found === undefined || found.kind === 'null') return undefined;
      const words = found.kind === 'array' ? found.items.flatMap((each) => (each.kind === 'string' ? [each.value] : [])) : [];
      if (found.kind === 'array' && words.length === found.items.length) return words;
      complain(found.at, `${JSON.stringify(key)} must be a list of texts`, 'write ["…", "…"]');
      return undefined;
    },
    object(key, item) {
      const found = get(key);
      return found === undefined || found.kind === 'null' ? undefined : item(fieldsOf(found, ...itemOf(key), faults));
    },
    list(key, item) {
      const found = get(key);
      if (found === undefined || found.kind === 'null') return undefined;
      if (found.kind !== 'array') {
        complain(found.at, `${JSON.stringify(key)} must be a list`, 'write [ … ]');
        return undefined;
      }
      return found.items.map((each) => item(fieldsOf(each, ...itemOf(key), faults)));
    },
    texts(key) {
      const found = get(key);
      if (found === undefined || found.kind === 'null') return undefined;
      if (found.kind !== 'object') {
        complain(found.at, `${JSON.stringify(key)} must be an object`, 'write { "name": "value", … }');
        return undefined;
      }
      const texts = new Map<string, string>();
      for (const [name, { value: each }] of found.entries) {
        if (each.kind === 'string' || each.kind === 'number') texts.set(name, String(each.value));
        else complain(each.at, `the value of ${JSON.stringify(name)} must be a text`, 'write "…"');
      }
      return texts;
    },
    namedTexts(key, names) {
      const found = get(key);
      if (found?.kind === 'object') {
        for (const [name, { at }] of found.entries) {
          if (!names.some((each) => each === name))
            complain(at, `${JSON.stringify(key)} has no ${JSON.stringify(name)}`, `it knows ${names.join(', ')}`);
        }
      }
      const texts = fields.texts(key);
      return texts && new Map(names.flatMap((name) => (texts.has(name) ? [[name, texts.get(name) ?? '']] : [])));
    },
  };
  return fields;
}

/** What the objects of each list are called, and may hold. */
const items: Readonly<Record<string, readonly [what: string, keys: readonly string[]]>> = {
  links: ['a link', ['name', 'up', 'loopback', 'kind', 'master', 'vrfTable', 'xdp']],
  addresses: ['an address', ['link', 'address', 'peer', 'broadcast', 'scope']],
  routes: ['a route', ['to', 'link', 'via', 'table', 'type', 'family', 'from', 'metric', 'tos']],
  routingRules: ['a rule', ['priority', 'action', 'table', 'not', 'from', 'to', 'in', 'out', 'mark', 'family']],
  flowtables: ['a flowtable', ['family', 'table', 'name', 'priority', 'links']],
  traffic: ['a filter', ['link', 'at', 'kind', 'protocol', 'preference']],
  xdp: ['a program', ['mode', 'id', 'name']],
  xfrm: ['xfrm', ['states', 'in', 'out', 'forward', 'socket']],
  packetReaders: ['a packet reader', ['protocol', 'link', 'process']],
  files: ['a file', ['path', 'kind', 'mode', 'uid', 'gid', 'modified', 'target', 'leads', 'text']],
  leads: ['what a link leads to', ['path', 'mode', 'uid', 'gid', 'folder']],
  folder: ['a folder', ['mode', 'uid', 'gid']],
  processes: ['a process', ['pid', 'name', 'uid', 'netAdmin', 'ownNetwork', 'ownUsers', 'contained']],
  units: ['a unit', ['name', 'enabled', 'active']],
  modules: ['modules', ['loaded', 'builtin', 'loadable']],
  conntrackLosses: ['losses', ['insertFailed', 'dropped', 'earlyDropped']],
  sessions: ['a session', ['local', 'localPort', 'peer', 'peerPort', 'process']],
  listeners: ['a listener', ['proto', 'port', 'address', 'v6only', 'link', 'process']],
  foreignChains: ['a chain', ['family', 'table', 'chain', 'type', 'hook', 'priority', 'policy', 'rules']],
};

/** A longer list would be cut. */
function knownWords(keys: readonly string[]): string {
  return keys.length > 20 ? 'docs/facts.md lists what it knows' : `it knows ${keys.join(', ')}`;
}

function itemOf(key: string): readonly [string, readonly string[]] {
  return items[key] ?? ['an item', []];
}

/** Edits between two words (Levenshtein), for "did you mean". */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + same));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
