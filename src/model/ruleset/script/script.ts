import { failed, ok, type Problem, type Result } from '../../../result.ts';
import type { Family } from '../../net/index.ts';
import { shownText } from '../ruleset.ts';
import { type IptablesCommand, type Refusal, readCommand } from './command.ts';
import { type Expanded, expandDocument, expandText, expandWords, type Variables } from './expansion.ts';
import { otherCommand } from './other-commands.ts';
import { type RestoreCommand, readRestore } from './restore.ts';
import { type ShellCommand, shellCommands } from './shell.ts';
import { lexShell, type Piece, type WordToken } from './words.ts';

/** A shell script or a pasted guide, as far as it is about iptables. Nothing of it was run. */
export interface Script {
  readonly file: string;
  /** One a simple command, in the order of the text. */
  readonly statements: readonly Statement[];
}

export type Statement = Common &
  (
    | {
        readonly kind: 'iptables';
        readonly family: Family;
        /** As the program's name says; `null` when it says nothing. */
        readonly backend: 'nft' | 'legacy' | null;
        readonly command: IptablesCommand | Refusal;
      }
    | {
        readonly kind: 'restore';
        readonly family: Family;
        readonly backend: 'nft' | 'legacy' | null;
        readonly restore: RestoreCommand;
      }
    /** A command of ipset: recognised, and none of a ruleset's business. */
    | { readonly kind: 'sets' }
    /** It leaves rules alone. `succeeds` null: that hangs on the machine. */
    | { readonly kind: 'passed-over'; readonly succeeds: boolean | null }
    /** `set -e` and `set +e`: whether the shell ends at the first command that fails. */
    | { readonly kind: 'stops'; readonly on: boolean }
    /** `exit`: nothing behind it runs. */
    | { readonly kind: 'end' }
    /** It may change rules, but what it does only a running shell can tell. */
    | { readonly kind: 'not-understood'; readonly why: string; readonly hint: string }
  );

interface Common {
  readonly line: number;
  /** As written, for people; continuation lines joined. */
  readonly text: string;
  /** It runs only if the one before it ended well, or badly. */
  readonly after: '&&' | '||' | null;
  /** Something asks how it ended, so a failure is expected and does not end the script. */
  readonly asked: boolean;
  readonly negated: boolean;
}

/**
 * Reads a script, latin1, as a POSIX shell would cut it. Only quotes that never close, line ends of Windows and binary
 * files are problems; all else that is not understood is said so, statement by statement.
 */
export function parseScript(text: string, source: { readonly file: string }): Result<Script> {
  const { file } = source;
  const wrong = binaryOrWindows(text, file);
  if (wrong !== null) return failed(wrong);
  const tokens = lexShell(text);
  if ('kind' in tokens) {
    const before = text.slice(0, tokens.at);
    const line = before.split('\n').length;
    const column = tokens.at - before.lastIndexOf('\n');
    return failed({ code: 'script-syntax', at: { file, line, column }, message: tokens.message, hint: tokens.hint });
  }
  const reader: Reader = { text, variables: { values: new Map() }, functions: new Map(), statements: [] };
  if (/^#![^\n]*\s-\w*e/.test(text)) {
    const first = { line: 1, text: text.slice(0, text.indexOf('\n')), after: null, asked: false, negated: false };
    reader.statements.push({ ...first, kind: 'stops', on: true });
  }
  for (const command of shellCommands(tokens)) readStatement(reader, command);
  return ok({ file, statements: reader.statements });
}

interface Reader {
  readonly text: string;
  readonly variables: Variables;
  /** Shell functions by name, and whether iptables stands in them. */
  readonly functions: Map<string, boolean>;
  readonly statements: Statement[];
}

function binaryOrWindows(text: string, file: string): Problem | null {
  const nul = text.indexOf('\0');
  const line = (at: number): number => text.slice(0, at).split('\n').length;
  if (nul >= 0) {
    return { code: 'script-syntax', at: { file, line: line(nul) }, message: 'this is no text', hint: 'name a shell script' };
  }
  const windows = text.indexOf('\r\n');
  if (windows < 0) return null;
  const hint = 'convert the file with: sed -i "s/\\r$//" FILE';
  return { code: 'script-syntax', at: { file, line: line(windows) }, message: 'the lines end as on Windows (CR LF)', hint };
}

const hints = {
  value: 'put its value there and read the script again',
  run: 'run the script in a network namespace and read what iptables-save prints there',
};

