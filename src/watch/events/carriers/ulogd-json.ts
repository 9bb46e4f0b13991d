import { readAddress } from '../address-text.ts';
import { absent, type Batch, eventKinds } from '../batch.ts';
import { FlatObject, valueKinds, writeUnescaped } from '../flat-object.ts';
import { decimal, find, is, pastDigits, twoDigits } from '../span.ts';
import type { Carrier } from './carrier.ts';

/**
 * An object of ulogd2's output plugin JSON: flat keys such as `src_ip`, `ip.protocol`, `tcp.syn`. It is an event only if the whole object reads, and
 * each number is one.
 */
export const ulogdJson: Carrier = {
  name: 'ulogd JSON',
  fits: (bytes, from, to) => bytes[from] === 123 && find(bytes, from, to, '"oob.') > 0,
  read(bytes, from, to, batch, clock) {
    if (bytes[from] !== 123) return false;
    clear(batch);
    object.begin(bytes, from, to);
    while (object.next()) if (!take(batch)) return false;
    const row = batch.length;
    if (!object.isWhole || (seconds < 0 && stamp < 0) || source === 0 || source !== target) return false;
    batch.family[row] = source;
    batch.at[row] = seconds >= 0 ? seconds * 1000 + micros / 1000 : clock.local(stamp);
    if (batch.proto[row] !== TCP || !hasFlags) batch.flags[row] = absent;
    return true;
  },
};

const TCP = 6;
const object = new FlatObject();
const scratch = new Uint8Array(1024);
/** Of the object that is being read. */
let source: 0 | 4 | 6 = 0;
let target: 0 | 4 | 6 = 0;
let seconds = -1;
let micros = 0;
let stamp = -1;
let hasFlags = false;

function clear(batch: Batch): void {
  const row = batch.length;
  source = 0;
  target = 0;
  seconds = -1;
  micros = 0;
  stamp = -1;
  hasFlags = false;
  batch.kind[row] = eventKinds.packet;
  for (const column of [batch.proto, batch.sport, batch.dport, batch.icmpType, batch.icmpCode, batch.size, batch.ttl])
    column[row] = absent;
  batch.flags[row] = 0;
  batch.mark[row] = 0;
  batch.prefix[row] = 0;
  batch.in[row] = 0;
  batch.out[row] = 0;
}

type Taker = (batch: Batch, row: number) => boolean;

/** What each key is, by its text. Keys that are not here say nothing that an event has. */
const takers: Readonly<Record<string, Taker>> = {
  src_ip(batch, row) {
    source = address(batch.src, 4 * row);
    return source !== 0;
  },
  dest_ip(batch, row) {
    target = address(batch.dst, 4 * row);
    return target !== 0;
  },
  src_port: (batch, row) => into(batch.sport, row, 65535),
  dest_port: (batch, row) => into(batch.dport, row, 65535),
  'ip.protocol': (batch, row) => into(batch.proto, row, 255),
  'raw.pktlen': (batch, row) => into(batch.size, row, 0x7fffffff),
  'ip.ttl': (batch, row) => into(batch.ttl, row, 255),
  'ip6.hoplimit': (batch, row) => into(batch.ttl, row, 255),
  'icmp.type': (batch, row) => into(batch.icmpType, row, 255),
  'icmp.code': (batch, row) => into(batch.icmpCode, row, 255),
  'icmpv6.type': (batch, row) => into(batch.icmpType, row, 255),
  'icmpv6.code': (batch, row) => into(batch.icmpCode, row, 255),
  'tcp.fin': (batch, row) => flag(batch, row, 1),
  'tcp.syn': (batch, row) => flag(batch, row, 2),
  'tcp.rst': (batch, row) => flag(batch, row, 4),
  'tcp.psh': (batch, row) => flag(batch, row, 8),
  'tcp.ack': (batch, row) => flag(batch, row, 16),
  'tcp.urg': (batch, row) => flag(batch, row, 32),
  'oob.mark': (batch, row) => into(batch.mark, row, 0xffffffff),
  'oob.prefix': (batch, row) => named(batch, batch.prefix, row, 128),
  'oob.in': (batch, row) => named(batch, batch.in, row, 15),
  'oob.out': (batch, row) => named(batch, batch.out, row, 15),
  'oob.time.sec'() {
    seconds = whole(0xffffffff);
    return seconds >= 0;
  },
  'oob.time.usec'() {
    micros = whole(999_999);
    return micros >= 0;
  },
  timestamp() {
    stamp = time();
    return stamp >= 0;
  },
};

/** The same by how long the keys are: objects have forty of them, and lines may have as many as fit. */
const byLength = Map.groupBy(Object.entries(takers), ([key]) => key.length);

function take(batch: Batch): boolean {
  const { bytes, keyFrom, keyTo } = object;
  if (object.kind === valueKinds.array) return false;
  const some = byLength.get(keyTo - keyFrom);
  if (some === undefined) return true;
  for (const [key, taker] of some) if (is(bytes, keyFrom, keyTo, key)) return taker(batch, batch.length);
  return true;
}

function flag(batch: Batch, row: number, bit: number): boolean {
  const value = whole(1);
  if (value < 0) return false;
  hasFlags = true;
  if (value === 1) batch.flags[row] = (batch.flags[row] as number) | bit;
  return true;
}

/** A number, or one in quotes; -1 if the value is none. */
function whole(most: number): number {
  const isNumber = object.kind === valueKinds.number || (object.kind === valueKinds.string && !object.isEscaped);
  return isNumber ? decimal(object.bytes, object.from, object.to, most) : -1;
}

function into(column: { [row: number]: number }, row: number, most: number): boolean {
  const value = whole(most);
  if (value < 0) return false;
  column[row] = value;
  return true;
}

function address(words: Uint32Array, at: number): 0 | 4 | 6 {
  return object.kind === valueKinds.string ? readAddress(object.bytes, object.from, object.to, words, at) : 0;
}

function named(batch: Batch, column: Uint16Array, row: number, longest: number): boolean {
  if (object.kind !== valueKinds.string) return false;
  const { bytes, from, to, isEscaped } = object;
  const length = isEscaped ? writeUnescaped(bytes, from, to, scratch) : to - from;
  if (length < 0 || length > longest) return false;
  column[row] = isEscaped ? batch.names.of(scratch, 0, length) : batch.names.of(bytes, from, to);
  return true;
}

/** `2026-11-22T23:23:13.255176`, local time without its zone (or with one, which is then not looked at), as if it were UTC. */
function time(): number {
  const { bytes, from, to } = object;
  if (object.kind !== valueKinds.string || to - from < 19) return -1;
  const year = decimal(bytes, from, from + 4, 9999);
  const parts = [5, 8, 11, 14, 17].map((at) => twoDigits(bytes, from + at)) as [number, number, number, number, number];
  if (year < 0 || parts.some((part) => part < 0)) return -1;
  let fraction = 0;
  if (bytes[from + 19] === 46) {
    const end = pastDigits(bytes, from + 20, to);
    for (let scale = 100, at = from + 20; at < end; at += 1, scale /= 10) fraction += scale * ((bytes[at] as number) - 48);
  }
  return Date.UTC(year, parts[0] - 1, parts[1], parts[2], parts[3], parts[4]) + fraction;
}
