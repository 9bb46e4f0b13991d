import { failed, ok, type Result } from '../../result.ts';

/**
 * What `ipset save` prints, line by line and lossless: {@link printSets} gives the same bytes again. What the lines mean is
 * said by `parseSets`.
 */
export interface SavedSets {
  readonly file: string;
  /** In the order of the text, which may put members of one set between those of others. */
  readonly lines: readonly SavedLine[];
}

export type SavedLine = SavedSet | SavedMember | SavedAside;

/** `create NAME TYPE OPTION…` */
export interface SavedSet {
  readonly kind: 'set';
  /** Where its name begins. */
  readonly at: SavedPlace;
  readonly name: string;
  readonly type: string;
  readonly options: readonly SavedOption[];
}

/** `add NAME ELEMENT OPTION…` */
export interface SavedMember {
  readonly kind: 'member';
  /** Where the element begins. */
  readonly at: SavedPlace;
  readonly set: SavedSet;
  readonly element: string;
  readonly options: readonly SavedOption[];
}

/** A comment or a blank line, which only people write. */
export interface SavedAside {
  readonly kind: 'aside';
  readonly text: string;
}

/** Both count from 1. */
export interface SavedPlace {
  readonly line: number;
  readonly column: number;
}

export interface SavedOption {
  readonly name: string;
  /** Without quotes; `null` for options that have none. */
  readonly value: string | null;
  /** ipset(8) of today knows it; what else stands there is kept word by word. */
  readonly known: boolean;
}

/** Options of members and how many words follow each (ipset(8)). */
const memberOptions: Readonly<Record<string, 0 | 1>> = {
  timeout: 1,
  packets: 1,
  bytes: 1,
  comment: 1,
  skbmark: 1,
  skbprio: 1,
  skbqueue: 1,
  before: 1,
  after: 1,
  nomatch: 0,
  wildcard: 0,
  '-exist': 0,
  '-!': 0,
};

/** Options of sets, likewise. */
const setOptions: Readonly<Record<string, 0 | 1>> = {
  family: 1,
  range: 1,
  netmask: 1,
  bitmask: 1,
  markmask: 1,
  timeout: 1,
  hashsize: 1,
  maxelem: 1,
  size: 1,
  bucketsize: 1,
  initval: 1,
  counters: 0,
  comment: 0,
  skbinfo: 0,
  forceadd: 0,
  '-exist': 0,
  '-!': 0,
};

/**
 * Reads the lines of a save, latin1. The first line that no `ipset restore` takes is the one problem of the answer.
 *
 * As ipset prints them unquoted, names may hold blanks; comments may hold newlines.
 */
export function readSets(text: string, file: string): Result<SavedSets> {
  const lines: SavedLine[] = [];
  const sets: SetNames = { byName: new Map(), blanks: false };
  const lineEnd = lineEnds(text);
  let line = 1;
  for (let start = 0; start < text.length; ) {
    const end = lineEnd(start);
    const whole = text.slice(start, end);
    const read = readLine(sets, whole, line);
    if (read.kind === 'fault') {
      const { message, hint } = read;
      return failed({ code: 'sets-syntax', at: { file, line, column: read.column + 1 }, message, hint });
    }
    lines.push(read);
    if (read.kind === 'set') {
      sets.byName.set(read.name, read);
      sets.blanks ||= read.name.includes(' ');
    }
    for (let newline = whole.indexOf('\n'); newline >= 0; newline = whole.indexOf('\n', newline + 1)) line += 1;
    line += 1;
    start = end + 1;
  }
  return ok({ file, lines });
}

/** As `ipset save` writes it: names bare, comments in quotes. Byte for byte the text that was read if ipset wrote that. */
export function printSets(saved: SavedSets): string {
  return saved.lines.map((line) => `${lineText(line)}\n`).join('');
}

function lineText(line: SavedLine): string {
  switch (line.kind) {
    case 'aside':
      return line.text;
    case 'set':
      return ['create', line.name, line.type, ...line.options.map(optionText)].join(' ');
    case 'member':
      return ['add', line.set.name, line.element, ...line.options.map(optionText)].join(' ');
  }
}

function optionText({ name, value }: SavedOption): string {
  if (value === null) return name;
  return name === 'comment' || /\s/.test(value) || value === '' ? `${name} "${value}"` : `${name} ${value}`;
}

interface SetNames {
  readonly byName: Map<string, SavedSet>;
  /** Some name holds a blank, which is rare: only then must every name be looked at. */
  blanks: boolean;
}

interface LineFault {
  readonly kind: 'fault';
  /** From 0. */
  readonly column: number;
  readonly message: string;
  readonly hint: string;
}

const restore = 'give what `ipset save` prints';

function fault(column: number, message: string, hint: string): LineFault {
  return { kind: 'fault', column, message, hint };
}

