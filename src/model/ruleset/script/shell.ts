import type { HereDocument, Token, WordToken } from './words.ts';

/** One simple command of a script, where it stands and on what it hangs. */
export interface ShellCommand {
  /** None: the end of a construct, if something hangs on it. */
  readonly words: readonly WordToken[];
  readonly redirections: readonly Redirection[];
  readonly line: number;
  /** Offsets in the text. */
  readonly start: number;
  readonly end: number;
  /** The operator in front that asks how the command before it ended. */
  readonly after: '&&' | '||' | null;
  /** Another one asks how this one ended: a shell with `set -e` goes on when it fails. */
  readonly asked: boolean;
  readonly negated: boolean;
  /** It stands in a pipeline of several commands, or behind it is `&`. */
  readonly piped: boolean;
  /** The innermost construct around it, as people call it: whether and how often it runs is not known. */
  readonly inside: string | null;
  /** The function whose body it stands in. */
  readonly body: string | null;
}

export interface Redirection {
  readonly operator: string;
  readonly document: HereDocument | null;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Words that open a construct, and what closes it. */
const openers: Readonly<Record<string, string>> = {
  if: 'fi',
  for: 'done',
  select: 'done',
  while: 'done',
  until: 'done',
  case: 'esac',
  '{': '}',
  '(': ')',
};
/** Words behind which a command may follow at once. */
const leading: ReadonlySet<string> = new Set(['then', 'else', 'elif', 'do', 'time']);
const closers: ReadonlySet<string> = new Set(['fi', 'done', 'esac', '}']);

interface Open {
  readonly by: string;
  /** Name of the function of which it is the body. */
  readonly body: string | null;
  /** Name of the innermost function that it stands in or is the body of. */
  readonly within: string | null;
}

/** Groups tokens into simple commands (POSIX, XCU 2.9). It never fails: what is no shell grammar stays a command. */
export function shellCommands(tokens: readonly Token[]): readonly ShellCommand[] {
  const found: Mutable<ShellCommand>[] = [];
  const open: Open[] = [];
  let after: '&&' | '||' | null = null;
  let negated = false;
  let piped = false;
  /** A function's name was read: what opens next is its body. */
  let naming: string | null = null;
  let words: WordToken[] = [];
  let redirections: Redirection[] = [];
  let end = 0;

  const finish = (operator: string): void => {
    const first = words[0];
    const asked = operator === '&&' || operator === '||';
    // Without words, a construct ended here, and the next command hangs on how.
    if (first !== undefined || asked) {
      found.push({
        words,
        redirections,
        line: first?.line ?? 0,
        start: first?.start ?? end,
        end,
        after,
        asked,
        negated,
        piped: piped || operator === '|' || operator === '&',
        inside: insideOf(open),
        body: open.at(-1)?.within ?? null,
      });
    }
    const isEmpty = first === undefined;
    words = [];
    redirections = [];
    // A line may end behind an operator and go on in the next one.
    if (isEmpty && operator === '\n' && (after !== null || piped)) return;
    after = operator === '&&' || operator === '||' ? operator : operator === '|' ? after : null;
    piped = operator === '|';
    if (operator !== '|') negated = false;
  };

  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index] as Token;
    if (token.kind === 'operator') {
      if (token.text === '(') {
        const name = words.length === 1 ? plainWord(words[0] as WordToken) : null;
        const next = tokens[index + 1];
        if (name !== null && next?.kind === 'operator' && next.text === ')') {
          naming = name;
          words = [];
          index += 1;
        } else {
          finish(';');
          open.push({ by: '(', body: naming, within: naming ?? open.at(-1)?.within ?? null });
          naming = null;
        }
      } else if (token.text === ')') {
        if (open.at(-1)?.by === 'case') words = [];
        else {
          finish(';');
          if (open.at(-1)?.by === '(') open.pop();
        }
      } else if (/[<>]/.test(token.text)) {
        const last = words.at(-1);
        // In `2>&1` the number belongs to the operator.
        if (last !== undefined && last.end === token.start && /^\d$/.test(plainWord(last) ?? '')) words.pop();
        redirections.push({ operator: token.text, document: token.document ?? null });
        const target = tokens[index + 1];
        end = token.end;
        if (target?.kind === 'word') {
          end = target.end;
          index += 1;
        }
      } else finish(token.text === ';;' ? ';' : token.text);
      continue;
    }
    end = token.end;
    const word = words.length === 0 ? plainWord(token) : null;
    if (word === null || word === '') {
      words.push(token);
      continue;
    }
    if (word === 'function') {
      const next = tokens[index + 1];
      naming = next?.kind === 'word' ? plainWord(next) : null;
      index += 1;
    } else if (word === '!') negated = !negated;
    else if (word === '[[') {
      // A command of its own grammar, in which && and < are no operators.
      words.push(token);
      while (index + 1 < tokens.length) {
        index += 1;
        const next = tokens[index] as Token;
        if (next.kind !== 'word') continue;
        words.push(next);
        end = next.end;
        if (plainWord(next) === ']]') break;
      }
    } else if (Object.hasOwn(openers, word)) {
      open.push({ by: word, body: naming, within: naming ?? open.at(-1)?.within ?? null });
      naming = null;
      // Their own words up to the end of the line or `in` are no command.
      if (word === 'for' || word === 'select' || word === 'case') index = headEnd(tokens, index, word);
    } else if (closers.has(word)) {
      if (openers[open.at(-1)?.by ?? ''] === word) open.pop();
    } else if (!leading.has(word)) words.push(token);
  }
  finish('\n');
  return found;
}

/** Index of the last token of a construct's head. */
function headEnd(tokens: readonly Token[], from: number, opener: string): number {
  for (let index = from + 1; index < tokens.length; index += 1) {
    const token = tokens[index] as Token;
    const word = token.kind === 'word' ? plainWord(token) : null;
    if (opener === 'case' ? word === 'in' : token.kind === 'operator' && /[;\n]/.test(token.text)) return index;
  }
  return tokens.length;
}

/** Named as people do: `if`, a loop, a function. */
function insideOf(open: readonly Open[]): string | null {
  const innermost = open.at(-1);
  if (innermost === undefined) return null;
  const { by } = innermost;
  if (by === '{' || by === '(') return innermost.body === null ? 'a group' : 'a function';
  return by === 'if' || by === 'case' ? `"${by}"` : 'a loop';
}

/** The word if it stands there bare, as reserved words must. */
export function plainWord(token: WordToken): string | null {
  const [only, ...rest] = token.pieces;
  return only?.kind === 'literal' && !only.quoted && rest.length === 0 ? only.text : null;
}
