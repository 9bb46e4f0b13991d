import type { Alert, Message } from '../message.ts';
import { factsOf } from '../words/index.ts';
import { gradeOf, pairsWithin, sourceOf, version } from './pairs.ts';

/**
 * An event in QRadar's Log Event Extended Format, version 2. A caret parts the pairs, and is written out within values, since LEEF has no escape; a tab, the
 * usual one, is what rsyslog writes as `#011`.
 */
export function leefOf(message: Message, alert: Alert | null, bytes: number): string {
  // LEEF has no way to write a bar in its head.
  const id = (alert?.detector ?? message.kind).replace(/[^A-Za-z0-9._-]/g, '_').slice(0, 60);
  const head = `LEEF:2.0|palisade|palisade|${version}|${id}|x5E|`;
  return (
    head +
    pairsWithin(pairs(message, alert), { bytes: bytes - Buffer.byteLength(head), share: 500, separator: '^' }, (character) =>
      character === '^' ? '\\x5e' : character,
    )
  );
}

function pairs(message: Message, alert: Alert | null): readonly (readonly [string, string])[] {
  const about: readonly (readonly [string, string])[] = [
    ['devTime', String(message.at)],
    ['sev', String(gradeOf(message, alert))],
    ['identHostName', message.host],
    ['incident', alert?.key ?? message.thread],
    ['state', alert?.state ?? message.state],
    ['name', alert?.title ?? message.title],
  ];
  if (alert === null) return about;
  return [
    ...about,
    ['src', sourceOf(alert)?.text ?? ''],
    ['cat', alert.detector],
    ['events', String(alert.events)],
    ['reason', alert.why],
    ['remedy', alert.remedy],
    ['targets', alert.targets.slice(0, 10).join(', ')],
    ['sources', alert.sources.slice(0, 10).join(', ')],
    ['evidence', factsOf(alert).evidence[0] ?? ''],
  ];
}
