import type { ComponentChildren } from 'preact';
import { visible } from '../words.ts';

/** A rule as iptables-save prints it, without `-A CHAIN`, which the table already says; target strong, filter words marked. */
export function RuleText({ text, words }: { text: string; words: readonly string[] }) {
  const body = visible(text).replace(/^-A (?:"[^"]*"|\S+) ?/, '');
  const at = jumpAt(body);
  if (at < 0) {
    return (
      <code>
        <Options text={body === '' ? '(every packet, no target)' : body} words={words} />
      </code>
    );
  }
  const [target = ''] = body.slice(at + 3).split(' ', 1);
  return (
    <code>
      <Options text={body.slice(0, at)} words={words} />
      <span class="option">
        <span class="jump">{body.slice(at, at + 3)}</span>
        <b>{marked(target, words)}</b>
      </span>
      <Options text={body.slice(at + 3 + target.length)} words={words} />
    </code>
  );
}

/** Lines break between options, not at the hyphens within one. What is longer than a line may break anywhere. */
export function Options({ text, words }: { text: string; words: readonly string[] }) {
  return text.split(/(?<= )(?=-)/).map((option, index) => (
    <span key={index} class={option.length > 60 ? undefined : 'option'}>
      {marked(option, words)}
    </span>
  ));
}

/** Where `-j ` or `-g ` stands outside quotes: a comment may hold the same letters. */
function jumpAt(body: string): number {
  let quoted = false;
  for (let index = 0; index < body.length; index += 1) {
    if (body[index] === '\\') index += 1;
    else if (body[index] === '"') quoted = !quoted;
    else if (!quoted && /^-[jg] /.test(body.slice(index, index + 3)) && (index === 0 || body[index - 1] === ' ')) return index;
  }
  return -1;
}

/** The text with each occurrence of each word in a `mark`. */
function marked(text: string, words: readonly string[]): ComponentChildren {
  if (words.length === 0 || text === '') return text;
  const pattern = new RegExp(`(${words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})`, 'gi');
  // The odd pieces of a split by one group are what the group matched.
  return text.split(pattern).map((piece, index) => (index % 2 === 1 ? <mark key={`${index}`}>{piece}</mark> : piece));
}
