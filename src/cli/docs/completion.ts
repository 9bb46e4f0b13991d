import type { Verb } from '../../verbs/index.ts';
import { everywhere } from '../everywhere.ts';
import { flagsOf, spelled } from '../flag.ts';

/** A flag as a shell completes it. */
export interface CompletionFlag {
  /** With its dashes. */
  readonly flag: string;
  /** A value follows. */
  readonly value: boolean;
  readonly path: boolean;
  /** The path is a folder. */
  readonly folder: boolean;
  readonly choices: readonly string[];
  readonly repeats: boolean;
  readonly help: string;
}

export const everywhereFlags: readonly CompletionFlag[] = everywhere.map(({ name, value, path, choices, help }) => ({
  flag: `--${name}`,
  value: value !== undefined,
  path: path === true,
  folder: value === 'DIR',
  choices: choices ?? [],
  repeats: false,
  help,
}));

/** The flags of a verb's own. */
export function completionFlags(verb: Verb): readonly CompletionFlag[] {
  return flagsOf(verb)
    .filter((flag) => flag.hidden !== true && flag.positional !== true)
    .map((flag) => ({
      flag: spelled(flag),
      value: flag.kind !== 'switch',
      path: flag.path === true,
      folder: flag.value === 'DIR',
      choices: flag.choices,
      repeats: flag.repeats,
      help: flag.negated ? `Do not: ${flag.help}` : flag.help,
    }));
}

/** A verb's own flags, then those of every verb that it does not have itself. */
export function allFlags(verb: Verb): readonly CompletionFlag[] {
  const own = completionFlags(verb);
  const taken = new Set(own.map(({ flag }) => flag));
  const help = { flag: '--help', value: false, path: false, folder: false, choices: [], repeats: false, help: 'Print help' };
  return [...own, ...everywhereFlags.filter(({ flag }) => !taken.has(flag)), help];
}
