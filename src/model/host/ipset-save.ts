import { failed, ok, type Result } from '../../result.ts';
import { brief } from '../ruleset/index.ts';

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

/** IPSET_MAXNAMELEN without the NUL (include/uapi/linux/netfilter/ipset/ip_set.h). */
const longestName = 31;

/**
 * Reads the lines of a save, latin1. The first line that no `ipset restore` takes is the one problem of the answer.
 *
 * As ipset prints them unquoted, names may hold blanks and, inside of their words, quotes; comments may hold newlines.
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
      const before = whole.slice(0, read.column).split('\n');
      const at = { file, line: line + before.length - 1, column: (before.at(-1) ?? '').length + 1 };
      return failed({ code: 'sets-syntax', at, message: brief(read.message), hint: brief(read.hint) });
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
  return name === 'comment' || /[ \t\r\n]/.test(value) || value === '' ? `${name} "${value}"` : `${name} ${value}`;
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
  let quote = openingQuote(text, 0);
  return (start) => {
    let end = -1;
    for (let from = start; ; ) {
      if (end < from) end = text.indexOf('\n', from);
      if (end < 0) end = text.length;
      if (from === start && isComment(text, start)) return end;
      if (quote >= 0 && quote < from) quote = openingQuote(text, from);
      if (quote < 0 || quote > end) return end;
      const close = text.indexOf('"', quote + 1);
      if (close < 0) return end;
      from = close + 1;
    }
  };
}

/** The next quote that begins a word: others are part of a name. */
function openingQuote(text: string, from: number): number {
  let at = text.indexOf('"', from);
  while (at > 0 && !/[ \t\r\n]/.test(text[at - 1] as string)) at = text.indexOf('"', at + 1);
  return at;
}

const comment = /[ \t]*#/y;

function isComment(text: string, start: number): boolean {
  comment.lastIndex = start;
  return comment.test(text);
}

/** As nearly every line of a long save is. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is the sign of a file that is no text.
const plainMember = /^add ([^ \t\r\n"\x00]+) ([^ \t\r\n"\x00]+)$/;

function readLine(sets: SetNames, text: string, line: number): SavedLine | LineFault {
  const plain = sets.blanks ? null : plainMember.exec(text);
  const set = plain === null ? undefined : sets.byName.get(plain[1] ?? '');
  if (plain !== null && set !== undefined)
    return { kind: 'member', at: { line, column: set.name.length + 6 }, set, element: plain[2] ?? '', options: [] };
  if (/^[ \t\r]*$/.test(text) || isComment(text, 0)) return { kind: 'aside', text };
  if (text.endsWith('\r'))
    return fault(text.length - 1, 'this line has a Windows line end', 'convert the file, for instance with dos2unix');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is the sign of a file that is no text.
  const binary = /\x00/.exec(text);
  if (binary !== null) return fault(binary.index, 'this is not text', restore);
  const [, blanks = '', command = ''] = /^([ \t\r]*)([^ \t\r\n]+)/.exec(text) ?? [];
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
  return fault(blanks.length, `${command} is not a line of an ipset save`, restore);
}

function readSet(sets: SetNames, rest: string, line: number, column: number): SavedSet | LineFault {
  const found = / ((?:bitmap|hash|list):[a-z,]+)(?=[ \n]|$)/.exec(rest);
  let end = found?.index ?? 0;
  while (rest[end - 1] === ' ') end -= 1;
  if (found === null || end === 0) return fault(column, 'the name or the type of the set is missing', 'write create NAME TYPE …');
  const [all, type = ''] = found;
  const name = bare(rest.slice(0, end));
  if (openingQuote(name, 0) >= 0) return fault(column, `the name ${name} of a set begins a quote`, 'rename the set');
  if (name.length > longestName)
    return fault(column, `the name ${name} of a set has ${name.length} bytes`, `shorten it to ${longestName}`);
  if (sets.byName.has(name)) return fault(column, `the set ${name} is created twice`, 'keep one of them');
  const from = found.index + all.length;
  const options = readOptions(setOptions, rest.slice(from));
  if ('kind' in options) return { ...options, column: column + from + options.column };
  return { kind: 'set', at: { line, column: column + 1 }, name, type, options };
}

function readMember(sets: SetNames, rest: string, line: number, column: number): SavedMember | LineFault {
  const named = setNamed(sets, rest);
  if (named === undefined) {
    const name = /^[^ \t\r\n]*/.exec(rest)?.[0] ?? '';
    return fault(column, `the set ${name} was not created before`, 'put its create line before its add lines');
  }
  const { set, skip } = named;
  const [, blanks = '', element = ''] = /^( *)([^ \t\r\n]*)/.exec(rest.slice(skip)) ?? [];
  if (element === '') return fault(column + skip, 'the member is missing', 'write add NAME MEMBER');
  const at = skip + blanks.length;
  if (element.startsWith('"')) return fault(column + at, 'a member stands in quotes', 'write it without them');
  const from = at + element.length;
  const options = readOptions(memberOptions, rest.slice(from));
  if ('kind' in options) return { ...options, column: column + from + options.column };
  return { kind: 'member', at: { line, column: column + at + 1 }, set, element, options };
}

/** The set at the start of the text, and where its name ends. The longest name wins, since names may hold blanks. */
function setNamed(sets: SetNames, rest: string): { readonly set: SavedSet; readonly skip: number } | undefined {
  const quoted = /^"[^"]*"(?= )/.exec(rest)?.[0];
  if (quoted === undefined && sets.blanks) {
    for (let skip = Math.min(longestName, rest.length); skip > 0; skip -= 1) {
      const set = rest[skip] === ' ' ? sets.byName.get(rest.slice(0, skip)) : undefined;
      if (set !== undefined) return { set, skip };
    }
  }
  const blank = rest.indexOf(' ');
  const word = quoted ?? (blank < 0 ? rest : rest.slice(0, blank));
  const set = sets.byName.get(quoted === undefined ? word : bare(quoted));
  return set && { set, skip: word.length };
}

/** Quotes stand around whole words; what else `ipset restore` makes of them, `ipset save` never prints. */
function readOptions(arities: Readonly<Record<string, 0 | 1>>, text: string): readonly SavedOption[] | LineFault {
  const options: SavedOption[] = [];
  /** The option whose value comes next. */
  let open: string | null = null;
  for (const { 0: word, index } of text.matchAll(/"[^"]*"?|[^ \t\r\n]+/g)) {
    if (word.startsWith('"')) {
      if (word.length < 2 || !word.endsWith('"')) return fault(index, 'a quote is not closed', restore);
      const behind = text[index + word.length] ?? ' ';
      if (!/[ \t\r\n]/.test(behind)) return fault(index + word.length, 'a blank is missing behind the quote', restore);
    } else if (open !== null && word.includes('"'))
      return fault(index + word.indexOf('"'), 'a quote stands inside a word', restore);
    if (open !== null) {
      options.push({ name: open, value: bare(word), known: true });
      open = null;
    } else if (Object.hasOwn(arities, word) && arities[word] === 1) open = word;
    else options.push({ name: word, value: null, known: Object.hasOwn(arities, word) });
  }
  if (open !== null) options.push({ name: open, value: '', known: true });
  return options;
}

function bare(word: string): string {
  return word.length > 1 && word.startsWith('"') && word.endsWith('"') ? word.slice(1, -1) : word;
}
