import { z } from 'zod';
import { closest } from '../closest.ts';
import type { FlagMeta, Verb } from '../verbs/index.ts';

/** One input field of a verb as the command line, its help and its completion see it. */
export interface Flag extends FlagMeta {
  /** The field's name in the verb's input. */
  readonly field: string;
  /** Without the dashes, in kebab-case; `no-` goes before it when the field is on by default. */
  readonly name: string;
  readonly kind: 'switch' | 'text' | 'number' | 'integer';
  /** May be given several times. */
  readonly repeats: boolean;
  /** A switch that is on by default, so that the flag turns it off. */
  readonly negated: boolean;
  /** The only words that it takes; empty when it takes any. */
  readonly choices: readonly string[];
  readonly required: boolean;
  readonly default: unknown;
  readonly help: string;
  readonly least: number | undefined;
  readonly most: number | undefined;
}

/** The parts of a field's JSON Schema that matter here; `meta` of zod stands among them. */
interface FieldSchema extends FlagMeta {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly items?: FieldSchema;
  readonly default?: unknown;
  readonly description?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** A verb's flags, in the order in which its input names them. */
export function flagsOf(verb: Pick<Verb, 'input'>): readonly Flag[] {
  const schema = z.toJSONSchema(verb.input, { io: 'input', unrepresentable: 'any', reused: 'inline' });
  const required = new Set(schema.required);
  return Object.entries((schema.properties ?? {}) as Record<string, FieldSchema>).map(([field, said]) => {
    const repeats = said.type === 'array';
    const one = (repeats ? said.items : said) ?? said;
    const kind = one.type === 'boolean' ? 'switch' : one.type === 'number' || one.type === 'integer' ? one.type : 'text';
    const name = field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const choices = (one.enum ?? []).map(String);
    return {
      field,
      name,
      kind,
      repeats,
      negated: kind === 'switch' && said.default === true,
      choices,
      required: required.has(field),
      default: said.default,
      help: said.description ?? '',
      least: one.minimum,
      most: one.maximum,
      value:
        said.value ?? (choices.length > 0 ? name.toUpperCase() : kind === 'number' || kind === 'integer' ? 'NUMBER' : 'WORD'),
      path: said.path ?? false,
      ...(said.short !== undefined && { short: said.short }),
      hidden: said.hidden ?? false,
      positional: said.positional ?? false,
    };
  });
}

/** A flag as somebody types it: `--fail-on`, `--no-web`, or `FILE` for an argument without a flag. */
export function spelled(flag: Flag): string {
  return flag.positional ? (flag.value ?? flag.name) : `--${flag.negated ? 'no-' : ''}${flag.name}`;
}

/** Reads one word given for a flag: its value, or what to write instead. */
export function readFlag(
  flag: Flag,
  word: string,
): { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly hint: string } {
  if (flag.kind === 'number' || flag.kind === 'integer') {
    const value = /^(-?\d+(\.\d+)?|0x[0-9a-f]+)$/i.test(word) ? Number(word) : Number.NaN;
    const fits =
      (flag.kind === 'number' || Number.isSafeInteger(value)) &&
      value >= (flag.least ?? Number.NEGATIVE_INFINITY) &&
      value <= (flag.most ?? Number.POSITIVE_INFINITY);
    return fits ? { ok: true, value } : { ok: false, hint: `write ${numberWords(flag)}` };
  }
  if (flag.choices.length === 0 || flag.choices.includes(word)) return { ok: true, value: word };
  const near = closest(word, flag.choices);
  return { ok: false, hint: near === undefined ? `write ${anyOf(flag.choices)}` : `did you mean ${near}?` };
}

function numberWords({ kind, least, most }: Flag): string {
  const from = least !== undefined && least > Number.MIN_SAFE_INTEGER ? ` from ${least}` : '';
  const to =
    most !== undefined && most < Number.MAX_SAFE_INTEGER ? ` ${from === '' ? 'up ' : ''}to ${most}` : from === '' ? '' : ' up';
  return `a ${kind === 'integer' ? 'whole ' : ''}number${from}${to}`;
}

export function anyOf(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