function readStatement(reader: Reader, command: ShellCommand): void {
  const common: Common = {
    line: command.line,
    text: shownText(reader.text.slice(command.start, command.end).replace(/\\\n\s*/g, '')),
    after: command.after,
    asked: command.asked,
    negated: command.negated,
  };
  const push = (statement: Statement): void => {
    reader.statements.push(statement);
  };
  const words = withoutPrompt(command.words);
  const first = words.findIndex((word) => assignment(word) === null);
  const assigned = first < 0 ? words : words.slice(0, first);
  const rest = first < 0 ? [] : words.slice(first);
  if (rest.length === 0) {
    for (const word of assigned) assign(reader, word, command);
    const isSure = assigned.length > 0 && command.inside === null && !assigned.some((word) => word.pieces.some(isUnknown));
    push({ ...common, kind: 'passed-over', succeeds: isSure ? true : null });
    return;
  }
  const expanded = expandWords(rest, reader.variables);
  const judged = judge(reader, command, rest, expanded);
  if (command.body !== null) {
    reader.functions.set(command.body, (reader.functions.get(command.body) ?? false) || mayChange(judged));
    push({ ...common, kind: 'passed-over', succeeds: null });
    return;
  }
  if (!mayChange(judged)) {
    push({ ...common, ...(command.inside === null ? judged : { kind: 'passed-over', succeeds: null }) });
    return;
  }
  if (command.inside !== null && judged.kind !== 'not-understood') {
    const why = `it stands in ${command.inside}, and whether and how often it runs is not known`;
    push({ ...common, kind: 'not-understood', why, hint: hints.run });
    return;
  }
  push({ ...common, ...judged });
}

/** A statement without what all of them have. */
type Judged = Statement extends infer S ? (S extends Common ? Omit<S, keyof Common> : never) : never;

function mayChange(judged: Judged): boolean {
  if (judged.kind === 'iptables') return judged.command.kind === 'refused' || judged.command.action.kind !== 'look';
  return judged.kind === 'restore' || judged.kind === 'not-understood';
}

function judge(reader: Reader, command: ShellCommand, words: readonly WordToken[], expanded: Expanded): Judged {
  const unclear = (why: string, hint = hints.run): Judged => ({ kind: 'not-understood', why, hint });
  const [nameField] = expandWords(words.slice(0, 1), reader.variables).words;
  const nameUnknown = expandWords(words.slice(0, 1), reader.variables).unknown;
  if (nameUnknown !== null) return unclear(`which command ${nameUnknown} stands for is not known`, hints.value);
  const called = reader.functions.get(nameField ?? '');
  if (called !== undefined) {
    return called
      ? unclear(`it calls the shell function ${nameField}, in which iptables stands`)
      : { kind: 'passed-over', succeeds: null };
  }
  const own = builtin(reader, command, expanded);
  if (own !== null) return own;
  const bare = withoutSudo(expanded.words);
  if (typeof bare === 'string') {
    const other = otherCommand(expanded.words, expanded.unknown !== null);
    return other.kind === 'may-change'
      ? unclear(`what ${bare} changes for it is not known`)
      : { kind: 'passed-over', succeeds: null };
  }
  const program = programOf(bare[0] ?? '');
  if (program === null) {
    if (expanded.unknown === null && /^(?:.*\/)?ipset$/.test(bare[0] ?? '')) return { kind: 'sets' };
    const other = otherCommand(bare, expanded.unknown !== null);
    return other.kind === 'harmless' ? { kind: 'passed-over', succeeds: other.succeeds } : unclear(other.why);
  }
  if (program.tool === 'save') return { kind: 'passed-over', succeeds: null };
  if (expanded.unknown !== null) return unclear(`what ${shownText(expanded.unknown)} stands for is not known`, hints.value);
  const { family, backend } = program;
  if (program.tool === 'iptables') return { kind: 'iptables', family, backend, command: readCommand(bare.slice(1), family) };
  const input = restoreInput(reader, command);
  if ('why' in input) return unclear(input.why, input.hint);
  const restore = readRestore(bare.slice(1), input.text, input.line);
  return restore.kind === 'unclear' ? unclear(restore.why) : { kind: 'restore', family, backend, restore };
}

