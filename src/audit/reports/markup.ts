import { visible, visibleLine } from './visible.ts';

/** A table whose cells are text. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map((row) => line(row.map(plain)))].join('\n');
}

/** Text in which nothing is markup: not Markdown's, not HTML's, not a link. It is one line. */
export function plain(text: string): string {
  return visibleLine(text)
    .replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`)
    .replace(/[\\`*_[\]|~#!]/g, '\\$&')
    .replace(/(https?|ftp|mailto):/gi, '$1&#58;')
    .replace(/www\./gi, 'www&#46;')
    .replace(/(\w)@(?=\w)/g, '$1&#64;');
}

/** Inline code: fenced with one backtick more than it holds in a row. */
export function code(text: string): string {
  const shown = visibleLine(text);
  const longest = Math.max(0, ...[...shown.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  const gap = shown.startsWith('`') || shown.endsWith('`') ? ' ' : '';
  return `${fence}${gap}${shown}${gap}${fence}`;
}

/** A block of a language: its fence is longer than any in it. */
export function fenced(language: string, text: string): string {
  const shown = visible(text);
  const longest = Math.max(2, ...[...shown.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${shown}\n${fence}`;
}
