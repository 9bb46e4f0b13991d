import type { Verb } from '../../verbs/index.ts';
import { allFlags, type CompletionFlag, everywhereFlags } from './completion.ts';

/** Static text for a folder of `fpath`. */
export function zshCompletion(verbs: readonly Verb[]): string {
  return `#compdef palisade
# zsh completion for palisade. Written by npm run docs from the verbs. Do not edit.

_palisade() {
  local context state line
  typeset -A opt_args
  local -a verbs
  verbs=(
${verbs.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`).join('\n')}
    'help:explain a verb'
  )
  _arguments -C -A '-*' \\
    ${[...everywhereFlags, help, version].map(specification).join(' \\\n    ')} \\
    '1: :->verb' \\
    '*:: :->rest' && return
  case $state in
  verb) _describe -t verbs verb verbs ;;
  rest)
    case $words[1] in
${verbs.map(verbCase).join('\n')}
    help) _describe -t verbs verb verbs ;;
    esac
    ;;
  esac
}

_palisade "$@"
`;
}

const help: CompletionFlag = {
  flag: '--help',
  value: false,
  path: false,
  folder: false,
  choices: [],
  repeats: false,
  help: 'Print help',
};
const version: CompletionFlag = { ...help, flag: '--version', help: 'Print the version' };

function verbCase(verb: Verb): string {
  return `    ${verb.name})\n      _arguments \\\n        ${allFlags(verb).map(specification).join(' \\\n        ')}\n      ;;`;
}

/** One flag as _arguments takes it: `*--flag=[help]:message:action`. */
function specification({ flag, value, path, folder, choices, repeats, help }: CompletionFlag): string {
  const action = folder ? '_files -/' : path ? '_files' : choices.length > 0 ? `(${choices.join(' ')})` : ' ';
  const says = help.replace(/[[\]\\]/g, '\\$&');
  return quoted(`${repeats ? '*' : ''}${flag}${value ? '=' : ''}[${says}]${value ? `:value:${action}` : ''}`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
