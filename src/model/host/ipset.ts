import { failed, ok, type Problem, type Result } from '../../result.ts';
import { bitsOf, parseAddress } from '../net/index.ts';
import type { IpSet, SetMember } from './host.ts';
import { parseMember, parseNumber, type Shape } from './member.ts';

/** Options of members and how many words follow each (ipset(8)). */
const memberOptions: Readonly<Record<string, number>> = {
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
const setOptions: Readonly<Record<string, number>> = {
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

interface Draft {
  readonly set: Omit<IpSet, 'members'>;
  readonly shape: Shape;
  readonly members: SetMember[];
  /** Something in it says more than the model can: then the set is left out. */
  beyond: boolean;
}

/**
 * Reads what `ipset save` prints, latin1. Sets that hold something which the model cannot say (ports of bridges, wildcard
 * links, types of the future) are left out whole, so that a rule which asks them *depends* on them.
 *
 * As ipset prints them unquoted, names may hold blanks here; comments may hold newlines.
 */
export function parseSets(text: string, file: string): Result<ReadonlyMap<string, IpSet>> {
  const drafts = new Map<string, Draft>();
  const lineEnd = lineEnds(text);
  let line = 1;
  for (let start = 0; start < text.length; ) {
    const end = lineEnd(start);
    const whole = text.slice(start, end);
    const problem = takeLine(drafts, whole);
    if (problem !== undefined) {
      const column = problem.column + 1;
      const { message, hint } = problem;
      return failed<never>({ code: 'sets-syntax', at: { file, line, column }, message, hint } satisfies Problem);
    }
    for (let newline = whole.indexOf('\n'); newline >= 0; newline = whole.indexOf('\n', newline + 1)) line += 1;
    line += 1;
    start = end + 1;
  }
  const kept = [...drafts.values()].filter(({ beyond }) => !beyond);
  return ok(new Map(kept.map(({ set, members }) => [set.name, { ...set, members }])));
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

interface LineProblem {
  readonly column: number;
  readonly message: string;
  readonly hint: string;
}

const restore = 'give what `ipset save` prints';

function takeLine(drafts: Map<string, Draft>, line: string): LineProblem | undefined {
  if (line.trim() === '' || line.startsWith('#')) return undefined;
  if (line.endsWith('\r')) {
    return {
      column: line.length - 1,
      message: 'this line has a Windows line end',
      hint: 'convert the file, for instance with dos2unix',
    };
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is the sign of a file that is no text.
  const binary = /\x00/.exec(line);
  if (binary !== null) return { column: binary.index, message: 'this is not text', hint: restore };
  const [, blanks = '', command = ''] = /^(\s*)(\S+)/.exec(line) ?? [];
  const rest = line.slice(blanks.length + command.length + 1);
  const column = line.length - rest.length;
  switch (command) {
    case 'create':
    case '-N':
      return takeSet(drafts, rest, column);
    case 'add':
    case '-A':
      return takeMember(drafts, rest, column);
  }
  return { column: blanks.length, message: `${shown(command)} is not a line of an ipset save`, hint: restore };
}

function takeSet(drafts: Map<string, Draft>, rest: string, column: number): LineProblem | undefined {
  const found = /^(.+?) +((?:bitmap|hash|list):[a-z,]+)(?: +|$)/.exec(rest);
  if (found === null) return { column, message: 'the name or the type of the set is missing', hint: 'write create NAME TYPE …' };
  const [all, rawName = '', type = ''] = found;
  const name = bare(rawName);
  if (drafts.has(name)) return { column, message: `the set ${shown(name)} is created twice`, hint: 'keep one of them' };
  const options = readOptions(setOptions, rest.slice(all.length));
  if ('unclosed' in options) {
    return { column: column + all.length + options.unclosed, message: 'a quote is not closed', hint: restore };
  }
  const given = options.values;
  const inet = given.get('family');
  const dimensions = type.slice(type.indexOf(':') + 1).split(',');
  const addressed = dimensions.some((dimension) => dimension === 'ip' || dimension === 'net');
  const family = !addressed ? null : inet === 'inet6' || inet === 'ipv6' || inet === '-6' ? 6 : 4;
  const mask = family === null ? null : maskOf(family, given);
  const markMask = given.has('markmask') ? parseNumber(given.get('markmask') ?? '') : 0xffffffff;
  drafts.set(name, {
    // Members without a MAC address take that of the first packet.
    set: { name, type, family, volatile: given.has('timeout') || type === 'bitmap:ip,mac' },
    shape: { dimensions, family, mask: mask ?? null, markMask: markMask ?? 0 },
    members: [],
    // Which dimensions a mask is for is known of these types only (net/netfilter/ipset/ip_set_hash_*.c).
    beyond:
      options.unknown ||
      mask === undefined ||
      markMask === undefined ||
      (mask !== null && !/^(?:(?:hash|bitmap):ip|hash:(?:ip,port|net,net))$/.test(type)),
  });
  return undefined;
}

/** `null`: no mask. `undefined`: one that cannot be read. */
function maskOf(family: 4 | 6, given: ReadonlyMap<string, string>): bigint | null | undefined {
  const bits = bitsOf(family);
  const netmask = given.get('netmask');
  if (netmask !== undefined) {
    const length = Number(netmask);
    if (!/^\d{1,3}$/.test(netmask) || length > bits) return undefined;
    return ((1n << BigInt(length)) - 1n) << BigInt(bits - length);
  }
  const bitmask = given.get('bitmask');
  if (bitmask === undefined) return null;
  const address = parseAddress(bitmask);
  return address?.family === family ? address.value : undefined;
}

function takeMember(drafts: Map<string, Draft>, rest: string, column: number): LineProblem | undefined {
  const draft = setNamed(drafts, rest);
  if (draft === undefined) {
    const name = /^\S*/.exec(rest)?.[0] ?? '';
    return { column, message: `the set ${shown(name)} was not created before`, hint: 'put its create line before its add lines' };
  }
  const [, element = ''] = /^ *(\S*)/.exec(rest.slice(draft.skip)) ?? [];
  const at = rest.indexOf(element, draft.skip);
  if (element === '') return { column: column + draft.skip, message: 'the member is missing', hint: 'write add NAME MEMBER' };
  const { set, shape, members } = draft.draft;
  const options = readOptions(memberOptions, rest.slice(at + element.length));
  if ('unclosed' in options) {
    return { column: column + at + element.length + options.unclosed, message: 'a quote is not closed', hint: restore };
  }
  if (options.unknown || options.values.has('wildcard')) draft.draft.beyond = true;
  const parts = parseMember(shape, element);
  if ('kind' in parts) {
    if (parts.kind === 'wrong')
      return { column: column + at, message: parts.message, hint: `write it as set type ${set.type} takes it` };
    draft.draft.beyond = true;
    return undefined;
  }
  members.push({ parts, nomatch: options.values.has('nomatch') });
  return undefined;
}

/** The set at the start of the text, and where its name ends. The longest name wins, since names may hold blanks. */
function setNamed(drafts: Map<string, Draft>, rest: string): { readonly draft: Draft; readonly skip: number } | undefined {
  const blank = rest.indexOf(' ');
  const word = blank < 0 ? rest : rest.slice(0, blank);
  const quoted = /^"[^"]*"(?= )/.exec(rest)?.[0];
  const plain = drafts.get(quoted === undefined ? word : bare(quoted));
  if (plain !== undefined && !hasBlankNames(drafts)) return { draft: plain, skip: quoted?.length ?? word.length };
  let best: { draft: Draft; skip: number } | undefined;
  for (const [name, draft] of drafts) {
    if (rest.startsWith(`${name} `) && (best === undefined || name.length > best.skip)) best = { draft, skip: name.length };
  }
  return best ?? (plain && { draft: plain, skip: quoted?.length ?? word.length });
}

const blankNames = new WeakMap<Map<string, Draft>, { readonly size: number; readonly some: boolean }>();

/** Rare, and asked once a line: so the answer is kept until another set is created. */
function hasBlankNames(drafts: Map<string, Draft>): boolean {
  const kept = blankNames.get(drafts);
  if (kept?.size === drafts.size) return kept.some;
  const some = [...drafts.keys()].some((name) => name.includes(' '));
  blankNames.set(drafts, { size: drafts.size, some });
  return some;
}

function readOptions(
  arities: Readonly<Record<string, number>>,
  text: string,
): { readonly values: ReadonlyMap<string, string>; readonly unknown: boolean } | { readonly unclosed: number } {
  const words = text.match(/"[^"]*"?|\S+/g) ?? [];
  const values = new Map<string, string>();
  let unknown = false;
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] as string;
    const arity = Object.hasOwn(arities, word) ? arities[word] : undefined;
    if (arity === undefined) unknown = true;
    const value = arity === 1 ? (words[index + 1] ?? '') : '';
    if (value.startsWith('"') && (value.length < 2 || !value.endsWith('"'))) return { unclosed: text.lastIndexOf('"') };
    values.set(word, bare(value));
    index += arity ?? 0;
  }
  return { values, unknown };
}

function bare(word: string): string {
  return word.length > 1 && word.startsWith('"') && word.endsWith('"') ? word.slice(1, -1) : word;
}

/** A piece of the text for a message: short and printable. */
function shown(piece: string): string {
  return piece.replace(/[^\x20-\x7e]/g, '?').slice(0, 40);
}
