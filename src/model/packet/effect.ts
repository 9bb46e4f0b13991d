/** What a rule does with a packet that it matches, as data. */
export type Effect =
  /** No target, or one that leaves both packet and verdict alone (LOG is `log`). */
  | { readonly kind: 'continue' }
  | { readonly kind: 'verdict'; readonly verdict: FinalVerdict }
  | { readonly kind: 'return' }
  | { readonly kind: 'jump'; readonly chain: string; readonly goto: boolean }
  /** The packet is reported and goes on. */
  | { readonly kind: 'log'; readonly by: 'LOG' | 'NFLOG' | 'ULOG' | 'AUDIT'; readonly prefix: string }
  /** `field = ((field & ~mask) ^ value) << shift`, as MARK and CONNMARK compute; only CONNMARK shifts. */
  | {
      readonly kind: 'write';
      readonly field: 'mark' | 'connmark';
      readonly mask: number;
      readonly value: number;
      /** Bits to the left, negative ones to the right; 0 when left out. */
      readonly shift?: number;
    }
  /** `to = (to & ~toMask) ^ ((from & fromMask) << shift)`: CONNMARK --save-mark and --restore-mark. */
  | {
      readonly kind: 'copy';
      readonly from: 'mark' | 'connmark';
      readonly to: 'mark' | 'connmark';
      readonly fromMask: number;
      readonly toMask: number;
      readonly shift?: number;
    }
  /** The TTL or hop limit becomes, rises or falls by `by`, and stays within 0 to 255 (TTL, HL). */
  | { readonly kind: 'hops'; readonly change: 'set' | 'raise' | 'lower'; readonly by: number }
  /** `tos = (tos & ~mask) ^ value`: TOS, DSCP, and ECN, which may change bits of the TCP header as well. */
  | { readonly kind: 'service'; readonly by: 'tos' | 'ecn'; readonly mask: number; readonly value: number }
  /**
   * What no field of a packet holds is changed: later answers of pure opaque matches need not be those of before.
   * `mss`: a packet without data may also become 4 bytes longer (TCPMSS, where there was no such option).
   */
  | { readonly kind: 'alter'; readonly what: 'ecn' | 'mss' | 'tcp-options' }
  /** Network address translation; the packet leaves the table. `to` says where, as far as the text tells. */
  | {
      readonly kind: 'translate';
      readonly end: 'src' | 'dst';
      readonly to: Translation;
      /** `--random`, `--random-fully`: what tells connections apart, a source port or an echo's id, is made up anew. */
      readonly random?: true;
    }
  /**
   * `address = (address & ~mask) | value`, the destination in PREROUTING and OUTPUT, the source in INPUT and POSTROUTING
   * (NETMAP). Else as `translate`.
   */
  | { readonly kind: 'netmap'; readonly value: bigint; readonly mask: bigint }
  /**
   * TPROXY: where a transparent socket listens at this port and address (`null`: the arriving link's, else the packet's own;
   * port 0: the packet's), or has the connection already, the packet is marked as by `write` and leaves the table for it;
   * else it is dropped.
   */
  | {
      readonly kind: 'deliver';
      readonly address: bigint | null;
      readonly port: number;
      readonly mask: number;
      readonly value: number;
    }
  /** Connection tracking is switched off for the packet (NOTRACK, CT --notrack). */
  | { readonly kind: 'untrack' }
  /** Connection tracking is told how to track the packet (CT): until it has, matches see a new connection without addresses. */
  | { readonly kind: 'track' }
  /** A target that palisade does not know: what becomes of the packet cannot be told. */
  | { readonly kind: 'unknown'; readonly target: string };

export type FinalVerdict = 'ACCEPT' | 'DROP' | 'REJECT' | 'QUEUE' | 'STOLEN';

export type Translation =
  /** DNAT or SNAT to one of these addresses (`null`: unchanged) and ports (`null`: unchanged). */
  | {
      readonly kind: 'range';
      readonly address: readonly [bigint, bigint] | null;
      readonly port: readonly [number, number] | null;
    }
  /** REDIRECT and MASQUERADE: the host's own address on the link, with one of these ports. */
  | { readonly kind: 'own'; readonly port: readonly [number, number] | null };
