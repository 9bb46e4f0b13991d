import type { Measure } from './mode.ts';

/**
 * The grammar of what a monitoring plugin prints. Everything in it may be others' words: names of sets, comments of rules, log prefixes. They
 * reach terminals, web pages, and shells in which a notification is made, so that nothing in them may mean anything there.
 */

/** Monitoring systems show the first line alone, and send it as a text message. */
const longestText = 160;
const longestLine = 300;
/** In bytes: Nagios reads 8,192 of what a plugin prints. */
const mostBytes = 8000;
/** Of the first line, performance data included. */
const longestFirst = 200;
const mostLines = 60;
const longestLabel = 64;

// C0, DEL, C1, the bidirectional controls, line separators, zero-width characters, tags that hide in plain sight, halves of surrogates.
const unseen =
  /[\p{Cc}\p{Cs}\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\u{fff9}-\u{fffb}\u{e0000}-\u{e007f}]/gu;
/** A bar begins performance data, a backslash what a passive result escapes; the others mean something to a shell within quotes, or to a page. */
const meaning: Readonly<Record<string, string>> = {
  '|': '¦',
  '\\': '/',
  '`': '’',
  "'": '’',
  '"': '’',
  $: '§',
  '<': '‹',
  '>': '›',
};

/** One line that means nothing but what it says, at most so many code points long. */
export function plainLine(text: string, longest = longestLine): string {
  const plain = text.replace(unseen, escaped).replace(/[|\\`'"$<>]/g, (character) => meaning[character] ?? '');
  const points = [...plain.trim()];
  return points.length <= longest ? points.join('') : `${points.slice(0, longest - 3).join('')}...`;
}

function escaped(character: string): string {
  return `[U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`;
}

/** A measure with the ranges that are held against it, as they were written. */
export interface Shown extends Measure {
  readonly warning?: string;
  readonly critical?: string;
}

/** Performance data, one text a measure whose value is known. Labels are cleaned; of two that are then equal the second gets a number. */
export function perfdata(measures: readonly Shown[]): readonly string[] {
  const taken = new Set<string>();
  return measures.flatMap((measure) => {
    const { value, unit, warning = '', critical = '' } = measure;
    if (value === null || !Number.isFinite(value)) return [];
    const label = freeLabel(cleanLabel(measure.label), taken);
    const ends = unit === '%' ? [] : [measure.least, measure.most].map((end) => (end === undefined ? '' : plainNumber(end)));
    const fields = [`${plainNumber(value)}${unit}`, warning, critical, ...ends].join(';').replace(/;+$/, '');
    return [`${label}=${fields}`];
  });
}

/**
 * Letters, digits and what names of sets and chains are made of. All else becomes `_`: `=`, `'`, bars and line ends, and spaces too, since not
 * everybody who reads figures knows of labels in quotes.
 */
function cleanLabel(label: string): string {
  const clean = [...label]
    .slice(0, longestLabel)
    .join('')
    .replace(/[^A-Za-z0-9_.:/@+-]/gu, '_')
    .trim();
  return clean === '' ? '_' : clean;
}

function freeLabel(label: string, taken: Set<string>): string {
  let free = label;
  for (let number = 2; taken.has(free); number += 1) free = `${label}-${number}`;
  taken.add(free);
  return free;
}

/** Never with an exponent, and with three decimals at most. */
export function plainNumber(value: number): string {
  if (Number.isInteger(value)) return Math.abs(value) < 1e21 ? String(value) : BigInt(value).toString();
  return value
    .toFixed(3)
    .replace(/\.?0+$/, '')
    .replace(/^-0$/, '0');
}

/** What is said of a check, in pieces, for those who put them together in their own way. */
export interface PluginText {
  /** `PALISADE CRITICAL - what is so`. */
  readonly first: string;
  readonly more: readonly string[];
  readonly perfdata: readonly string[];
}

export function pluginText(status: string, text: string, more: readonly string[], measures: readonly Shown[]): PluginText {
  const lines = more.slice(0, mostLines).map((line) => plainLine(line));
  if (more.length > mostLines) lines.push(`and ${more.length - mostLines} more`);
  return { first: plainLine(`PALISADE ${status} - ${text}`, longestText), more: lines, perfdata: perfdata(measures) };
}

/** How much may be printed, in bytes, and how a line ends. */
interface Room {
  readonly bytes: number;
  readonly lineEnd: string;
}

/**
 * All of it as a plugin prints it, with a line end. The first line takes as much performance data as leaves it short, and the rest stands on
 * one line behind the text, where both Nagios and Icinga find it. What is too long loses further lines from the end, and then figures.
 */
export function printed(text: PluginText, { bytes, lineEnd }: Room = { bytes: mostBytes, lineEnd: '\n' }): string {
  let { more, perfdata: figures } = text;
  for (;;) {
    const lines = linesOf({ ...text, more, perfdata: figures });
    const whole = `${lines.join(lineEnd)}\n`;
    if (Buffer.byteLength(whole) <= bytes || more.length + figures.length === 0) return whole;
    if (more.length > 0) more = more.slice(0, -1);
    else figures = figures.slice(0, -1);
  }
}

function linesOf({ first, more, perfdata: figures }: PluginText): readonly string[] {
  let line = first;
  let taken = 0;
  for (const one of figures) {
    const longer = `${line}${taken === 0 ? ' | ' : ' '}${one}`;
    if ([...longer].length > longestFirst) break;
    line = longer;
    taken += 1;
  }
  const rest = figures.slice(taken).join(' ');
  return rest === '' ? [line, ...more] : [line, ...more.slice(0, -1), `${more.at(-1) ?? 'Further figures'} | ${rest}`];
}
