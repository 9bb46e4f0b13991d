import manifest from '../../../package.json' with { type: 'json' };
import { parseAddress } from '../../model/net/index.ts';
import type { Alert, Message } from '../message.ts';
import { fitted, visibleLine } from '../text/index.ts';

export const version = manifest.version;

/** Of 0 to 10, as CEF and LEEF count. What is over is no danger any more. */
export function gradeOf(message: Message, alert: Alert | null): number {
  if ((alert?.state ?? message.state) === 'resolved') return 1;
  return { critical: 10, high: 8, medium: 6, low: 4, info: 2 }[alert?.severity ?? message.severity];
}

/** The first source, where it is one address. */
export function sourceOf(alert: Alert): { readonly text: string; readonly family: 4 | 6 } | null {
  const text = alert.sources[0] ?? '';
  const family = parseAddress(text)?.family;
  return family === undefined ? null : { text, family };
}

/** Pairs as far as they fit, each whole: the most important come first. A long value is cut to its own share. */
export function pairsWithin(
  pairs: readonly (readonly [key: string, value: string])[],
  room: { readonly bytes: number; readonly share: number; readonly separator: string },
  escaped: (character: string) => string,
): string {
  const kept: string[] = [];
  let left = room.bytes;
  for (const [key, value] of pairs) {
    const pair = `${key}=${fitted(visibleLine(value), { bytes: room.share }, escaped)}`;
    const bytes = Buffer.byteLength(pair) + room.separator.length;
    if (value === '' || bytes > left) continue;
    kept.push(pair);
    left -= bytes;
  }
  return kept.join(room.separator);
}
