import { type Batch, packetAt } from '../events/batch.ts';
import type { LoggedPacket } from '../events/event.ts';
import { formatLoggedPacket } from '../events/format.ts';
import { evidenceKept } from './incident.ts';

const decoder = new TextDecoder();
/** Bytes of a line that are kept; the kernel's are shorter. */
const longest = 2048;
/** While all incidents together keep more bytes than this, each keeps no more than these of its lines. */
const mostBytes = 12 * 2 ** 20;
const frugal = { first: 2, last: 2 } as const;

/** What the lines of all open incidents take. */
export interface Room {
  bytes: number;
}

/** A line as it was read, or a packet that had none. A line's bytes are written over by the one that takes its place. */
type Kept = { bytes: Uint8Array; length: number; isCut: boolean } | LoggedPacket;

/**
 * The first and the last lines of an incident. While a batch is read only the numbers of its rows are kept; their texts are copied when it ends, so
 * that a line that is not among the last costs nothing.
 */
export class Evidence {
  private readonly room: Room;
  /** Lines of before a restart. */
  private readonly old: readonly string[];
  private readonly first: string[] = [];
  private readonly last: Kept[] = [];
  /** Where the next of the last goes, once there are as many as are kept. */
  private turn = 0;
  private readonly rows: number[] = [];
  private held = 0;

  constructor(room: Room, old: readonly string[] = []) {
    this.room = room;
    this.old = old;
  }

  add(batch: Batch, row: number): void {
    const most = this.room.bytes > mostBytes ? frugal.first : evidenceKept.first;
    if (this.last.length === 0 && this.held === 0 && this.first.length + this.old.length < most) {
      const kept = this.copied(batch, row, undefined);
      const line = lineOf(kept);
      this.room.bytes += line.length - ('bytes' in kept ? kept.bytes.length : 0);
      this.first.push(line);
      return;
    }
    this.rows[this.held % evidenceKept.last] = row;
    this.held += 1;
  }

  /** The batch is about to be filled anew. */
  keep(batch: Batch): void {
    const most = this.room.bytes > mostBytes ? Math.max(frugal.last, this.last.length) : evidenceKept.last;
    const count = Math.min(this.held, most);
    for (let back = count; back > 0; back -= 1) {
      const row = this.rows[(this.held - back) % evidenceKept.last] as number;
      const at = this.last.length < most ? this.last.length : this.turn++ % most;
      this.last[at] = this.copied(batch, row, this.last[at]);
    }
    this.held = 0;
  }

  lines(): string[] {
    const { first } = evidenceKept;
    const turn = this.last.length === 0 ? 0 : this.turn % this.last.length;
    const last = [...this.last.slice(turn), ...this.last.slice(0, turn)].map(lineOf);
    return [...this.old.slice(0, first), ...this.first, ...[...this.old.slice(first), ...last].slice(-evidenceKept.last)];
  }

  /** The incident is over. */
  release(): void {
    for (const line of this.first) this.room.bytes -= line.length;
    for (const kept of this.last) if ('bytes' in kept) this.room.bytes -= kept.bytes.length;
  }

  private copied(batch: Batch, row: number, over: Kept | undefined): Kept {
    const from = batch.textFrom[row] as number;
    const whole = batch.textLength[row] as number;
    if (whole === 0) {
      if (over !== undefined && 'bytes' in over) this.room.bytes -= over.bytes.length;
      return packetAt(batch, row);
    }
    const length = Math.min(whole, longest);
    let kept = over !== undefined && 'bytes' in over ? over : undefined;
    if (kept === undefined) kept = { bytes: new Uint8Array(0), length: 0, isCut: false };
    if (kept.bytes.length < length) {
      const bytes = new Uint8Array((length + 63) & ~63);
      this.room.bytes += bytes.length - kept.bytes.length;
      kept.bytes = bytes;
    }
    kept.bytes.set(batch.text.subarray(from, from + length));
    kept.length = length;
    kept.isCut = length < whole;
    return kept;
  }
}

/** Exactly as it was read; of a packet that had no line, as it is shown. */
function lineOf(kept: Kept): string {
  if (!('bytes' in kept)) return formatLoggedPacket(kept);
  return `${decoder.decode(kept.bytes.subarray(0, kept.length))}${kept.isCut ? '…' : ''}`;
}
