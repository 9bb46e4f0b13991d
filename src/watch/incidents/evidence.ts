import type { Batch } from '../events/batch.ts';
import { packetAt } from '../events/batch.ts';
import { formatLoggedPacket } from '../events/format.ts';
import { evidenceKept } from './incident.ts';

const decoder = new TextDecoder();

/**
 * The first and the last lines of an incident. While a batch is read only the numbers of its rows are kept; their texts are copied when it ends, so
 * that a line that is not among the last costs nothing.
 */
export class Evidence {
  private readonly first: string[] = [];
  private readonly last: string[] = [];
  private rows: number[] = [];
  private held = 0;

  add(batch: Batch, row: number): void {
    if (this.first.length < evidenceKept.first) this.first.push(lineOf(batch, row));
    else {
      this.rows[this.held % evidenceKept.last] = row;
      this.held += 1;
    }
  }

  /** The batch is about to be filled anew. */
  keep(batch: Batch): void {
    const count = Math.min(this.held, evidenceKept.last);
    for (let back = count; back > 0; back -= 1)
      this.last.push(lineOf(batch, this.rows[(this.held - back) % evidenceKept.last] as number));
    if (this.last.length > evidenceKept.last) this.last.splice(0, this.last.length - evidenceKept.last);
    this.held = 0;
  }

  lines(): string[] {
    return [...this.first, ...this.last];
  }
}

/** Exactly as it was read; of a packet that had no line, as it is shown. */
function lineOf(batch: Batch, row: number): string {
  const from = batch.textFrom[row] as number;
  const length = batch.textLength[row] as number;
  return length === 0 ? formatLoggedPacket(packetAt(batch, row)) : decoder.decode(batch.text.subarray(from, from + length));
}
