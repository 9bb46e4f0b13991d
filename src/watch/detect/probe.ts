import { UDP } from '../../model/net/index.ts';
import type { Batch } from '../events/batch.ts';

/** Traceroute asks these of UDP, one after the other (traceroute(8)); to those whom it reaches they are one. */
const traceroute = { first: 33_434, last: 33_534 } as const;

/**
 * Words mixed to one (the finalizer of MurmurHash3, Appleby 2011). All hashes are signed: numbers beyond 2^31 would each be an object to the
 * engine of JavaScript when they are handed on.
 */
export function mix(seed: number, word: number): number {
  let hash = seed ^ Math.imul(word, 0xcc9e2d51);
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** What several detectors want of the event that is being seen. One object, written over with each event that is a probe. */
export class Probe {
  /** Keyed hash of the address that it is sent to. */
  host = 0;
  /** Keyed hash of protocol and port: what is asked for, wherever. */
  service = 0;
  /** Keyed hash of address, protocol and port. */
  target = 0;
  /** The second of the epoch that it is of. */
  second = 0;
  private readonly seed: number;

  constructor(seed: number) {
    this.seed = seed | 0;
  }

  take(batch: Batch, row: number): void {
    const { dst } = batch;
    const at = 4 * row;
    let host = mix(this.seed, dst[at + 3] as number);
    if (batch.family[row] === 6) {
      host = mix(host, dst[at + 2] as number);
      host = mix(host ^ (dst[at] as number), dst[at + 1] as number);
    }
    const proto = batch.proto[row] as number;
    let port = batch.dport[row] as number;
    if (proto === UDP && port >= traceroute.first && port <= traceroute.last) port = traceroute.first;
    this.second = Math.floor((batch.at[row] as number) / 1000);
    this.host = host;
    this.service = mix(this.seed ^ 0x5bd1e995, (proto << 17) | (port & 0x1ffff));
    this.target = mix(host, this.service);
  }
}
