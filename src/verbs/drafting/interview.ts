import type { Suggestion } from '../../policy/index.ts';
import { failed, ok, type Problem, type Result } from '../../result.ts';
import type { Context } from '../verb.ts';

/** What an answer meant, or what is wrong with it and what to write. */
export type Answered<T> = { readonly value: T } | { readonly wrong: string; readonly hint: string };

export interface Question<T> {
  /** Without the suggestion, which is put behind it. */
  readonly text: string;
  /** The flag that answers it, with the dashes. */
  readonly flag: string;
  /** What was given with the flag. */
  readonly given: string | undefined;
  /** What Enter takes; `null`: nothing is known that could be suggested. */
  readonly suggested: string | null;
  /** What is not known where there is no answer: "who administers this host". */
  readonly about: string;
  read(answer: string): Answered<T>;
}

/**
 * Has a question answered: by its flag; else by whoever can be asked, as often as it takes; else by what is suggested.
 */
export async function settle<T>(question: Question<T>, ask: Context['ask']): Promise<Result<T>> {
  const { text, flag, given, suggested, about, read } = question;
  if (given !== undefined) {
    const answer = read(given.trim());
    if ('value' in answer) return ok(answer.value);
    return failed({ code: 'usage', message: `${flag}: ${answer.wrong}`, hint: answer.hint });
  }
  if (ask === undefined) {
    const answer = suggested === null ? undefined : read(suggested);
    if (answer !== undefined && 'value' in answer) return ok(answer.value);
    return failed({ code: 'usage', message: `nothing here says ${about}`, hint: `say it with ${flag}` });
  }
  let again = '';
  for (;;) {
    const line = await ask(`${again}${text}${suggested === null ? '' : ` [${suggested}]`} `);
    if (line === null) return failed(unanswered);
    const words = line.trim();
    const answer = read(words === '' && suggested !== null ? suggested : words);
    if ('value' in answer) return ok(answer.value);
    again = `   ${capital(answer.wrong)}; ${answer.hint}.\n`;
  }
}

const unanswered: Problem = {
  code: 'usage',
  message: 'the questions were not answered to the end, and nothing is written',
  hint: 'run it again; flags answer questions too, and --yes takes what is suggested',
};

/** Names of links, or none of them. */
export function readLinks(
  { links }: Suggestion,
  none: readonly string[],
  barred: readonly string[],
): (answer: string) => Answered<readonly string[]> {
  return (answer) => {
    if (none.includes(answer.toLowerCase())) return { value: [] };
    const words = wordsOf(answer);
    const known = links?.filter((link) => !barred.includes(link)) ?? null;
    const there =
      known === null ? 'name one such as eth0' : known.length === 0 ? 'there is none' : `here are ${known.join(', ')}`;
    const hint = `${there}; or write ${none[0]}`;
    if (words.length === 0) return { wrong: 'no interface is named', hint };
    for (const word of words) {
      if (barred.includes(word)) return { wrong: `${word} faces the internet itself`, hint };
      const isLink = /^[A-Za-z0-9_.:@-]{1,15}$/.test(word) && known?.includes(word) !== false;
      if (!isLink) return { wrong: `there is no interface "${word}"`, hint };
    }
    return { value: words };
  };
}

/** Words with blanks or commas between them. */
export function wordsOf(text: string): readonly string[] {
  return [...new Set(text.split(/[\s,]+/).filter((word) => word !== ''))];
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
