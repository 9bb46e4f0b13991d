import type { Family, Prefix } from '../../model/net/index.ts';
import { addressAt, type Batch } from '../events/batch.ts';
import { mostSources } from './incident.ts';

/** Registers of the estimate of how many there are beyond those that are named: 256, an error of some 6.5 % (HyperLogLog: Flajolet et al. 2007). */
const registers = 256;

/** Whose an incident is: the first of them by name, and how many in all. Nearly all incidents have one, for which this keeps one. */
export class Sources {
  readonly named: Prefix[] = [];
  /** When each was last said to be a suspect, by hash; only of those that are named. */
  private readonly saidAt = new Map<number, number>();
  private estimate: Uint8Array | null = null;
  private least = 0;

  get first(): Prefix | null {
    return this.named[0] ?? null;
  }

  get isMany(): boolean {
    return this.named.length > 1 || this.estimate !== null;
  }

  /** How many there are. */
  get count(): number {
    const counted = this.estimate === null ? this.named.length : Math.max(this.named.length, estimated(this.estimate));
    return Math.max(counted, this.least);
  }

  /** Somebody else has counted them. */
  atLeast(count: number): void {
    if (count > this.least) this.least = count;
    if (count > 1) this.estimate ??= this.begun();
  }

  /** @returns whether it is new. */
  name(source: Prefix, at: number): boolean {
    return this.meet(hashOfPrefix(source), at, () => source) === 'new';
  }

  /** The source of an event. @returns it, if it is new or was not named a suspect for long. */
  see(batch: Batch, row: number, at: number, againMs: number): Prefix | null {
    const hash = hashOfRow(batch, row);
    const met = this.meet(hash, at, () => sourceOf(batch, row));
    if (met === 'beyond') return null;
    if (met === 'new') return sourceOf(batch, row);
    if (at - (this.saidAt.get(hash) as number) < againMs) return null;
    this.saidAt.set(hash, at);
    return sourceOf(batch, row);
  }

  private meet(hash: number, at: number, prefix: () => Prefix): 'new' | 'known' | 'beyond' {
    if (this.saidAt.has(hash)) return 'known';
    if (this.named.length > 0 || this.estimate !== null) {
      this.estimate ??= this.begun();
      count(this.estimate, hash);
    }
    if (this.named.length >= mostSources) return 'beyond';
    this.saidAt.set(hash, at);
    this.named.push(prefix());
    return 'new';
  }

  private begun(): Uint8Array {
    const estimate = new Uint8Array(registers);
    for (const hash of this.saidAt.keys()) count(estimate, hash);
    return estimate;
  }
}

/** The source of an event as it is named: a /32, or a /64. */
export function sourceOf(batch: Batch, row: number): Prefix {
  const family = batch.family[row] as Family;
  const address = addressAt(batch.src, 4 * row, family);
  return family === 4 ? { ...address, length: 32 } : { ...address, value: (address.value >> 64n) << 64n, length: 64 };
}

function hashOfRow(batch: Batch, row: number): number {
  const { src } = batch;
  const at = 4 * row;
  return batch.family[row] === 4 ? hashed(32, 0, src[at + 3] as number) : hashed(64, src[at] as number, src[at + 1] as number);
}

function hashOfPrefix({ family, value, length }: Prefix): number {
  if (family === 4) return hashed(length, 0, Number(value));
  return hashed(length, Number(value >> 96n), Number((value >> 64n) & 0xffffffffn));
}

function hashed(length: number, a: number, b: number): number {
  let hash = Math.imul(a ^ length, 0xcc9e2d51);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b) ^ Math.imul(b, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function count(estimate: Uint8Array, hash: number): void {
  const register = hash & (registers - 1);
  const rank = Math.clz32(hash) + 1;
  if (rank > (estimate[register] as number)) estimate[register] = rank;
}

function estimated(estimate: Uint8Array): number {
  let sum = 0;
  let zeros = 0;
  for (const rank of estimate) {
    sum += 2 ** -rank;
    if (rank === 0) zeros += 1;
  }
  const raw = ((0.7213 / (1 + 1.079 / registers)) * registers * registers) / sum;
  return Math.round(raw <= 2.5 * registers && zeros > 0 ? registers * Math.log(registers / zeros) : raw);
}
