import type { Family } from '../net/index.ts';
import type { Words } from './lexer.ts';
import { isPlainValue, type ValueKind } from './plain-value.ts';
import type { RuleParts } from './rule.ts';
import { roles } from './ruleset.ts';

/**
 * What rules that were found good have in common. The rules of a large ruleset differ in addresses, interfaces, ports,
 * comments and chains only; one that says else the same words as an earlier one is good too, and need not be taken apart.
 *
 * A form is a tree of words: from each go those that earlier rules had next, or a value of a kind that is good or bad
 * by itself, whatever stands around it.
 */
export interface Form {
  readonly words: string[];
  /** Where each of `words` leads. */
  readonly next: Form[];
  /** A value that may stand here, and where it leads. */
  value: { readonly kind: ValueKind; readonly next: Form } | null;
  /** Of the rule that ends here: how each of its tokens prints. `null` when none does. */
  roles: Uint8Array | null;
}

/** The forms of a table's rules. */
export interface Forms {
  /** Those of the rules of each chain that has a name of its own here. */
  readonly roots: Map<string, Form>;
  /** Words and values remembered. */
  size: number;
}

/** Where a rule's words stand: they are the last of `words`, from `first` on. */
export interface FormedLine {
  readonly family: Family;
  readonly text: string;
  readonly words: Words;
  readonly first: number;
}

type Chains = ReadonlyMap<string, { readonly isJumpedTo: boolean }>;

/** The first two words are `-A` and the chain: a form begins behind them. */
const before = 2;
/** From one word go no more than this many others, so that looking stays quick; what comes later is taken apart each time. */
const mostWords = 16;
/** What is remembered in all; when it is full, it begins anew with what comes next. */
const mostRemembered = 10_000;

export function newForms(): Forms {
  return { roots: new Map(), size: 0 };
}

/** After this, earlier rules are no example for those that follow. */
export function forget(forms: Forms): void {
  forms.roots.clear();
  forms.size = 0;
}

function newForm(): Form {
  return { words: [], next: [], value: null, roles: null };
}

/** How the tokens of the rule print, if an earlier rule had its form; `null` says nothing of the rule. */
export function rolesByForm(forms: Forms, root: string, line: FormedLine, chains: Chains): Uint8Array | null {
  const end = line.words.used >> 1;
  let form = forms.roots.get(root) ?? null;
  for (let token = line.first + before; token < end && form !== null; token += 1) form = follow(form, line, token, chains);
  return form === null ? null : form.roles;
}

function follow(form: Form, { words, text, family }: FormedLine, token: number, chains: Chains): Form | null {
  const start = words.offsets[2 * token] as number;
  const end = words.offsets[2 * token + 1] as number;
  for (let index = 0; index < form.words.length; index += 1) {
    const word = form.words[index] as string;
    if (word.length === end - start && text.startsWith(word, start)) return form.next[index] as Form;
  }
  const { value } = form;
  return value !== null && isGood(value.kind, text, start, end, family, chains) ? value.next : null;
}

function isGood(kind: ValueKind, text: string, start: number, end: number, family: Family, chains: Chains): boolean {
  if (kind === 'chain') return chains.get(text.slice(start, end))?.isJumpedTo === true;
  return isPlainValue(kind, text, start, end, family);
}

/** Remembers the form of a rule that was taken apart and found good. */
export function learn(forms: Forms, root: string, line: FormedLine, parts: RuleParts, chains: Chains): void {
  const { words, text, family, first } = line;
  const printed = words.roles.slice(first, words.used >> 1);
  if (parts.counters !== null || printed.includes(roles.list)) return;
  if (forms.size > mostRemembered) forget(forms);
  const values = valuesOf(parts);
  let form = forms.roots.get(root) ?? newForm();
  forms.roots.set(root, form);
  for (let token = first + before; token < first + printed.length; token += 1) {
    let next = follow(form, line, token, chains);
    if (next === null) {
      const start = words.offsets[2 * token] as number;
      const end = words.offsets[2 * token + 1] as number;
      const kind = values.get(token);
      next = newForm();
      forms.size += 1;
      if (kind !== undefined && form.value === null && isGood(kind, text, start, end, family, chains))
        form.value = { kind, next };
      else if (form.words.length < mostWords) {
        form.words.push(text.slice(start, end));
        form.next.push(next);
      } else return;
    }
    form = next;
  }
  form.roles ??= printed;
}

/** The tokens whose values stand for themselves. */
function valuesOf(parts: RuleParts): ReadonlyMap<number, ValueKind> {
  const values = new Map<number, ValueKind>();
  for (const { kind, token } of parts.conditions) {
    if (kind === 'src' || kind === 'dst') values.set(token, 'address');
    if (kind === 'in' || kind === 'out') values.set(token, 'interface');
  }
  for (const { extension, given } of parts.matches) {
    for (const { name, token } of given) {
      if (extension?.name === 'comment' && name === '--comment') values.set(token + 1, 'comment');
      if ((extension?.name === 'tcp' || extension?.name === 'udp') && (name === '--sport' || name === '--dport'))
        values.set(token + 1, 'port');
    }
  }
  if (parts.target.kind === 'chain' && !parts.target.goto) values.set(parts.target.token, 'chain');
  return values;
}
