import type { Alert, Message } from '../message.ts';
import { fitted, visibleLine } from '../text/index.ts';
import { factsOf, momentOf } from '../words/index.ts';
import { gradeOf, pairsWithin, sourceOf, version } from './pairs.ts';

/** An event in ArcSight's Common Event Format, version 0. Times are epoch milliseconds. */
export function cefOf(message: Message, alert: Alert | null, bytes: number): string {
  const name = fitted(visibleLine(alert?.title ?? message.title), { bytes: 400 }, inHeader);
  const id = fitted(visibleLine(alert?.detector ?? message.kind), { bytes: 60 }, inHeader);
  const head = `CEF:0|palisade|palisade|${version}|${id}|${name}|${gradeOf(message, alert)}|`;
  return (
    head + pairsWithin(pairs(message, alert), { bytes: bytes - Buffer.byteLength(head), share: 500, separator: ' ' }, inExtension)
  );
}

function pairs(message: Message, alert: Alert | null): readonly (readonly [string, string])[] {
  const about: readonly (readonly [string, string])[] = [
    ['rt', String(message.at)],
    ['dvchost', message.host],
    ['externalId', alert?.key ?? message.thread],
    ['act', alert?.state ?? message.state],
  ];
  if (alert === null) return [...about, ['msg', message.title]];
  const source = sourceOf(alert);
  return [
    ...about,
    ...(source === null
      ? []
      : source.family === 4
        ? [['src', source.text] as const]
        : [['c6a2', source.text] as const, ['c6a2Label', 'Source IPv6 Address'] as const]),
    ['cnt', String(alert.events)],
    ['start', String(alert.since)],
    ['end', String(alert.resolvedAt ?? alert.last)],
    ['msg', alert.why],
    ...labelled(1, 'What to do', alert.remedy),
    ...labelled(2, 'Targets', alert.targets.slice(0, 10).join(', ')),
    ...labelled(3, 'Sources', alert.sources.slice(0, 10).join(', ')),
    ...labelled(4, 'Acknowledged by', alert.acknowledgedBy ?? ''),
    ...labelled(5, 'Evidence', factsOf(alert).evidence[0] ?? ''),
    ...labelled(6, 'Over', alert.resolvedAt === null ? '' : momentOf(alert.resolvedAt)),
  ];
}

/** A field of one's own, which a label names. */
function labelled(number: number, label: string, value: string): readonly (readonly [string, string])[] {
  return value === ''
    ? []
    : [
        [`cs${number}Label`, label],
        [`cs${number}`, value],
      ];
}

function inHeader(character: string): string {
  return character === '|' || character === '\\' ? `\\${character}` : character;
}

function inExtension(character: string): string {
  return character === '=' || character === '\\' ? `\\${character}` : character;
}
