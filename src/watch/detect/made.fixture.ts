import { parseAddress } from '../../model/net/index.ts';
import { Batch, putAddress } from '../events/batch.ts';
import type { Happening, Incident } from '../incidents/index.ts';
import type { Detection } from './detection.ts';

/** A moment, epoch milliseconds; it is a Sunday in November. */
export const start = Date.UTC(2026, 10, 22, 12);

/** One event, in words. Left out: TCP from 203.0.113.9:40000 to 198.51.100.1:22 with SYN, in on eth0. */
export interface Made {
  /** Milliseconds after {@link start}. */
  readonly at: number;
  readonly kind?: number;
  readonly src?: string;
  readonly dst?: string;
  readonly proto?: number;
  readonly sport?: number;
  readonly dport?: number;
  readonly flags?: number;
  readonly icmpType?: number;
  readonly ttl?: number;
  readonly prefix?: string;
  readonly in?: string;
  readonly out?: string;
  readonly text?: string;
}

export const flag = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16, URG: 32 } as const;

/** Events as a batch. */
export function batchOf(events: readonly Made[], trusted = true): Batch {
  const batch = new Batch(Math.max(1, events.length));
  batch.trusted = trusted;
  const texts: Uint8Array[] = [];
  let from = 0;
  for (const event of events) {
    const row = batch.length;
    const proto = event.proto ?? 6;
    const src = parseAddress(event.src ?? '203.0.113.9');
    const dst = parseAddress(event.dst ?? '198.51.100.1');
    if (src === undefined || dst === undefined) throw new Error(`no address: ${event.src} ${event.dst}`);
    batch.kind[row] = event.kind ?? 0;
    batch.at[row] = start + event.at;
    batch.family[row] = src.family;
    putAddress(batch.src, 4 * row, src);
    putAddress(batch.dst, 4 * row, dst);
    const hasPorts = proto === 6 || proto === 17;
    batch.proto[row] = proto;
    batch.sport[row] = hasPorts ? (event.sport ?? 40_000) : -1;
    batch.dport[row] = hasPorts ? (event.dport ?? 22) : -1;
    batch.flags[row] = proto === 6 ? (event.flags ?? flag.SYN) : -1;
    batch.icmpType[row] = event.icmpType ?? -1;
    batch.icmpCode[row] = event.icmpType === undefined ? -1 : 0;
    batch.size[row] = 60;
    batch.ttl[row] = event.ttl ?? 64;
    batch.prefix[row] = batch.names.named(event.prefix ?? 'FW-DROP ');
    batch.in[row] = batch.names.named(event.in ?? 'eth0');
    batch.out[row] = batch.names.named(event.out ?? '');
    const text = new TextEncoder().encode(event.text ?? `line ${row} of ${event.src ?? '203.0.113.9'}`);
    texts.push(text);
    batch.textFrom[row] = from;
    batch.textLength[row] = text.length;
    from += text.length;
    batch.length += 1;
  }
  batch.text = Buffer.concat(texts);
  return batch;
}

/** So many events, one each `everyMs`. */
export function series(count: number, everyMs: number, make: (each: number) => Partial<Made>): Made[] {
  return Array.from({ length: count }, (_, each) => ({ at: each * everyMs, ...make(each) }));
}

/** Takes events in small batches. */
export function takeAll(detection: Detection, events: readonly Made[], trusted = true, size = 100): Happening[] {
  const said: Happening[] = [];
  for (let from = 0; from < events.length; from += size)
    said.push(...detection.take(batchOf(events.slice(from, from + size), trusted)));
  return said;
}

/** Each incident as it was last told of. */
export function incidentsOf(said: readonly Happening[]): Incident[] {
  const last = new Map<string, Incident>();
  for (const each of said) if (each.kind === 'incident') last.set(each.incident.id, each.incident);
  return [...last.values()];
}