/** Finds line ends outside of quotes; ipset has no escapes inside them. To be asked from the start onwards. */
function lineEnds(text: string): (start: number) => number {
  // Most saves have no quote at all: each is looked for only once.
  let quote = text.indexOf('"');
  return (start) => {
    for (let from = start; ; ) {
      const newline = text.indexOf('\n', from);
      const end = newline < 0 ? text.length : newline;
      if (quote >= 0 && quote < from) quote = text.indexOf('"', from);
      if (quote < 0 || quote > end) return end;
      const close = text.indexOf('"', quote + 1);
      if (close < 0) return end;
      from = close + 1;
    }
  };
}

function readLine(sets: SetNames, text: string, line: number): SavedLine | LineFault {
  if (text.trim() === '' || text.startsWith('#')) return { kind: 'aside', text };
  if (text.endsWith('\r'))
    return fault(text.length - 1, 'this line has a Windows line end', 'convert the file, for instance with dos2unix');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is the sign of a file that is no text.
  const binary = /\x00/.exec(text);
  if (binary !== null) return fault(binary.index, 'this is not text', restore);
  const [, blanks = '', command = ''] = /^(\s*)(\S+)/.exec(text) ?? [];
  const rest = text.slice(blanks.length + command.length + 1);
  const column = text.length - rest.length;
  switch (command) {
    case 'create':
    case '-N':
      return readSet(sets, rest, line, column);
    case 'add':
    case '-A':
      return readMember(sets, rest, line, column);
  }
  return fault(blanks.length, `${shown(command)} is not a line of an ipset save`, restore);
}

function readSet(sets: SetNames, rest: string, line: number, column: number): SavedSet | LineFault {
  const found = /^(.+?) +((?:bitmap|hash|list):[a-z,]+)(?: +|$)/.exec(rest);
  if (found === null) return fault(column, 'the name or the type of the set is missing', 'write create NAME TYPE …');
  const [all, rawName = '', type = ''] = found;
  const name = bare(rawName);
  if (sets.byName.has(name)) return fault(column, `the set ${shown(name)} is created twice`, 'keep one of them');
  const options = readOptions(setOptions, rest.slice(all.length));
  if ('unclosed' in options) return fault(column + all.length + options.unclosed, 'a quote is not closed', restore);
  return { kind: 'set', at: { line, column: column + 1 }, name, type, options };
}

function readMember(sets: SetNames, rest: string, line: number, column: number): SavedMember | LineFault {
  const named = setNamed(sets, rest);
  if (named === undefined) {
    const name = /^\S*/.exec(rest)?.[0] ?? '';
    return fault(column, `the set ${shown(name)} was not created before`, 'put its create line before its add lines');
  }
  const { set, skip } = named;
  const [, element = ''] = /^ *(\S*)/.exec(rest.slice(skip)) ?? [];
  const at = rest.indexOf(element, skip);
  if (element === '') return fault(column + skip, 'the member is missing', 'write add NAME MEMBER');
  const options = readOptions(memberOptions, rest.slice(at + element.length));
  if ('unclosed' in options) return fault(column + at + element.length + options.unclosed, 'a quote is not closed', restore);
  return { kind: 'member', at: { line, column: column + at + 1 }, set, element, options };
}

/** The set at the start of the text, and where its name ends. The longest name wins, since names may hold blanks. */
function setNamed(sets: SetNames, rest: string): { readonly set: SavedSet; readonly skip: number } | undefined {
  const blank = rest.indexOf(' ');
  const word = blank < 0 ? rest : rest.slice(0, blank);
  const quoted = /^"[^"]*"(?= )/.exec(rest)?.[0];
  const plain = sets.byName.get(quoted === undefined ? word : bare(quoted));
  if (plain !== undefined && !sets.blanks) return { set: plain, skip: quoted?.length ?? word.length };
  let best: { set: SavedSet; skip: number } | undefined;
  for (const [name, set] of sets.byName) {
    if (rest.startsWith(`${name} `) && (best === undefined || name.length > best.skip)) best = { set, skip: name.length };
  }
  return best ?? (plain && { set: plain, skip: quoted?.length ?? word.length });
}

function readOptions(
  arities: Readonly<Record<string, 0 | 1>>,
  text: string,
): readonly SavedOption[] | { readonly unclosed: number } {
  const words = text.match(/"[^"]*"?|\S+/g) ?? [];
  const options: SavedOption[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const name = words[index] as string;
    const arity = Object.hasOwn(arities, name) ? arities[name] : undefined;
    const value = arity === 1 ? (words[index + 1] ?? '') : null;
    if (value?.startsWith('"') && (value.length < 2 || !value.endsWith('"'))) return { unclosed: text.lastIndexOf('"') };
    options.push({ name, value: value === null ? null : bare(value), known: arity !== undefined });
    index += arity ?? 0;
  }
  return options;
}

function bare(word: string): string {
  return word.length > 1 && word.startsWith('"') && word.endsWith('"') ? word.slice(1, -1) : word;
}

/** A piece of the text for a message: short and printable. */
function shown(piece: string): string {
  return piece.replace(/[^\x20-\x7e]/g, '?').slice(0, 40);
}
