import { Command, Help, Option } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import type { Verb } from '../verbs/index.ts';
import { everywhere, groupTitles } from './everywhere.ts';
import { type Flag, flagsOf, spelled } from './flag.ts';

const versionText = `palisade ${manifest.version}`;

/** What commander found on the command line: the verb, its options by field, and the words without a flag. */
export interface Found {
  readonly verb: Verb;
  readonly flags: readonly Flag[];
  /** Options after the verb that were given, by commander's keys, which are the fields of the input. */
  readonly after: Readonly<Record<string, unknown>>;
  /** Options before the verb that were given. */
  readonly before: Readonly<Record<string, unknown>>;
  readonly words: readonly unknown[];
}

export interface Program {
  /** Throws commander's error on a wrong command line, and when help was asked for. `null` when only help was. */
  parse(): Found | null;
  /** What was to be printed so far. */
  text(): string;
}

/**
 * Everything that can be asked for, as commander knows it. `columns` is the width that help is wrapped to. Flags are made of those verbs
 * alone that stand in `argv`: making them of all takes longer than many a verb.
 */
export function programOf(verbs: readonly Verb[], columns: number, argv: readonly string[]): Program {
  let text = '';
  let found: Found | null = null;
  const program = new Command('palisade')
    .description(manifest.description)
    .optionsGroup('Everywhere:')
    .commandsGroup('Help:')
    .version(versionText, '--version', 'Print the version')
    .helpOption('-h, --help', 'Print this help')
    .helpCommand('help [verb]', 'Explain a verb')
    .usage('[verb] [flags]')
    // A verb's own flags come after it, so that they may be named as one that everybody has.
    .enablePositionalOptions()
    .exitOverride()
    .configureHelp({ helpWidth: columns, subcommandTerm: (command) => command.name(), formatHelp })
    .configureOutput({
      writeOut(piece) {
        text += piece;
      },
      writeErr: () => undefined,
    })
    .addHelpText(
      'after',
      '\npalisade alone is palisade status. Each verb explains itself: palisade help VERB, or man palisade-VERB.',
    );
  for (const flag of everywhere) program.addOption(globalOption(flag));
  for (const verb of verbs) {
    const flags = argv.includes(verb.name) ? flagsOf(verb) : [];
    const command = addVerb(program, verb, flags);
    command.action((...parameters: unknown[]) => {
      found = { verb, flags, after: saidOptions(command), before: saidOptions(program), words: parameters.slice(0, -2) };
    });
  }
  return {
    parse() {
      program.parse([...argv], { from: 'user' });
      return found;
    },
    text: () => text,
  };
}

function addVerb(program: Command, verb: Verb, flags: readonly Flag[]): Command {
  const words = flags.filter((flag) => flag.positional);
  const command = program
    .command(verb.name)
    .summary(verb.summary)
    // The description's line ends are the source's, not the reader's.
    .description(`${sentence(verb.summary)}\n\n${verb.description.replace(/(?<!\n)\n(?!\n)/g, ' ')}`)
    .helpGroup(`${groupTitles[verb.group]}:`)
    .helpOption('-h, --help', 'Print this help')
    .usage(['[flags]', ...words.map(positionalForm)].join(' '))
    .addHelpText('after', `\n${examplesText(verb)}\n\n${exitsText(verb)}`);
  for (const flag of flags) {
    if (flag.positional) command.argument(positionalForm(flag), flag.help);
    else command.addOption(ownOption(flag));
  }
  if (verb.plugin === true) command.version(versionText, '-V, --version', 'Print the version');
  const own = new Set(flags.map((flag) => flag.name));
  for (const flag of everywhere) {
    if (!own.has(flag.name.replace(/^no-/, ''))) command.addOption(globalOption(flag).helpGroup('Everywhere:'));
  }
  return command;
}

/** Verbs before what they all take: whoever asks for help first wants to know what there is. */
function formatHelp(command: Command, helper: Help): string {
  const sections = Help.prototype.formatHelp.call(helper, command, helper).trimEnd().split('\n\n');
  if (command.parent !== null) return `${sections.join('\n\n')}\n`;
  const everywhere = sections.filter((section) => section.startsWith('Everywhere:'));
  return `${[...sections.filter((section) => !everywhere.includes(section)), ...everywhere].join('\n\n')}\n`;
}

function globalOption(flag: (typeof everywhere)[number]): Option {
  return new Option(
    flag.value === undefined ? `--${flag.name}` : `--${flag.name} <${flag.value}>`,
    choicesHelp(flag.help, flag.choices ?? []),
  );
}

function ownOption(flag: Flag): Option {
  if (flag.kind === 'switch')
    return new Option(withShort(flag), flag.negated ? `Do not: ${lowerFirst(flag.help)}` : flag.help).hideHelp(
      flag.hidden === true,
    );
  const fallback =
    flag.default === undefined || (Array.isArray(flag.default) && flag.default.length === 0)
      ? ''
      : ` (default: ${String(flag.default)})`;
  const option = new Option(
    `${withShort(flag)} <${flag.value}>`,
    `${choicesHelp(flag.help, flag.choices)}${fallback}${flag.repeats ? '; repeatable' : ''}`,
  );
  if (flag.repeats) option.argParser((word: string, before: string[] | undefined) => [...(before ?? []), word]);
  return option.hideHelp(flag.hidden === true);
}

function withShort(flag: Flag): string {
  return flag.short === undefined ? spelled(flag) : `-${flag.short}, ${spelled(flag)}`;
}

function choicesHelp(help: string, choices: readonly string[]): string {
  return choices.length === 0 ? help : `${help}: ${choices.join(', ')}`;
}

function positionalForm(flag: Flag): string {
  const inner = `${flag.value ?? flag.name}${flag.repeats ? '...' : ''}`;
  return flag.required ? `<${inner}>` : `[${inner}]`;
}

/** The options that stand on the command line, without those that commander fills in. */
function saidOptions(command: Command): Record<string, unknown> {
  return Object.fromEntries(Object.entries(command.opts()).filter(([key]) => command.getOptionValueSource(key) === 'cli'));
}

function examplesText(verb: Verb): string {
  return ['Examples:', ...verb.examples.flatMap(({ command, says }) => [`  ${command}`, `      ${says}`])].join('\n');
}

function exitsText(verb: Verb): string {
  return ['Exit codes:', ...Object.entries(verb.exits).map(([code, says]) => `  ${code}  ${says}`)].join('\n');
}

function sentence(clause: string): string {
  return `${clause.charAt(0).toUpperCase()}${clause.slice(1)}.`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
