import type { Batch } from '../watch/events/index.ts';

/** The last moment that a Date can hold (ECMA-262, 21.4.1.1): what the kernel tells may be beyond it. */
const latestMs = 8.64e15;
const columns = ['proto', 'sport', 'dport', 'flags', 'icmpType', 'icmpCode', 'size', 'ttl', 'mark', 'family'] as const;

/** Events that wait for the next commit: columns as in a {@link Batch}, which its owner fills anew meanwhile. */
export class Rows {
  readonly capacity: number;
  length = 0;
  readonly at: Float64Array;
  readonly family: Uint8Array;
  readonly src: Uint32Array;
  readonly dst: Uint32Array;
  readonly proto: Int16Array;
  readonly sport: Int32Array;
  readonly dport: Int32Array;
  readonly icmpType: Int16Array;
  readonly icmpCode: Int16Array;
  readonly flags: Int16Array;
  readonly size: Int32Array;
  readonly ttl: Int16Array;
  readonly mark: Uint32Array;
  /** Numbers of the store's own `ways`. */
  readonly way: Uint32Array;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.at = new Float64Array(capacity);
    this.family = new Uint8Array(capacity);
    this.src = new Uint32Array(4 * capacity);
    this.dst = new Uint32Array(4 * capacity);
    this.proto = new Int16Array(capacity);
    this.sport = new Int32Array(capacity);
    this.dport = new Int32Array(capacity);
    this.icmpType = new Int16Array(capacity);
    this.icmpCode = new Int16Array(capacity);
    this.flags = new Int16Array(capacity);
    this.size = new Int32Array(capacity);
    this.ttl = new Int16Array(capacity);
    this.mark = new Uint32Array(capacity);
    this.way = new Uint32Array(capacity);
  }

  /** Copies a batch's rows from `from` on, as many as there is room for, all columns but `way`; answers how many. */
  take(batch: Batch, from: number): number {
    const count = Math.min(batch.length - from, this.capacity - this.length);
    for (const name of columns)
      this[name].set(batch[name].subarray(from, from + count) as Uint32Array & Uint8Array & Int16Array & Int32Array, this.length);
    for (let row = 0; row < count; row += 1) this.at[this.length + row] = wholeMs(batch.at[from + row] as number);
    this.src.set(batch.src.subarray(4 * from, 4 * (from + count)), 4 * this.length);
    this.dst.set(batch.dst.subarray(4 * from, 4 * (from + count)), 4 * this.length);
    this.length += count;
    return count;
  }
}

/** A moment as it is kept: whole milliseconds, within what a date can be. */
function wholeMs(at: number): number {
  return Number.isNaN(at) ? 0 : Math.floor(Math.min(Math.max(at, -latestMs), latestMs));
}
