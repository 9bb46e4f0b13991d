import { matches, optionNames, optionOf, targets } from '../extensions/index.ts';

/** One of iptables' own options as a word of the command line spells it. */
export interface CoreForm {
  /** Its short form's letter; `0` for --line-numbers, which has none. */
  readonly letter: string;
  /** As written, without the value. */
  readonly name: string;
  /** The whole word. */
  readonly written: string;
  /** A value in the same word: `-AINPUT`, `--append=INPUT`. */
  readonly attached: string | null;
}

/** Letters of options and whether a value follows (iptables/xshared.h 1.8.9, OPTSTRING_COMMON and IPT_OPTSTRING). */
const letters: ReadonlyMap<string, 'none' | 'value' | 'optional'> = new Map([
  ...['A', 'C', 'D', 'E', 'I', 'M', 'N', 'P', 'R', 'c', 'd', 'g', 'i', 'j', 'm', 'o', 'p', 's', 't', 'W'].map(
    (letter) => [letter, 'value'] as const,
  ),
  ...['F', 'L', 'S', 'X', 'Z', 'h', 'w'].map((letter) => [letter, 'optional'] as const),
  ...['V', 'f', 'n', 'v', 'x', '4', '6'].map((letter) => [letter, 'none'] as const),
]);

const longNames: ReadonlyMap<string, string> = new Map([
  ['--table', 't'],
  ['--append', 'A'],
  ['--delete', 'D'],
  ['--check', 'C'],
  ['--insert', 'I'],
  ['--replace', 'R'],
  ['--list', 'L'],
  ['--list-rules', 'S'],
  ['--flush', 'F'],
  ['--zero', 'Z'],
  ['--new-chain', 'N'],
  ['--delete-chain', 'X'],
  ['--rename-chain', 'E'],
  ['--policy', 'P'],
  ['--source', 's'],
  ['--destination', 'd'],
  ['--src', 's'],
  ['--dst', 'd'],
  ['--protocol', 'p'],
  ['--in-interface', 'i'],
  ['--jump', 'j'],
  ['--match', 'm'],
  ['--numeric', 'n'],
  ['--out-interface', 'o'],
  ['--verbose', 'v'],
  ['--wait', 'w'],
  ['--wait-interval', 'W'],
  ['--exact', 'x'],
  ['--fragments', 'f'],
  ['--version', 'V'],
  ['--help', 'h'],
  ['--line-numbers', '0'],
  ['--modprobe', 'M'],
  ['--set-counters', 'c'],
  ['--goto', 'g'],
  ['--ipv4', '4'],
  ['--ipv6', '6'],
]);

/** The options that a word stands for; `null` when it is none of iptables' own. `before`: the rule's words so far. */
export function coreForms(word: string, before: readonly string[]): readonly CoreForm[] | null {
  if (word.startsWith('--')) {
    const equals = word.indexOf('=');
    const name = equals < 0 ? word : word.slice(0, equals);
    const letter = longLetter(name, before);
    return letter === null ? null : [{ letter, name, written: word, attached: equals < 0 ? null : word.slice(equals + 1) }];
  }
  const forms: CoreForm[] = [];
  for (let at = 1; at < word.length; at += 1) {
    const letter = word[at] as string;
    const takes = letters.get(letter);
    if (takes === undefined) return null;
    const rest = word.slice(at + 1);
    const attached = takes === 'none' || rest === '' ? null : rest;
    forms.push({ letter, name: `-${letter}`, written: word, attached });
    if (attached !== null) break;
  }
  return forms;
}

/** getopt takes any beginning that fits one option only; an extension's own option comes first. */
function longLetter(name: string, before: readonly string[]): string | null {
  const exact = longNames.get(name);
  if (exact !== undefined) return exact;
  if (name.length < 3 || (arities.has(name) && before.length > 0)) return null;
  const fitting = new Set([...longNames].flatMap(([full, letter]) => (full.startsWith(name) ? [`${full} ${letter}`] : [])));
  const [only] = fitting;
  return fitting.size === 1 && only !== undefined ? only.slice(-1) : null;
}

/** How many values each option takes, by the extensions that have it. */
const arities: ReadonlyMap<string, readonly { readonly extension: string; readonly values: Values }[]> = (() => {
  const all = new Map<string, { extension: string; values: Values }[]>();
  for (const extension of [...matches, ...targets]) {
    for (const name of optionNames(extension)) {
      const option = optionOf(extension, name);
      const known = all.get(name) ?? [];
      all.set(name, known);
      if (option !== undefined)
        known.push({ extension: extension.name, values: { most: option.arity, optional: option.optional === true } });
    }
  }
  return all;
})();

interface Values {
  readonly most: number;
  /** None when the next word looks like an option. */
  readonly optional: boolean;
}

const none: Values = { most: 0, optional: false };

/**
 * How many words behind an option are its values, however they look: `--comment -j` is a comment. Where extensions
 * differ, the one that the words before it named last.
 */
export function valuesBehind(option: string, before: readonly string[]): Values {
  const known = arities.get(option);
  if (known === undefined) return none;
  for (let at = before.length - 1; known.length > 1 && at > 0; at -= 1) {
    if (before[at - 1] !== '-m' && before[at - 1] !== '-j') continue;
    const found = known.find((one) => one.extension === before[at]);
    if (found !== undefined) return found.values;
  }
  return known[0]?.values ?? none;
}
