import type { Batch } from '../batch.ts';
import { FlatObject, valueKinds, writeListed, writeUnescaped } from '../flat-object.ts';
import type { LineClock } from '../line-clock.ts';
import { scanKernelLine } from '../scan.ts';
import { decimal, find, holds, is } from '../span.ts';
import { readSshdMessage } from '../sshd.ts';
import type { Carrier } from './carrier.ts';

/**
 * A record of the journal as `journalctl -o json` prints it. Fields that begin with `_` are journald's own and cannot be forged; they decide:
 *
 * - `_TRANSPORT=kernel` is the kernel, unless a process wrote to /dev/kmsg, which has another facility than 0.
 * - `_UID=0`, sshd's name and the unit of ssh's service together are sshd. The name alone is not: a set-uid program may be called by any name, but it
 *   runs in its user's session. What came by a stream (`_TRANSPORT=stdout`) was cut into records at line breaks, which names of users may
 *   have, and is none.
 */
export const journal: Carrier = {
  name: 'journald JSON',
  fits: (bytes, from, to) => bytes[from] === 123 && find(bytes, from, to, '"__REALTIME_TIMESTAMP"') > 0,
  read(bytes, from, to, batch, clock) {
    if (bytes[from] !== 123 || !collect(bytes, from, to)) return false;
    const micros = decimalOf('__REALTIME_TIMESTAMP');
    if (micros < 0) return false;
    batch.at[batch.length] = micros / 1000;
    if (says('_TRANSPORT', 'kernel'))
      return (
        (!has('SYSLOG_IDENTIFIER') || says('SYSLOG_IDENTIFIER', 'kernel')) &&
        (!has('SYSLOG_FACILITY') || says('SYSLOG_FACILITY', '0')) &&
        readMessage(bytes, batch, null)
      );
    return isSshd() && readMessage(bytes, batch, clock);
  },
};

const keys = [
  'MESSAGE',
  '__REALTIME_TIMESTAMP',
  '_TRANSPORT',
  'SYSLOG_IDENTIFIER',
  'SYSLOG_FACILITY',
  '_UID',
  '_COMM',
  '_SYSTEMD_UNIT',
  '__CURSOR',
] as const;
type Key = (typeof keys)[number];
const byLength: (Key | undefined)[] = [];
for (const key of keys) byLength[key.length] = key;

/** Where the fields of the record that was read last stand, and what they are; kind 0: it has none of the name. */
const found = new Map<Key, { from: number; to: number; kind: number; isEscaped: boolean }>(
  keys.map((key) => [key, { from: 0, to: 0, kind: 0, isEscaped: false }]),
);
const object = new FlatObject();
const scratch = new Uint8Array(4096);

/** Finds the fields; `false` if it is no whole object, or says one of them twice. */
function collect(bytes: Uint8Array, from: number, to: number): boolean {
  for (const field of found.values()) field.kind = 0;
  object.begin(bytes, from, to);
  while (object.next()) {
    // No two of them are equally long.
    const key = byLength[object.keyTo - object.keyFrom];
    if (key === undefined || !is(bytes, object.keyFrom, object.keyTo, key)) continue;
    const field = found.get(key);
    if (field === undefined || field.kind !== 0) return false;
    field.from = object.from;
    field.to = object.to;
    field.kind = object.kind;
    field.isEscaped = object.isEscaped;
  }
  return object.isWhole;
}

function has(key: Key): boolean {
  return found.get(key)?.kind !== 0;
}

function says(key: Key, text: string): boolean {
  const field = found.get(key);
  return field?.kind === valueKinds.string && is(object.bytes, field.from, field.to, text);
}

function decimalOf(key: Key): number {
  const field = found.get(key);
  return field?.kind === valueKinds.string ? decimal(object.bytes, field.from, field.to, Number.MAX_SAFE_INTEGER) : -1;
}

function isSshd(): boolean {
  if (!says('_TRANSPORT', 'syslog') && !says('_TRANSPORT', 'journal')) return false;
  if (!says('_UID', '0') || !(says('_COMM', 'sshd') || says('_COMM', 'sshd-session') || says('_COMM', 'sshd-auth'))) return false;
  const unit = found.get('_SYSTEMD_UNIT');
  if (unit?.kind !== valueKinds.string) return false;
  const { from, to } = unit;
  const at = holds(object.bytes, from, to, 'sshd') ? from + 4 : holds(object.bytes, from, to, 'ssh') ? from + 3 : to;
  // `ssh@0-192.0.2.1:22-192.0.2.2:40000.service` where the connection itself was handed over.
  return is(object.bytes, at, to, '.service') || (object.bytes[at] === 64 && holds(object.bytes, to - 8, to, '.service'));
}

/** The message as the kernel's, or with a clock as sshd's. */
function readMessage(bytes: Uint8Array, batch: Batch, clock: LineClock | null): boolean {
  const field = found.get('MESSAGE');
  if (field === undefined) return false;
  let { from, to } = field;
  let text = bytes;
  if (field.kind === valueKinds.array || field.isEscaped) {
    const length = field.isEscaped ? writeUnescaped(bytes, from, to, scratch) : writeListed(bytes, from, to, scratch);
    if (length < 0) return false;
    text = scratch;
    from = 0;
    to = length;
  } else if (field.kind !== valueKinds.string) return false;
  return clock === null ? scanKernelLine(text, from, to, batch) : readSshdMessage(text, from, to, batch, clock.tries);
}

/** The cursor of a record, with which `journalctl --after-cursor` goes on behind it; `null` if it is no record. */
export function journalCursor(bytes: Uint8Array, from: number, to: number): string | null {
  if (!collect(bytes, from, to)) return null;
  const field = found.get('__CURSOR');
  if (field?.kind !== valueKinds.string || field.isEscaped) return null;
  return String.fromCharCode(...bytes.subarray(field.from, field.to));
}
