import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { z } from 'zod';
import { parseAddress } from '../../model/net/index.ts';
import type { Channel, Delivery } from '../channel.ts';
import type { Alert, Message } from '../message.ts';
import { visible } from '../text/index.ts';
import { bodyFor, senderOf } from '../wire/index.ts';

const settings = z.strictObject({
  path: z.string().startsWith('/').describe('The file that lines are added to; it is made if it is not there.'),
});

/**
 * Adds a line of JSON for each alert to a file, with the names of the Elastic Common Schema 9. Whoever rotates it may rename, empty or take it away
 * at any time: it is opened anew for each message.
 */
export const jsonlines: Channel<typeof settings> = {
  type: 'jsonlines',
  summary: 'a file of JSON, one line an alert, with the names of ECS',
  settings,
  open: ({ path }) => senderOf((message) => append(path, linesOf(message))),
};

/** Nonblocking, since a FIFO without a reader would keep us for ever; and no link, which whoever can write into the folder could lead anywhere. */
const flags =
  constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

/** Adds the text whole or not at all: what was written when the disk became full is taken away again. */
async function append(path: string, text: string): Promise<Delivery> {
  const file = await open(path, flags, 0o640);
  try {
    const before = await file.stat();
    if (!before.isFile()) return { kind: 'again', why: `${path} is no file` };
    // A line that was cut off, when the machine lost its power, must not swallow ours.
    const bytes = Buffer.from((await endsWithin(file, before.size)) ? `\n${text}` : text);
    try {
      for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
      await file.datasync();
    } catch (error) {
      await file.truncate(before.size);
      throw error;
    }
    return { kind: 'delivered' };
  } finally {
    await file.close();
  }
}

async function endsWithin(file: FileHandle, size: number): Promise<boolean> {
  if (size === 0) return false;
  const { buffer, bytesRead } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return bytesRead === 1 && buffer[0] !== 10;
}

/** The lines of a message: one an alert; of a message without any, one for itself. */
export function linesOf(message: Message): string {
  const records = message.alerts.length === 0 ? [recordOf(message, null)] : message.alerts.map((one) => recordOf(message, one));
  return records.map((record) => `${bodyFor(record)}\n`).join('');
}

/** Of 0 to 100, as `event.severity` of ECS leaves it to its source. */
const severities: Readonly<Record<Message['severity'], number>> = { critical: 90, high: 70, medium: 50, low: 30, info: 10 };

/** What each detector of the host itself is about, in the words that ECS allows; all others see attacks. */
const kinds: Readonly<Record<string, { readonly category: string; readonly type: string }>> = {
  drift: { category: 'configuration', type: 'change' },
  finding: { category: 'configuration', type: 'info' },
  listener: { category: 'network', type: 'info' },
  destination: { category: 'network', type: 'info' },
  backup: { category: 'host', type: 'info' },
};

function recordOf(message: Message, alert: Alert | null): Record<string, unknown> {
  const host = visible(message.host);
  const about = alert === null ? null : (kinds[alert.detector] ?? { category: 'intrusion_detection', type: 'info' });
  const ips = alert === null ? [] : alert.sources.filter((source) => parseAddress(source) !== undefined);
  return {
    '@timestamp': timeOf(message.at),
    ecs: { version: '9.4.0' },
    message: visible(alert === null ? message.title : alert.title),
    event: {
      kind: 'alert',
      module: 'palisade',
      dataset: 'palisade.alert',
      action: alert === null ? message.kind : alert.state,
      severity: severities[alert?.severity ?? message.severity],
      ...(about !== null && { category: [about.category], type: [about.type] }),
      ...(alert !== null && {
        id: visible(alert.key),
        start: timeOf(alert.since),
        reason: visible(alert.why),
        ...(alert.resolvedAt !== null && { end: timeOf(alert.resolvedAt) }),
      }),
    },
    host: { name: host },
    observer: { type: 'firewall', product: 'palisade', hostname: host },
    ...(alert !== null && { rule: { name: visible(alert.detector) } }),
    // One source is the source; of many, none is.
    ...(ips.length === 1 && alert?.sourceCount === 1 && { source: { ip: ips[0] } }),
    ...(ips.length > 0 && { related: { ip: ips } }),
    palisade: {
      message: visible(message.id),
      kind: message.kind,
      severity: alert?.severity ?? message.severity,
      ...(message.more > 0 && { more: message.more }),
      ...(alert !== null && {
        remedy: visible(alert.remedy),
        sources: alert.sources.map(visible),
        source_count: alert.sourceCount,
        targets: alert.targets.map(visible),
        last: timeOf(alert.last),
        events: alert.events,
        evidence: alert.evidence.map(visible),
        acknowledged_by: alert.acknowledgedBy === null ? null : visible(alert.acknowledgedBy),
      }),
    },
  };
}

function timeOf(ms: number): string {
  const date = new Date(ms);
  return (Number.isNaN(date.getTime()) ? new Date(0) : date).toISOString();
}
