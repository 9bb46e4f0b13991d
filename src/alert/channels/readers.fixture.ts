import type { Message } from '../message.ts';
import { framed, recordsOf } from '../syslog/index.ts';
import { bodyFor } from '../wire/index.ts';
import { documentOf } from '../words/index.ts';
import { alertmanagerBody } from './alertmanager.ts';
import { environmentOf } from './command.ts';
import { linesOf } from './jsonlines.ts';
import { ntfyBody } from './ntfy.ts';
import { pagerdutyEvents } from './pagerduty.ts';
import { slackBody } from './slack.ts';
import { teamsBody } from './teams.ts';
import { telegramText } from './telegram.ts';

/*
 * Strict readers of what channels make, which know nothing of how it was made. Each throws at what its format does not allow, and else says what
 * there is without the texts: the same for two messages whose texts differ.
 */

export type Shape = unknown;

const acting = /[\p{Cc}\p{Cs}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]/u;

/** Text that a terminal, an editor or a person sees as it is; line ends are counted by whoever allows them. */
function seen(text: string): string {
  if (acting.test(text.replaceAll('\n', ''))) throw new Error(`acts instead of being seen: ${JSON.stringify(text)}`);
  return text;
}

function lines(text: string): number {
  return seen(text).split('\n').length;
}

function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

function points(text: string): number {
  return [...text].length;
}

/** Keys and kinds of a JSON text; of a string, what `ofText` says of it. */
function ofJson(text: string, ofText: (text: string) => Shape = lines): Shape {
  check(!text.includes('\n'), 'JSON of more than one line');
  const walk = (value: unknown): Shape => {
    if (typeof value === 'string') return ofText(value);
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [seen(key), walk(inner)]));
    return value;
  };
  return walk(JSON.parse(text));
}

const slackWords = /^\*[A-Z][a-z ]*:\*/;

/** Slack's mrkdwn: entities, and what it reads as its own. */
function ofSlackText(text: string): Shape {
  check(!/<|>/.test(text), `Slack reads a link or a mention: ${text}`);
  check(!/&(?!(amp|lt|gt);)/.test(text), `an ampersand that is none of Slack's: ${text}`);
  check(!/@(here|channel|everyone)/i.test(text), `calls everybody: ${text}`);
  check(points(text) <= 3000, `${points(text)} characters in a section`);
  return {
    lines: seen(text)
      .split('\n')
      .map((line) => slackWords.exec(line)?.[0] ?? ''),
    fences: text.split('`').length - 1,
  };
}

function ofSlack(message: Message): Shape {
  const body = slackBody(message) as { blocks: { type: string; text?: { text: string } }[] };
  check(body.blocks.length <= 50, `${body.blocks.length} blocks`);
  const [header] = body.blocks;
  check(header?.type === 'header' && points(header.text?.text ?? '') <= 150, 'a header that is too long');
  return ofJson(bodyFor(body), ofSlackText);
}

