import type { Prefix } from '../../model/net/index.ts';
import { sourceOf } from './never.ts';

interface Neighbours {
  /** One bit a member. */
  readonly bits: Uint32Array;
  /** Of those whose evidence cannot be forged. */
  readonly proven: Uint32Array;
  count: number;
  provenCount: number;
  since: number;
}

/** Which addresses of each /24 were suspected, of so many networks at a time; the oldest one makes room. */
export class NeighbourTable {
  private readonly networks = new Map<number, Neighbours>();
  private readonly most: number;
  private readonly together: number;

  constructor(most: number, together: number) {
    this.most = most;
    this.together = together;
  }

  /** Notes one, and says how many of its network there are by now, itself included. */
  note(source: Prefix, at: number, spoofable: boolean): { readonly all: number; readonly proven: number } {
    const key = Number(source.value >> 8n);
    const last = Number(source.value & 255n);
    let found = this.networks.get(key);
    if (found === undefined || at - found.since > this.together) {
      found = { bits: new Uint32Array(8), proven: new Uint32Array(8), count: 0, provenCount: 0, since: at };
      this.networks.delete(key);
      if (this.networks.size >= this.most)
        for (const oldest of this.networks.keys()) {
          this.networks.delete(oldest);
          break;
        }
      this.networks.set(key, found);
    }
    if (put(found.bits, last)) found.count += 1;
    if (!spoofable && put(found.proven, last)) found.provenCount += 1;
    return { all: found.count, proven: found.provenCount };
  }

  /** All of an IPv4 network begin anew. */
  forget({ family, length, value }: Prefix): void {
    if (family === 6) return;
    for (const key of [...this.networks.keys()])
      if (length >= 24 ? key === Number(value >> 8n) : BigInt(key) >> BigInt(24 - length) === value >> BigInt(32 - length))
        this.networks.delete(key);
  }
}

function put(bits: Uint32Array, at: number): boolean {
  const bit = 1 << (at & 31);
  const before = bits[at >> 5] as number;
  bits[at >> 5] = before | bit;
  return (before & bit) === 0;
}

export function networkAround(source: Prefix): Prefix {
  return sourceOf({ ...source, length: 24 });
}
