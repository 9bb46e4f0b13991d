import type { ValueType } from '../extension.ts';

/** One of some words; `printed` gives those that print otherwise. */
export function choice(
  words: readonly string[],
  printed: Readonly<Record<string, string>> = {},
  letters: 'exact' | 'any' = 'exact',
): ValueType {
  return {
    hint: `write ${listed(words)}`,
    saved: (text) => {
      const word = words.find((one) => one === text || (letters === 'any' && one.toLowerCase() === text.toLowerCase()));
      return word === undefined ? undefined : Object.hasOwn(printed, word) ? printed[word] : word;
    },
    examples: () =>
      letters === 'any'
        ? [...words, ...words.map((word) => word.toLowerCase()), ...words.map((word) => word.toUpperCase())]
        : words,
    refused: () => ['nosuchword', `${words[0]}x`, ''],
  };
}

/** Some words of a list with commas between; they print in the list's own order, each once. */
export function choices(words: readonly string[], letters: 'exact' | 'any' = 'exact'): ValueType {
  const same = (one: string, text: string): boolean =>
    one === text || (letters === 'any' && one.toLowerCase() === text.toLowerCase());
  return {
    hint: `write some of ${words.join(',')}`,
    saved: (text) => {
      const parts = text.split(',');
      if (!parts.every((part) => words.some((word) => same(word, part)))) return undefined;
      return words.filter((word) => parts.some((part) => same(word, part))).join(',');
    },
    examples: () => [
      ...words,
      words.join(','),
      [...words].reverse().join(','),
      `${words[0]},${words[0]}`,
      ...(letters === 'any' ? [words.join(',').toLowerCase()] : []),
    ],
    refused: () => ['nosuchword', `${words[0]},nosuchword`, ''],
  };
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
