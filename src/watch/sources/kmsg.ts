import { readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { type Clock, systemClock } from '../../clock.ts';
import { kmsgRoom, openKmsg as openRing } from '../../kernel/index.ts';
import { Batch, scanKernelLine } from '../events/index.ts';
import { createKernelTime } from './kernel-time.ts';
import type { Source } from './source.ts';
import { unavailable } from './unavailable.ts';

export interface KmsgSettings {
  readonly clock?: Clock;
  /** Another file than /dev/kmsg, for tests. */
  readonly path?: string;
  /** What the machine was started as (/proc/sys/kernel/random/boot_id). */
  readonly boot?: string;
}

/** Messages of one batch; each of the kernel's has at most 1 KiB. */
const textBytes = 512 * 1024;
const mostRows = 1024;

/**
 * The packets that LOG rules report to the kernel's log. Records are numbered since the machine was started: what was overwritten before it
 * was read is said with its exact size, also what was while nobody read. Of a record that is lost nobody can tell whether it was a packet's.
 *
 * Only the kernel's own records count (facility 0): whoever may write to /dev/kmsg gets another.
 */
export function openKmsg(settings: KmsgSettings = {}): Source {
  return { name: 'kmsg', trusted: true, follow: (after, signal) => follow(settings, after, signal) };
}

async function* follow(settings: KmsgSettings, after: string | null, signal: AbortSignal): ReturnType<Source['follow']> {
  const clock = settings.clock ?? systemClock;
  const boot = settings.boot ?? bootId();
  const before = after === null ? null : parseCursor(after);
  // Of another boot nothing is left, and all that the ring holds is new.
  const from =
    after === null ? ({ from: 'now' } as const) : ({ from: 'start', expected: before?.boot === boot ? before.next : 0 } as const);
  const opened = openRing({ ...from, ...(settings.path !== undefined && { path: settings.path }) });
  if (!opened.ok) {
    yield* unavailable(opened.problems);
    return;
  }
  using kmsg = opened.value;
  if (before !== null && before.boot !== boot)
    yield { kind: 'notice', text: 'The machine was started anew: what the kernel logged at its end was not read.' };
  const time = createKernelTime(clock);
  const cursor = (): string | null => (kmsg.expected() === null ? null : JSON.stringify({ boot, next: kmsg.expected() }));
  const text = Buffer.allocUnsafeSlow(textBytes);
  const batch = new Batch(mostRows);
  batch.trusted = true;
  // From where on it is read, before anything comes.
  if (after === null) yield { kind: 'batch', batch, cursor: cursor(), passed: 0 };
  let told = 0;
  let live = after === null;
  while (!signal.aborted) {
    batch.clear();
    batch.text = text;
    let used = 0;
    let passed = 0;
    let received = false;
    let record = null;
    while (!batch.isFull() && used + kmsgRoom <= text.length) {
      record = kmsg.next(text, used);
      if (record === null) break;
      received = true;
      // Each is read within moments of its being written, once those of before are through.
      if (live) time.seen(record.sinceBootUs);
      if (record.facility !== 0 || !scanKernelLine(text, used, used + record.length, batch)) {
        passed += 1;
        continue;
      }
      const row = batch.length;
      batch.at[row] = time.wall(record.sinceBootUs);
      batch.textFrom[row] = used;
      batch.textLength[row] = record.length;
      batch.length += 1;
      used += record.length;
    }
    if (record === null) live = true;
    const lost = kmsg.lost();
    if (lost > told) yield { kind: 'lost', count: lost - told, of: 'records', at: clock.now() };
    told = lost;
    if (received) {
      yield { kind: 'batch', batch, cursor: cursor(), passed };
      // In a flood there is always something to read: let timers and sockets have their turn.
      await setImmediate();
    } else await kmsg.wait(signal);
  }
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
}

function parseCursor(text: string): { readonly boot: string; readonly next: number } | null {
  try {
    const { boot, next } = JSON.parse(text) as Record<string, unknown>;
    return typeof boot === 'string' && typeof next === 'number' ? { boot, next } : null;
  } catch {
    // No cursor of ours.
    return null;
  }
}
