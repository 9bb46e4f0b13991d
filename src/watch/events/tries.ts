import type { Batch } from './batch.ts';

const size = 2048;
/** A connection that has not logged in by then was ended by sshd (LoginGraceTime, 2 minutes unless set). */
const MEMORY_MS = 600_000;

const COUNTED = 1;
const UNTRIED = 2;

/**
 * Connections to sshd and what was counted of each, so that one try counts once although sshd says it in several lines. A fixed table by
 * address and port: where two fall on one place the older is forgotten, and may then count once more.
 */
export class Tries {
  private readonly words = new Uint32Array(4 * size);
  private readonly ports = new Int32Array(size).fill(-1);
  private readonly since = new Float64Array(size);
  private readonly states = new Uint8Array(size);

  /** A user was named that does not exist: one try, together with the first password for it. */
  named(batch: Batch, row: number): boolean {
    const place = this.placeOf(batch, row);
    if (this.states[place] !== 0) return false;
    this.states[place] = COUNTED | UNTRIED;
    return true;
  }

  /** A password was wrong. */
  failed(batch: Batch, row: number): boolean {
    const place = this.placeOf(batch, row);
    const before = this.states[place] as number;
    this.states[place] = COUNTED;
    return (before & UNTRIED) === 0;
  }

  /** It ended without a login: one try, unless others were counted. */
  ended(batch: Batch, row: number): boolean {
    const place = this.placeOf(batch, row);
    const before = this.states[place] as number;
    this.states[place] = COUNTED;
    return before === 0;
  }

  /** The place of the row's connection; a new one's is empty. */
  private placeOf(batch: Batch, row: number): number {
    const from = 4 * row;
    const port = batch.sport[row] as number;
    let hash = port;
    for (let word = 0; word < 4; word += 1) hash = Math.imul(hash ^ (batch.src[from + word] as number), 0x9e3779b1);
    const place = (hash ^ (hash >>> 15)) & (size - 1);
    const at = batch.at[row] as number;
    let same = this.ports[place] === port && Math.abs(at - (this.since[place] as number)) < MEMORY_MS;
    for (let word = 0; word < 4; word += 1) same &&= this.words[4 * place + word] === batch.src[from + word];
    if (!same) {
      this.words.set(batch.src.subarray(from, from + 4), 4 * place);
      this.ports[place] = port;
      this.since[place] = at;
      this.states[place] = 0;
    }
    return place;
  }
}
