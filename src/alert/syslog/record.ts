import type { Alert, Message } from '../message.ts';
import { fitted, visibleLine } from '../text/index.ts';
import { factsOf, headline, severityWord, stateWord } from '../words/index.ts';
import { cefOf } from './cef.ts';
import { type Facility, type Format, facilities } from './frame.ts';
import { leefOf } from './leef.ts';

/** The private enterprise number that is set aside for documentation (RFC 5612): we have none. */
const dataId = 'palisade@32473';

/** Severities of syslog: critical, error, warning, notice, informational. */
const levels: Readonly<Record<Message['severity'], number>> = { critical: 2, high: 3, medium: 4, low: 5, info: 6 };
const notice = 5;

/** One record for each alert; of a message without any, one for itself. Each takes no more bytes of UTF-8 than that. */
export function recordsOf(message: Message, format: Format, facility: Facility, bytes: number): readonly string[] {
  const alerts = message.alerts.length === 0 ? [null] : message.alerts;
  return alerts.map((alert) => {
    const state = alert?.state ?? message.state;
    const level = state === 'firing' ? levels[alert?.severity ?? message.severity] : Math.max(notice, levels[message.severity]);
    const head = [
      `<${facilities.indexOf(facility) * 8 + level}>1`,
      new Date(message.at).toISOString(),
      token(message.host, 255),
      'palisade',
      '-',
      message.kind === 'transition' ? state : message.kind,
    ].join(' ');
    if (format === 'cef') return `${head} - ${cefOf(message, alert, bytes - Buffer.byteLength(head) - 3)}`;
    if (format === 'leef') return `${head} - ${leefOf(message, alert, bytes - Buffer.byteLength(head) - 3)}`;
    const data = dataOf(message, alert);
    const room = bytes - Buffer.byteLength(`${head} ${data} `) - 3;
    const text = fitted(sentence(message, alert), { bytes: room });
    // A mark of the byte order says that what follows is UTF-8; ASCII needs none (§6.4).
    return `${head} ${data} ${/^[\x20-\x7e]*$/.test(text) ? '' : '\ufeff'}${text}`;
  });
}

function dataOf(message: Message, alert: Alert | null): string {
  const values: Readonly<Record<string, string>> = {
    message: message.id,
    kind: message.kind,
    incident: alert?.key ?? message.thread,
    state: alert?.state ?? message.state,
    severity: alert?.severity ?? message.severity,
    ...(alert !== null && {
      detector: alert.detector,
      events: String(alert.events),
      since: new Date(alert.since).toISOString(),
      source: alert.sources[0] ?? '',
      sources: String(alert.sourceCount),
      target: alert.targets[0] ?? '',
    }),
  };
  const params = Object.entries(values).map(([name, value]) => `${name}="${fitted(visibleLine(value), { bytes: 96 }, escaped)}"`);
  return `[${[dataId, ...params].join(' ')}]`;
}

/** §6.3.3: what ends a value is written with a backslash, and so is that. */
function escaped(character: string): string {
  return character === '"' || character === '\\' || character === ']' ? `\\${character}` : character;
}

function sentence(message: Message, alert: Alert | null): string {
  if (alert === null) return headline(message, 1000);
  const word = alert.state === 'firing' ? severityWord(alert.severity) : stateWord(alert.state);
  const { evidence } = factsOf(alert);
  const parts = [
    `${word}: ${alert.title}`,
    alert.why,
    alert.state === 'firing' ? `What to do: ${alert.remedy}` : '',
    evidence.length === 0 ? '' : `Evidence: ${evidence.join(' | ')}`,
  ];
  return visibleLine(parts.filter((part) => part !== '').join('; '));
}

/** A word of the head: letters, digits and what names of hosts and addresses have. Collectors make names of files of it. */
function token(text: string, most: number): string {
  return (
    text
      .replace(/[^A-Za-z0-9._:-]/gu, '_')
      .replace(/^\.+|\.(?=\.)/g, '_')
      .slice(0, most) || '-'
  );
}
