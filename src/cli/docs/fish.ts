import type { Verb } from '../../verbs/index.ts';
import { type CompletionFlag, completionFlags, everywhereFlags } from './completion.ts';

/** Static text for fish's completions folder. */
export function fishCompletion(verbs: readonly Verb[]): string {
  const names = verbs.map(({ name }) => name).join(' ');
  const lines = [
    '# fish completion for palisade. Written by npm run docs from the verbs. Do not edit.',
    'complete -c palisade -f',
    ...verbs.map(({ name, summary }) => `complete -c palisade -n '__fish_use_subcommand' -a ${name} -d ${quoted(summary)}`),
    `complete -c palisade -n '__fish_use_subcommand' -a help -d 'explain a verb'`,
    `complete -c palisade -n '__fish_use_subcommand' -l version -d 'Print the version'`,
    `complete -c palisade -n '__fish_seen_subcommand_from help' -a ${quoted(names)}`,
    `complete -c palisade -s h -l help -d 'Print help'`,
  ];
  for (const flag of everywhereFlags) {
    // A verb's own flag of the same name stands for itself below.
    const owners = verbs.filter((verb) => completionFlags(verb).some((own) => own.flag === flag.flag)).map(({ name }) => name);
    const condition = owners.length === 0 ? '' : ` -n 'not __fish_seen_subcommand_from ${owners.join(' ')}'`;
    lines.push(`complete -c palisade${condition}${specification(flag)}`);
  }
  for (const verb of verbs) {
    for (const flag of completionFlags(verb))
      lines.push(`complete -c palisade -n '__fish_seen_subcommand_from ${verb.name}'${specification(flag)}`);
  }
  return `${lines.join('\n')}\n`;
}

function specification({ flag, value, path, folder, choices, help }: CompletionFlag): string {
  const wants = !value
    ? ''
    : folder
      ? " -x -a '(__fish_complete_directories)'"
      : path
        ? ' -r -F'
        : choices.length > 0
          ? ` -x -a ${quoted(choices.join(' '))}`
          : ' -x';
  return ` -l ${flag.slice(2)}${wants} -d ${quoted(help)}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
