import type { Family } from '../net/index.ts';
import { allOf, type Constraint, type Effect } from '../packet/index.ts';

/**
 * A match or target of iptables as one plain object: its options with their arity, and its meaning as data.
 * A new extension is one file under `extensions/` that exports one of these and is named in its index.
 */
export interface Extension {
  readonly kind: 'match' | 'target';
  /** As behind `-m` or `-j`. */
  readonly name: string;
  readonly families: readonly Family[];
  readonly options: readonly Option[];
  /** Protocols for which `-p NAME` alone makes the options usable, as iptables loads the match by itself. */
  readonly impliedBy?: readonly string[];
  readonly limits?: readonly Limit[];
  /**
   * What `iptables-save` prints behind the name, where that is more than each option given, in the order declared, with its
   * value as its type prints it. `spelled` holds just that; options that go by other names, defaults and joint ones differ.
   * `null`: not even the name.
   */
  saved?(use: Use, backend: Backend, spelled: readonly Given[]): readonly Given[] | null;
}

/** Which options go together; iptables refuses the rest. */
export type Limit =
  | { readonly kind: 'one' | 'some' | 'at-most-one'; readonly of: readonly string[] }
  /** The option stands only beside one of the others. */
  | { readonly kind: 'needs'; readonly option: string; readonly of: readonly string[] };

/** The two variants of iptables; they print some rules differently. */
export type Backend = 'nft' | 'legacy';

export interface Match extends Extension {
  readonly kind: 'match';
  /** What the match says of a packet, given its options; or the problem with them. */
  meaning(use: Use): Constraint | Bad;
}

export interface Target extends Extension {
  readonly kind: 'target';
  meaning(use: Use): Effect | Bad;
}

/** How an option's value prints: see `roles` in ruleset.ts. */
export type ValueStyle = 'word' | 'string' | 'quoted';

export interface Option {
  /** The spelling that `iptables-save` prints. */
  readonly name: string;
  /** Other spellings that restore accepts. */
  readonly aliases?: readonly string[];
  /** How many tokens follow. */
  readonly arity: 0 | 1 | 2;
  /** Its value may be missing: the next token is one unless it begins with `-` or `!`. */
  readonly optional?: boolean;
  /** `!` may stand before it. */
  readonly invertible?: boolean;
  /** iptables refuses the extension without it. */
  readonly required?: boolean;
  /** It may stand more than once. */
  readonly repeatable?: boolean;
  /** How its first value prints; a word when left out. */
  readonly prints?: ValueStyle;
  /** What each value may be. */
  readonly types: readonly ValueType[];
}

/** What iptables takes as an option's value, and how it prints it back. */
export interface ValueType {
  /** What to write instead, for a complaint. */
  readonly hint: string;
  /** The value as `iptables-save` prints it, quotes aside; `undefined` when iptables refuses it. */
  saved(text: string, family: Family): string | undefined;
  /** Values of every spelling and both ends of every range. */
  examples(family: Family): readonly string[];
  /** It is a name in which iptables takes blanks, and which it saves without quotes all the same. */
  readonly bare?: true;
  /** Values just outside, which iptables refuses. */
  refused(family: Family): readonly string[];
}

/** One use of an extension in a rule: its options in the order written. */
export interface Use {
  readonly family: Family;
  /** Protocol of the rule's own `-p`, unless inverted or absent. */
  readonly proto: number | null;
  /** Protocol of an inverted `-p`. */
  readonly notProto: number | null;
  /** The use as it stands in the rule, for opaque meanings. */
  readonly text: string;
  readonly given: readonly Given[];
}

export interface Given {
  /** The option's canonical name. */
  readonly name: string;
  readonly inverted: boolean;
  readonly values: readonly string[];
}

/** An option's value that cannot be what iptables takes. */
export interface Bad {
  readonly kind: 'bad';
  readonly message: string;
  readonly hint: string;
  /** The option at fault, to point at its value. */
  readonly option: string | null;
}

export function bad(message: string, hint: string, option: string | null = null): Bad {
  return { kind: 'bad', message, hint, option };
}

/** The usual complaint about an option's value. */
export function badValue(one: Given, hint: string): Bad {
  return bad(`${one.name} cannot take "${one.values.join(' ')}"`, hint, one.name);
}

/** What iptables refuses in a use whatever it means: a value outside its type, or options that do not go together. */
export function badUse(extension: Extension, use: Use): Bad | undefined {
  for (const one of use.given) {
    const types = extension.options.find((option) => option.name === one.name)?.types ?? [];
    for (let index = 0; index < one.values.length; index += 1) {
      const type = types[index];
      if (type !== undefined && type.saved(one.values[index] as string, use.family) === undefined)
        return badValue(one, type.hint);
    }
  }
  for (const limit of extension.limits ?? []) {
    const found = badLimit(limit, extension, use);
    if (found !== undefined) return found;
  }
  return undefined;
}

function badLimit(limit: Limit, extension: Extension, use: Use): Bad | undefined {
  const there = limit.of.filter((name) => given(use, name) !== undefined);
  const title = `${extension.kind === 'match' ? '-m' : '-j'} ${extension.name}`;
  if (limit.kind === 'needs') {
    if (there.length > 0 || given(use, limit.option) === undefined) return undefined;
    return bad(`${limit.option} stands without ${limit.of.join(' or ')}`, 'write it too, or leave this out', limit.option);
  }
  if (there.length > 1 && limit.kind !== 'some')
    return bad(`${title} takes only one of ${there.join(' and ')}`, 'leave the others out', there[1]);
  if (there.length === 0 && limit.kind !== 'at-most-one')
    return bad(`${title} says too little`, `write ${limit.kind === 'one' ? 'one' : 'some'} of ${limit.of.join(', ')}`);
  return undefined;
}

/** The option as given; `name` is its canonical spelling. */
export function given(use: Use, name: string): Given | undefined {
  return use.given.find((one) => one.name === name);
}

/** First value of an option, or `undefined` when it was not given. */
export function givenValue(use: Use, name: string): string | undefined {
  return given(use, name)?.values[0];
}

/** Conjunction of meanings; the first bad one wins. */
export function allMeanings(...parts: readonly (Constraint | Bad)[]): Constraint | Bad {
  const good: Constraint[] = [];
  for (const part of parts) {
    if (part.kind === 'bad') return part;
    good.push(part);
  }
  return allOf(...good);
}

/** What cannot be said as a constraint over fields: the use's own text stands for it. */
export function opaque(use: Use, nature: 'pure' | 'stateful', hotdrop = false): Constraint {
  return { kind: 'opaque', text: use.text, nature, hotdrop, unknown: false };
}
