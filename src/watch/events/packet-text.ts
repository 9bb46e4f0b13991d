import type { Family } from '../../model/net/index.ts';
import { readAddress } from './address-text.ts';
import { absent } from './batch.ts';
import type { ScanCursor } from './scan-cursor.ts';

/** What the text of a packet says. */
export class PacketText {
  src: Family | 0 = 0;
  dst: Family | 0 = 0;
  size = absent;
  ttl = absent;
  proto = absent;
  sport = absent;
  dport = absent;
  icmpType = absent;
  icmpCode = absent;
  flags = absent;

  clear(): void {
    this.src = 0;
    this.dst = 0;
    this.size = absent;
    this.ttl = absent;
    this.proto = absent;
    this.sport = absent;
    this.dport = absent;
    this.icmpType = absent;
    this.icmpCode = absent;
    this.flags = absent;
  }
}

/** An address into four words; its family, or 0. */
export function readEnd(cursor: ScanCursor, words: Uint32Array, at: number): Family | 0 {
  const from = cursor.at;
  const to = cursor.address();
  return to < 0 ? 0 : readAddress(cursor.bytes, from, to, words, at);
}
