import type { Address } from '../../model/net/index.ts';

/** One packet that the kernel logged (LOG or NFLOG). Fields that the line does not have are `null`. */
export interface LoggedPacket {
  /** Epoch milliseconds. */
  readonly at: number;
  /** The rule's prefix, decoded for people, trailing blank cut. */
  readonly prefix: string;
  readonly in: string | null;
  readonly out: string | null;
  readonly src: Address;
  readonly dst: Address;
  /** IP protocol number. */
  readonly proto: number | null;
  readonly sport: number | null;
  readonly dport: number | null;
  readonly icmpType: number | null;
  readonly icmpCode: number | null;
  /** Bits of the model's `tcpFlags`; `null` when it is not TCP. */
  readonly flags: number | null;
  readonly length: number | null;
  readonly ttl: number | null;
  readonly mark: number;
}
