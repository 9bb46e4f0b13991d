import { isIP } from 'node:net';
import type { Alert, Message } from '../message.ts';

/** What somebody writes who wants to be more than text. */
export const attacks: readonly string[] = [
  '\r\nBcc: all@example.net\r\n\r\nbody',
  '\n.\r\nMAIL FROM:<x@y>\r\n',
  '\r\n--boundary--\r\n',
  '=?utf-8?Q?=0D=0ABcc:_x?=',
  '=?utf-8?B?4oCuYQ==?=',
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  '</code></pre></b><a href="http://x">x</a>',
  '&lt;b&gt;&amp;&#10;&#x0a;',
  '<!channel> <!here> <@U123> <http://x|y> @here @channel @everyone',
  '``` *bold* _it_ ~no~ `code` > quote',
  '[x](javascript:alert(1)) ![y](http://z) **b** {{DATE(2020-01-01T00:00:00Z)}} $' + '{host}',
  '<at>everyone</at>',
  '"] [x@1 y="z',
  '\\"\\]\\\\',
  '|CEF:0|a|b|c|d|e|10|act=allowed src=1.2.3.4',
  'x act=allowed msg=\\=\\|',
  '\tsrc=6.6.6.6\tname=x',
  '^src=6.6.6.6^name=x',
  '../../etc/cron.d/x',
  '<34>1 2026-01-01T00:00:00Z h a p m - x',
  '17 <34>1 - - - - - -',
  '\0',
  '\u001b[2J\u001b]0;title\u0007\u009b31m',
  '\u202edesrever\u202c \u2066x\u2069 \u200b\u200f\u2028\u2029',
  '\ud800',
  '\udfff\ud800x',
  '$(id) `id` ; rm -rf / | x',
  '{"a":1}\n{"b":2}',
  '%0d%0aX: y',
  'e\u0301\u0301\u0301👩‍👩‍👧‍👦🏳️‍🌈',
  '\u{e0041}\ufeff\ufffe\u00ad\u2060',
];

/** Everything of a message that others may have written. */
export interface Texts {
  readonly all: readonly string[];
  readonly alerts: number;
  readonly evidence: number;
  readonly state: Alert['state'];
  readonly kind: Message['kind'];
}

/** A message of that shape, whose texts are those, in turn. */
export function messageFrom({ all, alerts, evidence, state, kind }: Texts): Message {
  let next = 0;
  const text = (): string => {
    next += 1;
    return all.length === 0 ? '' : (all[(next - 1) % all.length] ?? '');
  };
  const at = Date.UTC(2026, 10, 22, 10, 15, 0);
  const made: Alert[] = Array.from({ length: alerts }, () => ({
    key: text(),
    state,
    detector: text(),
    severity: 'high',
    title: text(),
    why: text(),
    remedy: text(),
    sources: [text(), text()],
    sourceCount: 3,
    targets: [text()],
    since: at - 60_000,
    last: at,
    resolvedAt: state === 'resolved' ? at : null,
    events: 7,
    evidence: Array.from({ length: evidence }, text),
    acknowledgedBy: state === 'acknowledged' ? text() : null,
  }));
  return {
    id: text(),
    kind,
    thread: text(),
    sequence: 1,
    host: text(),
    at,
    severity: 'high',
    state,
    title: text(),
    alerts: made,
    more: 2,
  };
}

/** The same with nothing in it that could do anything; what was empty still is, and so are addresses, which some forms have a field for. */
export function harmless(texts: Texts): Texts {
  return { ...texts, all: texts.all.map((text) => (text === '' ? '' : isIP(text) === 0 ? 'x' : text)) };
}
