import { CommanderError } from 'commander';
import { closest } from '../closest.ts';
import type { Problem } from '../result.ts';
import type { Verb } from '../verbs/index.ts';
import { everywhere } from './everywhere.ts';
import { anyOf, flagsOf, readFlag, spelled } from './flag.ts';
import { type Found, programOf } from './program.ts';

/** What a command line asks for. */
export type Asked =
  /** Help or version: print and end well. */
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'problem'; readonly problem: Problem }
  | {
      readonly kind: 'verb';
      readonly verb: Verb;
      /** The fields of the verb's input that were given, not yet checked against its schema as a whole. */
      readonly given: Readonly<Record<string, unknown>>;
      /** The flags of {@link everywhere} that were given, by name; `no-color` as `color: false`. */
      readonly globals: Readonly<Record<string, unknown>>;
    };

/** Understands a command line, without the program's own name. `columns` is the width that help is wrapped to. */
export function understand(argv: readonly string[], verbs: readonly Verb[], columns: number): Asked {
  const at = verbAt(argv);
  const [word, next] = [argv[at], argv[at + 1]];
  if (word === 'help' && next !== undefined && !next.startsWith('-') && !verbs.some(({ name }) => name === next)) {
    return { kind: 'problem', problem: noSuchVerb(next, verbs) };
  }
  const bare = word === undefined || (word.startsWith('-') && !['-h', '--help', '--version'].includes(word));
  // Bare flags are those of status.
  const whole = bare ? argv.toSpliced(at, 0, 'status') : argv;
  const program = programOf(verbs, columns, whole);
  try {
    const found = program.parse();
    return found === null ? { kind: 'text', text: program.text() } : askedOf(found);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0 || error.code === 'commander.help') return { kind: 'text', text: program.text() };
    const verb = verbs.find(({ name }) => name === whole[at]);
    return { kind: 'problem', problem: usageProblem(error, verb, verbs) };
  }
}

/** The verb that a command line names, whatever else is wrong with it. */
export function verbNamed(argv: readonly string[], verbs: readonly Verb[]): Verb | undefined {
  const at = verbAt(argv);
  return verbs.find(({ name }) => name === argv[at]);
}

/** Where the verb stands or should stand: after the flags that everybody has. */
function verbAt(argv: readonly string[]): number {
  for (let index = 0; index < argv.length; index += 1) {
    const [name, value] = (argv[index] ?? '').replace(/^--/, '').split('=', 2);
    const flag = argv[index]?.startsWith('--') ? everywhere.find((candidate) => candidate.name === name) : undefined;
    if (flag === undefined) return index;
    if (flag.value !== undefined && value === undefined) index += 1;
  }
  return argv.length;
}

function askedOf({ verb, flags, after, before, words }: Found): Asked {
  const given: Record<string, unknown> = {};
  let position = 0;
  for (const flag of flags) {
    const said = flag.positional ? words[position++] : after[flag.field];
    if (said === undefined || (Array.isArray(said) && said.length === 0)) continue;
    if (flag.kind === 'switch') {
      given[flag.field] = !flag.negated;
      continue;
    }
    const values: unknown[] = [];
    for (const word of [said].flat()) {
      const read = readFlag(flag, String(word));
      if (!read.ok) return { kind: 'problem', problem: usage(`${spelled(flag)} cannot be "${String(word)}"`, read.hint) };
      values.push(read.value);
    }
    given[flag.field] = flag.repeats ? values : values[0];
  }
  // A verb's own flag hides the one of the same name that everybody has: `--state DIR` goes before `trace --state NEW`.
  const own = new Set(flags.map((flag) => flag.field));
  const globals: Record<string, unknown> = {
    ...before,
    ...Object.fromEntries(Object.entries(after).filter(([key]) => !own.has(key))),
  };
  for (const { name, choices } of everywhere) {
    const value = globals[name];
    if (choices !== undefined && typeof value === 'string' && !choices.includes(value)) {
      return { kind: 'problem', problem: usage(`--${name} cannot be "${value}"`, `write ${anyOf(choices)}`) };
    }
  }
  // Where a verb can write JSON among other formats, `--json` is a short word for it.
  if (flags.some(({ field, choices }) => field === 'format' && choices.includes('json'))) {
    if (globals['json'] === true && given['format'] !== undefined && given['format'] !== 'json') {
      return { kind: 'problem', problem: usage(`--json is --format json, and not ${given['format']}`, 'leave one of them out') };
    }
    if (globals['json'] === true) given['format'] = 'json';
    else if (given['format'] === 'json') globals['json'] = true;
  }
  return { kind: 'verb', verb, given, globals };
}

function usage(message: string, hint: string): Problem {
  return { code: 'usage', message, hint };
}

function noSuchVerb(named: string, verbs: readonly Verb[]): Problem {
  const names = verbs.map(({ name }) => name);
  const near = closest(named, names);
  return usage(`there is no verb "${named}"`, near === undefined ? `the verbs are ${names.join(', ')}` : `did you mean ${near}?`);
}

/** What commander found wrong, in one line of ours. */
function usageProblem(error: CommanderError, verb: Verb | undefined, verbs: readonly Verb[]): Problem {
  const named = /'([^']*)'/.exec(error.message)?.[1] ?? '';
  const name = verb?.name ?? 'palisade';
  const help = `palisade help${verb === undefined ? '' : ` ${verb.name}`} lists what there is`;
  switch (error.code) {
    case 'commander.unknownOption': {
      const known = [...everywhere.map((flag) => `--${flag.name}`), ...(verb === undefined ? [] : flagsOf(verb).map(spelled))];
      const near = closest(named, known);
      return usage(`${name} has no flag ${named}`, near === undefined ? help : `did you mean ${near}?`);
    }
    case 'commander.unknownCommand':
      return noSuchVerb(named, verbs);
    case 'commander.optionMissingArgument':
      return usage(`${named.replace(/ <.*$/, '')} needs a value`, `write ${named}`);
    case 'commander.missingArgument':
      return usage(`${name} needs ${named}`, help);
    case 'commander.excessArguments':
      return usage(`${name} takes no further words`, `say what you mean with a flag; ${help}`);
    default:
      return usage(error.message.replace(/^error: /, '').replaceAll('\n', ' '), help);
  }
}
