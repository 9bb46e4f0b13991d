import { z } from 'zod';
import type { Channel } from '../channel.ts';
import type { Message } from '../message.ts';
import { fitted, visibleLine } from '../text/index.ts';
import { bodyFor, deliver, httpSettings, objectOf, secretText, senderOf } from '../wire/index.ts';
import { factsOf, leftOut, severityWord, stateWord } from '../words/index.ts';

const settings = z.strictObject({
  token: secretText.describe('The token of a bot, as BotFather says it.'),
  chat: z
    .union([z.int(), z.string().regex(/^(-?\d{1,20}|@[A-Za-z]\w{3,40})$/)])
    .describe('The number of a chat, or @NAME of a channel.'),
  topic: z.int().min(1).optional().describe('The topic (thread) of a group that has such.'),
  url: z.string().min(1).default('https://api.telegram.org').describe('Where bots are served.'),
  ...httpSettings,
});

/** Sends each message by a bot of Telegram. */
export const telegram: Channel<typeof settings> = {
  type: 'telegram',
  summary: 'a chat, group or channel of Telegram',
  settings,
  open: (said, context) =>
    senderOf(async (message, signal) => {
      const token = (await context.secret(said.token)).trim();
      if (!/^\d{1,20}:[A-Za-z0-9_-]{1,200}$/.test(token))
        return { kind: 'again', why: '"token" is no token of a bot, such as 123456:ABC-…' };
      const body = bodyFor({
        chat_id: said.chat,
        ...(said.topic !== undefined && { message_thread_id: said.topic }),
        text: telegramText(message),
        parse_mode: 'HTML',
        link_preview_options: { is_disabled: true },
        disable_notification: message.state !== 'firing' || ['low', 'info'].includes(message.severity),
      });
      const url = `${said.url.replace(/\/+$/, '')}/bot${token}/sendMessage`;
      return deliver(
        { url, body },
        said,
        context,
        signal,
        ({ body: told, isWhole }) => (isWhole && objectOf(told)?.['ok'] === true ? { kind: 'delivered' } : null),
        ({ body: told }) => {
          const { retry_after: seconds } = (objectOf(told)?.['parameters'] ?? {}) as { retry_after?: unknown };
          return typeof seconds === 'number' && seconds >= 0 ? Math.min(seconds, 86_400) * 1000 : null;
        },
      );
    }),
};

/** 4096 after entities are read; counted in UTF-16 here, which is never fewer. */
const mostUnits = 4000;

/**
 * The text in Telegram's HTML. All text of others stands in `code`: there, names are no mentions, words with a slash no commands, and addresses no
 * links.
 */
export function telegramText(message: Message): string {
  let left = mostUnits;
  const parts: string[] = [];
  const put = (before: string, text: string, tag: 'code' | 'pre', units: number): boolean => {
    // Room for the label, and for what says that something is missing.
    const room = Math.min(units, left - before.length - 60);
    if (room < 20) return false;
    const shown = fitted(text, { units: room });
    left -= before.length + shown.length + 1;
    parts.push(`${before === '' ? '' : `<b>${before}</b> `}<${tag}>${escaped(shown)}</${tag}>`);
    return true;
  };
  const word = { test: 'Test', digest: 'Digest', transition: '', renewal: '' }[message.kind];
  put(
    `${word === '' ? (message.state === 'firing' ? severityWord(message.severity) : stateWord(message.state)) : word}:`,
    visibleLine(message.title),
    'code',
    800,
  );
  put('Host:', visibleLine(message.host), 'code', 100);
  let missing = message.more;
  for (const [at, alert] of message.alerts.entries()) {
    const { lines, evidence } = factsOf(alert);
    if (message.alerts.length > 1) {
      if (
        !put(`${severityWord(alert.severity)}, ${stateWord(alert.state).toLowerCase()}:`, visibleLine(alert.title), 'code', 200)
      ) {
        missing += message.alerts.length - at;
        break;
      }
      continue;
    }
    for (const { label, text } of lines) put(`${label}:`, text, 'code', label === 'Why' || label === 'What to do' ? 500 : 200);
    if (evidence.length > 0) put('', evidence.map((line) => fitted(line, { units: 300 })).join('\n'), 'pre', 1500);
  }
  const more = leftOut(missing);
  return [...parts, ...(more === '' ? [] : [more])].join('\n');
}

export function escaped(text: string): string {
  return text.replace(/[&<>]/g, (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[character] ?? character);
}
