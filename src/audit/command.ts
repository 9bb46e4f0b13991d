import type { Family } from '../model/net/index.ts';
import { shownText } from '../model/ruleset/index.ts';
import { lexLine, newWords, unquoted } from '../model/ruleset/lexer.ts';

/**
 * Command lines for people to paste. Names and comments in rules are whatever somebody wrote into them, perhaps so that
 * a shell runs it: each word that is put into a command goes through {@link shellWord}.
 */
type Put = string | number | readonly (string | number)[];

/** A word of a command line, in quotes where a shell would see more in it. */
export function shellWord(word: string): string {
  return word === '!' || /^[\w./:@%+,=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** What stands in the template is printed as it is, what is put in as one word, and a list as its words. */
export function command(written: TemplateStringsArray, ...put: readonly Put[]): string {
  return written.reduce((line, text, index) => {
    const words = [put[index - 1] ?? []].flat().map((word) => shellWord(String(word)));
    // Nothing but its blank was put in for an empty list.
    return words.length === 0 && /^( |$)/.test(text) ? line.trimEnd() + text : line + words.join(' ') + text;
  });
}

/** The tool, and the table unless it is the one that is meant anyway. */
export function toolIn({ family, table }: { readonly family: Family; readonly table: string }): readonly string[] {
  return [family === 4 ? 'iptables' : 'ip6tables', ...(table === 'filter' ? [] : ['-t', table])];
}

/** The words of a rule as `iptables-save` prints it for people, without quotes, and without `-A CHAIN` in front. */
export function ruleWords(text: string): readonly string[] {
  const bytes = Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('');
  const tokens = newWords(32);
  // What palisade printed itself reads again; if it ever does not, it is one word, and harmless.
  if (typeof lexLine(bytes, 0, tokens) !== 'number') return [text];
  const words = Array.from({ length: tokens.used / 2 }, (_, index) =>
    shownText(unquoted(bytes, tokens.offsets[2 * index] ?? 0, tokens.offsets[2 * index + 1] ?? 0)),
  );
  return words[0] === '-A' ? words.slice(2) : words;
}

/** The words before a match and behind it, and what its options say. */
export function withoutMatch(
  words: readonly string[],
  name: string,
  options: readonly string[],
): {
  readonly before: readonly string[];
  readonly values: ReadonlyMap<string, string>;
  readonly after: readonly string[];
} | null {
  const start = words.findIndex((word, index) => word === '-m' && words[index + 1] === name);
  if (start < 0) return null;
  const values = new Map<string, string>();
  let at = start + 2;
  for (; options.includes(words[at] ?? ''); at += 2) values.set(words[at] ?? '', words[at + 1] ?? '');
  return { before: words.slice(0, start), values, after: words.slice(at) };
}

/** The rule's words before and from its target on. */
export function atTarget(words: readonly string[]): readonly [readonly string[], readonly string[]] {
  const at = words.findIndex((word, index) => (word === '-j' || word === '-g') && words[index - 1] !== '--comment');
  return at < 0 ? [words, []] : [words.slice(0, at), words.slice(at)];
}

/** Text for a tool to read, ended by a word that is no line of it: comments in rules may hold ends of lines. */
export function hereDocument(tool: string, text: string, word = 'EOF'): string {
  const lines = new Set(text.split('\n'));
  let end = word;
  for (let count = 2; lines.has(end); count += 1) end = `${word}${count}`;
  return `${tool} <<'${end}'\n${text}${end}\n`;
}

/** What a fix says to iptables: its lines that begin so, each with those that its quotes reach to. */
export function rulesCommands(fix: string): readonly string[] {
  const commands: string[] = [];
  let open = false;
  for (const line of fix.split('\n').slice(1)) {
    if (open) commands.push(`${commands.pop()}\n${line}`);
    else if (/^ip6?tables /.test(line)) commands.push(line);
    else continue;
    open = /['"]/.test((commands.at(-1) ?? '').replace(/\\[\s\S]|'[^']*'|"(?:[^"\\]|\\[\s\S])*"/g, ''));
  }
  return commands;
}
