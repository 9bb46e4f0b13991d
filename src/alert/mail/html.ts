import type { Alert, Message } from '../message.ts';
import { visibleLine } from '../text/index.ts';
import { factsOf, leftOut, momentOf, severityWord, stateWord } from '../words/index.ts';

const colours: Readonly<Record<Message['severity'], string>> = {
  critical: '#b00020',
  high: '#c4410c',
  medium: '#8a6100',
  low: '#2f5d8a',
  info: '#555555',
};
const done = '#2a6b35';

/** The mail's HTML: no image, no link, no style but its own, and text of others only as text. */
export function mailHtml(message: Message): string {
  const more = leftOut(message.more);
  return [
    '<!DOCTYPE html>',
    '<html lang="en"><head><meta charset="utf-8"><title>palisade</title></head>',
    '<body style="font-family:sans-serif;font-size:14px;line-height:1.4">',
    `<h1 style="font-size:18px">${html(message.title)}</h1>`,
    `<p>${html(message.host)}, ${momentOf(message.at)}</p>`,
    ...(message.alerts.length > 1 ? [summary(message.alerts)] : []),
    ...message.alerts.map(about),
    ...(more === '' ? [] : [`<p>${more}</p>`]),
    '</body></html>',
    '',
  ].join('\n');
}

/** A digest begins with a line each. */
function summary(alerts: readonly Alert[]): string {
  const rows = alerts.map((alert) => `<tr>${cell(badge(alert))}${cell(html(alert.title))}${cell(String(alert.events))}</tr>`);
  return `<table cellpadding="4" style="border-collapse:collapse">\n${rows.join('\n')}\n</table>`;
}

function about(alert: Alert): string {
  const { lines, evidence } = factsOf(alert);
  const rows = lines.map(
    ({ label, text }) =>
      `<tr><th align="left" valign="top" style="padding-right:12px;white-space:nowrap">${label}</th>${cell(html(text))}</tr>`,
  );
  return [
    `<h2 style="font-size:15px;margin-bottom:4px">${badge(alert)} ${html(alert.title)}</h2>`,
    `<table cellpadding="2" style="border-collapse:collapse">\n${rows.join('\n')}\n</table>`,
    ...(evidence.length === 0
      ? []
      : [
          `<pre style="font-size:12px;white-space:pre-wrap;border-left:3px solid #999;padding-left:8px">${evidence.map(html).join('\n')}</pre>`,
        ]),
  ].join('\n');
}

function badge({ state, severity }: Alert): string {
  const [word, colour] = state === 'firing' ? [severityWord(severity), colours[severity]] : [stateWord(state), done];
  return `<span style="color:#ffffff;background:${colour};padding:1px 6px;border-radius:3px">${word}</span>`;
}

function cell(inside: string): string {
  return `<td valign="top">${inside}</td>`;
}

/** Text for the content of an element. */
function html(text: string): string {
  return visibleLine(text).replace(/[&<>"'`=]/g, (character) => `&#${character.charCodeAt(0)};`);
}
