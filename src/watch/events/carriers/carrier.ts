import type { Batch } from '../batch.ts';
import type { LineClock } from '../line-clock.ts';

/** A form in which lines come: who wrote them, when and how. One file each. */
export interface Carrier {
  /** As people would say it: `syslog`, `journald JSON`. */
  readonly name: string;
  /** Whether the line has this form, whatever it says. */
  fits(bytes: Uint8Array, from: number, to: number): boolean;
  /**
   * One line, without its end, into the row at `batch.length`: all columns but those of its text, which {@link readLines} writes. It does not
   * add to the length. `false`: no event, and the row's columns are of nothing.
   */
  read(bytes: Uint8Array, from: number, to: number, batch: Batch, clock: LineClock): boolean;
  /**
   * As `read`, of a line whose end nobody has looked for yet, and which ends in a byte 10 before `limit`: where it ends, and -1 of whatever is not
   * the most usual, which is then read as all others. It spares the search for the end.
   */
  readAhead?(bytes: Uint8Array, from: number, limit: number, batch: Batch, clock: LineClock): number;
}