/** What the shell itself does. */
function builtin(reader: Reader, command: ShellCommand, expanded: Expanded): Judged | null {
  const [name, ...args] = expanded.words;
  switch (name) {
    case 'set': {
      const on = args.some((arg, index) => /^-[a-z]*e/.test(arg) || (arg === 'errexit' && args[index - 1] === '-o'));
      const off = args.some((arg, index) => /^\+[a-z]*e/.test(arg) || (arg === 'errexit' && args[index - 1] === '+o'));
      return on || off ? { kind: 'stops', on } : { kind: 'passed-over', succeeds: true };
    }
    case 'exit':
    case 'return':
      return { kind: 'end' };
    case 'export':
    case 'readonly':
    case 'declare':
    case 'typeset':
    case 'local':
      for (const word of command.words.slice(1)) if (assignment(word) !== null) assign(reader, word, command);
      return { kind: 'passed-over', succeeds: true };
    case 'unset':
    case 'read':
      for (const arg of args) reader.variables.values.set(arg, null);
      return { kind: 'passed-over', succeeds: null };
    case 'alias':
      for (const arg of args) {
        const [, alias, value = ''] = /^([^=]+)=(.*)$/s.exec(arg) ?? [];
        if (alias !== undefined) reader.functions.set(alias, /ip6?tables/.test(value));
      }
      return { kind: 'passed-over', succeeds: true };
  }
  return null;
}

interface Program {
  readonly tool: 'iptables' | 'restore' | 'save';
  readonly family: Family;
  readonly backend: 'nft' | 'legacy' | null;
}

function programOf(word: string): Program | null {
  const found = /^(?:.*\/)?ip(6?)tables(?:-(nft|legacy))?(?:-(restore|save))?$/.exec(word);
  if (found === null) return null;
  const backend = found[2] === undefined ? null : (found[2] as 'nft' | 'legacy');
  return { tool: (found[3] as 'restore' | 'save' | undefined) ?? 'iptables', family: found[1] === '6' ? 6 : 4, backend };
}

/** The command behind sudo and what only says how to run it; a text names what palisade does not see through. */
function withoutSudo(words: readonly string[]): readonly string[] | string {
  let at = 0;
  for (;;) {
    const word = words[at];
    if (word === 'sudo' || word === 'doas') {
      at += 1;
      while (/^-[nEHSkb]+$|^--(?:non-interactive|preserve-env)$/.test(words[at] ?? '')) at += 1;
      if (words[at] === '--') at += 1;
      if (/^-|=/.test(words[at] ?? '')) return word;
    } else if (word === 'command' || word === 'exec' || word === 'nohup') {
      if (/^-/.test(words[at + 1] ?? '')) return word;
      at += 1;
    } else return words.slice(at);
  }
}

/** Guides show a prompt in front of what is to be typed. */
function withoutPrompt(words: readonly WordToken[]): readonly WordToken[] {
  const [first] = words;
  const text = first?.pieces.map((piece) => (piece.kind === 'literal' ? piece.text : '?')).join('') ?? '';
  return words.length > 1 && /^(?:\S+@\S+)?\$$/.test(text) ? words.slice(1) : words;
}

/** `NAME=` at the start of the word, outside of quotes. */
function assignment(word: WordToken): { readonly name: string; readonly value: readonly Piece[] } | null {
  const [first, ...rest] = word.pieces;
  const found = first?.kind === 'literal' && !first.quoted ? /^([A-Za-z_]\w*)=/.exec(first.text) : null;
  if (found === null || first?.kind !== 'literal') return null;
  const value = first.text.slice(found[0].length);
  return { name: found[1] ?? '', value: value === '' ? rest : [{ ...first, text: value }, ...rest] };
}

/** Only what is said at the top of the script, in so many characters, is known to hold. */
function assign(reader: Reader, word: WordToken, command: ShellCommand): void {
  const found = assignment(word);
  if (found === null) return;
  const { text, unknown } = expandText(found.value, reader.variables);
  const sure = unknown === null && command.inside === null && command.after === null && !command.piped;
  reader.variables.values.set(found.name, sure ? text : null);
}

function isUnknown(piece: Piece): boolean {
  return piece.kind === 'unknown';
}

/** What iptables-restore reads: only a here-document stands in the script itself. */
function restoreInput(
  reader: Reader,
  command: ShellCommand,
): { readonly text: string; readonly line: number } | { readonly why: string; readonly hint: string } {
  const redirection = command.redirections.findLast(({ operator }) => operator.startsWith('<'));
  const hint = 'read that text by itself, with --ruleset';
  if (redirection === undefined || command.piped) return { why: 'the rules that it restores come from elsewhere', hint };
  if (redirection.document === null) return { why: 'the file that it restores was not read', hint };
  const { text, unknown } = expandDocument(redirection.document, reader.variables);
  if (unknown !== null) return { why: `what ${shownText(unknown)} stands for is not known`, hint: hints.value };
  return { text, line: redirection.document.line };
}
