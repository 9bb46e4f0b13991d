import type { Verb } from '../../verbs/index.ts';
import { allFlags, type CompletionFlag, completionFlags, everywhereFlags } from './completion.ts';

/**
 * Static text: Tab starts no program as root and evaluates nothing that was typed.
 * It needs bash 4.4 and not the bash-completion package.
 */
export function bashCompletion(verbs: readonly Verb[]): string {
  const names = verbs.map(({ name }) => name);
  const takesValue = [...new Set(everywhereFlags.filter(({ value }) => value).map(({ flag }) => flag))];
  return `# bash completion for palisade. Written by npm run docs from the verbs. Do not edit.

_palisade() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} verb='' flags='' words='' at
  # Bash breaks --flag=value at the equals sign.
  if [[ $cur == = ]]; then
    cur=''
  elif [[ $prev == = ]]; then
    prev=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((at = 1; at < COMP_CWORD; at++)); do
    case \${COMP_WORDS[at]} in
    ${takesValue.join(' | ')}) ((at++)); [[ \${COMP_WORDS[at]} == = ]] && ((at++)) ;;
    -*) ;;
    ${names.join(' | ')}) verb=\${COMP_WORDS[at]}; break ;;
    esac
  done
  COMPREPLY=()
  case $verb:$prev in
${verbs.flatMap((verb) => valueCases(verb.name, completionFlags(verb))).join('\n')}
${valueCases('*', everywhereFlags).join('\n')}
  esac
  case $verb in
${verbs
  .map(
    (verb) =>
      `  ${verb.name}) flags='${allFlags(verb)
        .map(({ flag }) => flag)
        .join(' ')}' ;;`,
  )
  .join('\n')}
  *)
    flags='--help --version ${everywhereFlags.map(({ flag }) => flag).join(' ')}'
    words='help ${names.join(' ')}'
    ;;
  esac
  if [[ $cur == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$cur")
  elif [[ -n $words ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
  fi
}

# Completes a path; the names may hold blanks.
_palisade_path() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen "$1" -- "$2")
}

complete -F _palisade palisade
`;
}

/** What follows a flag that takes a value. */
function valueCases(verb: string, flags: readonly CompletionFlag[]): string[] {
  return flags.flatMap(({ flag, value, path, folder, choices }) => {
    if (!value) return [];
    const does = path
      ? `_palisade_path ${folder ? '-d' : '-f'} "$cur"`
      : choices.length > 0
        ? `mapfile -t COMPREPLY < <(compgen -W '${choices.join(' ')}' -- "$cur")`
        : ':';
    return [`  ${verb}:${flag}) ${does}; return ;;`];
  });
}
