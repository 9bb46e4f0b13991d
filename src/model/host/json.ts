/**
 * A JSON value that knows where it stood, for errors that point at it (RFC 8259). `at` is an offset into the text, which is
 * latin1: a character of a string stands as the bytes of its UTF-8, also where an escape says it.
 */
export type Located =
  | { readonly kind: 'object'; readonly at: number; readonly entries: ReadonlyMap<string, Entry> }
  | { readonly kind: 'array'; readonly at: number; readonly items: readonly Located[] }
  | { readonly kind: 'string'; readonly at: number; readonly value: string }
  | { readonly kind: 'number'; readonly at: number; readonly value: number }
  | { readonly kind: 'boolean'; readonly at: number; readonly value: boolean }
  | { readonly kind: 'null'; readonly at: number };

export interface Entry {
  /** Where the key stands. */
  readonly at: number;
  readonly value: Located;
}

export interface Fault {
  readonly at: number;
  /** One clause. */
  readonly message: string;
  readonly hint: string;
}

const maxDepth = 64;

/** Reads a whole text; the first fault ends it. */
export function parseLocated(text: string): { readonly value: Located } | { readonly fault: Fault } {
  const reader = new Reader(text);
  try {
    return { value: reader.whole() };
  } catch (error) {
    if (error instanceof Stop) return { fault: error.fault };
    throw error;
  }
}

/** Tells line and column of an offset, both from 1. A broken text has many faults: its lines are looked for once. */
export function placesOf(text: string): (at: number) => { readonly line: number; readonly column: number } {
  const starts = [0];
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1)) starts.push(end + 1);
  return (at) => {
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] as number) <= at) low = middle;
      else high = middle;
    }
    return { line: low + 1, column: at - (starts[low] as number) + 1 };
  };
}

class Stop extends Error {
  readonly fault: Fault;
  constructor(fault: Fault) {
    super(fault.message);
    this.fault = fault;
  }
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): Located {
    // A byte order mark, as UTF-8 or as the bytes of it.
    this.#skip(/\ufeff|\u00ef\u00bb\u00bf/y);
    const value = this.#value(0);
    this.#space();
    if (this.#at < this.#text.length) this.#fail('there is more text behind the end of the JSON value', 'delete it');
    return value;
  }

  #value(depth: number): Located {
    this.#space();
    const at = this.#at;
    if (depth > maxDepth) this.#fail('this is nested too deeply', 'use the documented shape');
    switch (this.#text[at]) {
      case '{':
        return this.#object(at, depth);
      case '[':
        return this.#array(at, depth);
      case '"':
        return { kind: 'string', at, value: this.#string() };
      case undefined:
        return this.#fail('the text ends too early', 'write a JSON value here');
    }
    const word = this.#skip(/true|false|null/y);
    if (word !== undefined) return word === 'null' ? { kind: 'null', at } : { kind: 'boolean', at, value: word === 'true' };
    const number = this.#skip(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y);
    if (number !== undefined) return { kind: 'number', at, value: Number(number) };
    return this.#fail('this is not a JSON value', 'write a string in double quotes, a number, true, false, null, [ or {');
  }

  #object(at: number, depth: number): Located {
    const entries = new Map<string, Entry>();
    this.#at += 1;
    this.#space();
    if (this.#skip(/\}/y) !== undefined) return { kind: 'object', at, entries };
    for (;;) {
      this.#space();
      const keyAt = this.#at;
      if (this.#text[keyAt] !== '"') this.#fail('a key in double quotes is missing here', 'write "key": value');
      const key = this.#string();
      if (entries.has(key)) {
        this.#at = keyAt;
        this.#fail(`the key ${JSON.stringify(key)} is there twice`, 'keep one of them');
      }
      this.#space();
      if (this.#skip(/:/y) === undefined) this.#fail('a colon is missing here', 'write "key": value');
      entries.set(key, { at: keyAt, value: this.#value(depth + 1) });
      if (this.#closes('}')) return { kind: 'object', at, entries };
    }
  }

  #array(at: number, depth: number): Located {
    const items: Located[] = [];
    this.#at += 1;
    this.#space();
    if (this.#skip(/\]/y) !== undefined) return { kind: 'array', at, items };
    for (;;) {
      items.push(this.#value(depth + 1));
      if (this.#closes(']')) return { kind: 'array', at, items };
    }
  }

  /** After a member: true at the bracket, false after a comma. */
  #closes(bracket: string): boolean {
    this.#space();
    const char = this.#text[this.#at];
    if (char !== ',' && char !== bracket) this.#fail(`a comma or ${bracket} is missing here`, 'add it');
    this.#at += 1;
    return char === bracket;
  }

  #string(): string {
    const start = this.#at;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them inside strings.
    const raw = this.#skip(/"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y);
    if (raw === undefined) {
      this.#at = start;
      this.#fail('this string is not closed on its line, or has an escape that JSON does not know', 'write it as "…"');
    }
    return raw?.includes('\\') ? JSON.parse(inBytes(raw)) : (raw as string).slice(1, -1);
  }

  #space(): void {
    this.#skip(/[ \t\r\n]+/y);
  }

  /** Takes what the sticky pattern matches here. */
  #skip(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #fail(message: string, hint: string): never {
    throw new Stop({ at: this.#at, message, hint });
  }
}

/** A string of JSON whose escapes of characters beyond ASCII are the bytes of their UTF-8. */
function inBytes(raw: string): string {
  const one = /\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[^u])/g;
  return raw.replace(one, (said) => {
    const bytes = said.startsWith('\\u') ? new TextEncoder().encode(JSON.parse(`"${said}"`)) : null;
    // A single byte is ASCII, which may be a control character or a quote: it stays an escape.
    return bytes === null || bytes.length === 1 ? said : String.fromCharCode(...bytes);
  });
}