function ofTeams(message: Message): Shape {
  const body = teamsBody(message);
  check(Buffer.byteLength(body) <= 28_000, `${Buffer.byteLength(body)} bytes for Teams`);
  return ofJson(body, (text) => {
    check(!/\{\{|\$\{/.test(text), `a template: ${text}`);
    return lines(text);
  });
}

/** Telegram's HTML: four entities, three tags, each closed where it was opened. Outside of code stands only what is ours. */
function ofTelegram(message: Message): Shape {
  const text = telegramText(message);
  const tags: string[] = [];
  let open: string | null = null;
  let shown = '';
  for (const [, tag, entity, other] of text.matchAll(/<(\/?(?:b|code|pre))>|&(amp|lt|gt);|([\s\S])/gu)) {
    if (tag !== undefined) {
      tags.push(tag);
      check(tag.startsWith('/') ? open === tag.slice(1) : open === null, `<${tag}> within ${open}`);
      open = tag.startsWith('/') ? null : tag;
      continue;
    }
    check(other !== '<' && other !== '>' && other !== '&', `${other} as it is`);
    const character = entity === undefined ? (other ?? '') : '&';
    if (open === null) check(/^[\n A-Za-z0-9.]$/.test(character), `${character} stands outside of code`);
    shown += character;
  }
  check(open === null, `${open} is not closed`);
  seen(shown);
  check(shown.length > 0 && shown.length <= 4096, `${shown.length} characters for Telegram`);
  return { tags, lines: shown.split('\n').length };
}

function ofNtfy(message: Message): Shape {
  const body = ntfyBody(message) as { title: string; message: string };
  check(Buffer.byteLength(body.message) <= 4096, 'too long for ntfy');
  check(!body.title.includes('\n'), 'a title of several lines');
  return { json: ofJson(bodyFor(body)), text: ofPlain(body.message) };
}

/** Plain text: which line is of which kind. */
export function ofPlain(text: string): Shape {
  return seen(text)
    .split('\n')
    .map((line) => /^( {2}[A-Z][a-z ]*:| {4}\| |- \w+, \w+: |)/.exec(line)?.[0]);
}

function ofPagerduty(message: Message): Shape {
  return pagerdutyEvents(message).map((event) => {
    const text = bodyFor(event);
    const { dedup_key: key, payload } = event as { dedup_key: string; payload?: { summary: string; source: string } };
    check(points(key) >= 1 && points(key) <= 255, 'a key that PagerDuty does not take');
    check(points(payload?.summary ?? '') <= 1024 && payload?.source !== '', 'a summary or a source that PagerDuty does not take');
    check(Buffer.byteLength(text) <= 512_000, 'too long for PagerDuty');
    return ofJson(text);
  });
}

/** RFC 5424, to the letter. */
function ofRecord(record: string): Shape {
  seen(record.replace(/^([^\ufeff]*)\ufeff/, '$1'));
  const head =
    /^<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) ((?!\.)[\w.:-]{1,255}) ([\x21-\x7e]{1,48}) ([\x21-\x7e]{1,128}) ([\x21-\x7e]{1,32}) /.exec(
      record,
    );
  if (head === null || Number(head[1]) > 191) throw new Error(`no head of RFC 5424: ${record}`);
  check(!record.includes('\n') && !head[3]?.includes('..'), 'a record of several lines, or a host that is a path');
  const rest = record.slice(head[0].length);
  if (rest.startsWith('- CEF:')) return { head: [head[1], head[6]], cef: ofCef(rest.slice(2)) };
  if (rest.startsWith('- LEEF:')) return { head: [head[1], head[6]], leef: ofLeef(rest.slice(2)) };
  const element = /^\[([^ =\]"]+)((?: [^ =\]"]+="(?:[^"\\\]]|\\["\\\]])*")*)\](?: ([\s\S]*))?$/u.exec(rest);
  if (element === null) throw new Error(`no structured data of RFC 5424: ${rest}`);
  const params = [...(element[2] ?? '').matchAll(/ ([^ =\]"]+)="(?:[^"\\\]]|\\["\\\]])*"/gu)].map(([, name]) => name);
  const text = element[3] ?? '';
  // UTF-8 is marked, and ASCII is not.
  check(text.startsWith('\ufeff') !== /^[\x20-\x7e]*$/.test(text), `a mark of the byte order: ${JSON.stringify(text)}`);
  return { head: [head[1], head[6]], id: element[1], params };
}

function ofCef(text: string): Shape {
  const parts = /^CEF:0((?:\|(?:[^\\|]|\\[\\|])*){6})\|(.*)$/u.exec(text);
  if (parts === null) throw new Error(`no head of CEF: ${text}`);
  const fields = [...(parts[1] ?? '').matchAll(/\|((?:[^\\|]|\\[\\|])*)/gu)].map(([, field]) => field ?? '');
  check(/^(\d|10)$/.test(fields[5] ?? ''), `a severity that CEF has not: ${fields[5]}`);
  const extension = parts[2] ?? '';
  // An equals sign that is not escaped belongs to a key.
  check(/^(?:\w+=(?:[^\\=]|\\[\\=])*)*$/u.test(extension), `no extension of CEF: ${extension}`);
  const keys = [...extension.matchAll(/(?:^| )(\w+)=/gu)].map(([, key]) => key);
  const signs = [...extension.replace(/\\[\\=]/g, '').matchAll(/=/g)];
  check(signs.length === keys.length, `keys that are none of ours: ${extension}`);
  return { vendor: fields[0], severity: fields[5], keys };
}

function ofLeef(text: string): Shape {
  const parts = /^LEEF:2\.0\|palisade\|palisade\|[^|]+\|([A-Za-z0-9._-]*)\|x5E\|(.*)$/u.exec(text);
  if (parts === null) throw new Error(`no head of LEEF: ${text}`);
  return (parts[2] ?? '').split('^').map((pair) => /^(\w+)=/.exec(pair)?.[1]);
}

function ofSyslog(message: Message): Shape {
  return (['rfc5424', 'cef', 'leef'] as const).map((format) =>
    ([8000, 2048] as const).map((bytes) => {
      const records = recordsOf(message, format, 'local0', bytes);
      for (const record of records) check(Buffer.byteLength(record) <= bytes, `${Buffer.byteLength(record)} bytes of ${bytes}`);
      return unframed(framed(records)).map(ofRecord);
    }),
  );
}

/** Records out of a stream, each behind its length. */
export function unframed(stream: Buffer): string[] {
  const records: string[] = [];
  for (let rest = stream; rest.length > 0; ) {
    const digits = /^([1-9]\d{0,5}) /.exec(rest.subarray(0, 8).toString('latin1'))?.[1];
    if (digits === undefined) throw new Error('a frame without its length');
    const from = digits.length + 1;
    check(rest.length >= from + Number(digits), 'a frame that is cut off');
    records.push(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(rest.subarray(from, from + Number(digits))));
    rest = rest.subarray(from + Number(digits));
  }
  return records;
}

function ofEnvironment(message: Message): Shape {
  return Object.entries(environmentOf(message)).map(([name, value]) => {
    check(lines(value) === 1, `several lines in ${name}`);
    return name;
  });
}

/** HTML of a mail: its tags with all that stands in them, and between them characters and numbered entities. */
export function ofHtml(html: string): Shape {
  const tags: string[] = [];
  let rest = html;
  while (rest !== '') {
    const tag = /^<(?:!DOCTYPE html|\/?[a-z][a-z0-9]*(?: [a-z]+="[^"<>&]*")*)>/.exec(rest)?.[0];
    const text = tag ?? /^(?:[^<>&]|&#\d{1,3};)+/u.exec(rest)?.[0];
    if (text === undefined) throw new Error(`neither a tag nor text: ${rest.slice(0, 60)}`);
    if (tag === undefined) seen(text);
    else tags.push(tag);
    rest = rest.slice(text.length);
  }
  return tags;
}

/** What every channel but e-mail makes of the message. */
export function shapeOf(message: Message): Readonly<Record<string, Shape>> {
  return {
    webhook: ofJson(bodyFor(documentOf(message)), (text) => typeof seen(text.replaceAll('\t', ''))),
    slack: ofSlack(message),
    teams: ofTeams(message),
    telegram: ofTelegram(message),
    ntfy: ofNtfy(message),
    pagerduty: ofPagerduty(message),
    alertmanager: ofJson(bodyFor(alertmanagerBody(message, message.at))),
    syslog: ofSyslog(message),
    jsonlines: linesOf(message)
      .trimEnd()
      .split('\n')
      .map((line) => ofJson(line, (text) => typeof seen(text.replaceAll('\t', '')))),
    command: ofEnvironment(message),
  };
}

/** A mail as RFC 5322 and 2045 have it: its header fields, and of each part the type and what is in it. */
export function ofMail(mail: string): Shape {
  check(!/(^|[^\r])\n|\r(?!\n)/.test(mail), 'a line end that is none of mail');
  for (const line of mail.split('\r\n')) check(Buffer.byteLength(line) <= 998, 'a line that is too long');
  check(/^\p{ASCII}*$/u.test(mail) && !mail.includes('\0'), 'more than ASCII');
  const { head, body } = split(mail);
  const boundary = /boundary="([^"]+)"/.exec(head.get('content-type') ?? '')?.[1];
  if (boundary === undefined) throw new Error('no boundary');
  const parts = body.split(`--${boundary}`);
  check(parts.length === 4 && parts[3]?.trim() === '--', `${parts.length - 2} parts`);
  const [text, html] = parts.slice(1, 3).map((part) => split(part.replace(/^\r\n/, '')));
  check(lines(decodedWords(head.get('subject') ?? '')) === 1, 'a subject of several lines');
  return {
    names: [...head.keys()],
    from: head.get('from'),
    to: head.get('to'),
    text: [[...(text?.head.keys() ?? [])], ofPlain(decoded(text?.body ?? ''))],
    html: [[...(html?.head.keys() ?? [])], ofHtml(decoded(html?.body ?? ''))],
  };
}

function split(text: string): { readonly head: ReadonlyMap<string, string>; readonly body: string } {
  const end = text.indexOf('\r\n\r\n');
  const head = new Map<string, string>();
  for (const line of text
    .slice(0, end)
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n')) {
    const field = /^([A-Za-z-]+): (.*)$/.exec(line);
    if (field === null) throw new Error(`no header field: ${JSON.stringify(line)}`);
    const name = field[1]?.toLowerCase() ?? '';
    check(!head.has(name), `${name} twice`);
    head.set(name, field[2] ?? '');
  }
  return { head, body: text.slice(end + 4) };
}

/** Quoted-printable, UTF-8. */
function decoded(text: string): string {
  const bytes = text
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(bytes, 'latin1')).replaceAll('\r\n', '\n');
}

/** A header field with encoded words (RFC 2047), as a reader of mail shows it. */
function decodedWords(text: string): string {
  return text
    .replace(/(=\?[\w-]+\?[BQ]\?[^?]*\?=)\s+(?==\?)/gi, '$1')
    .replace(/=\?([\w-]+)\?([BQ])\?([^?]*)\?=/gi, (_, charset: string, how: string, inside: string) => {
      const bytes =
        how.toUpperCase() === 'B'
          ? Buffer.from(inside, 'base64')
          : Buffer.from(
              inside
                .replaceAll('_', ' ')
                .replace(/=([0-9A-F]{2})/gi, (__, code: string) => String.fromCharCode(Number.parseInt(code, 16))),
              'latin1',
            );
      return new TextDecoder(charset).decode(bytes);
    });
}
