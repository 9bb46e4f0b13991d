/** What a rule does with a packet that it matches, as data. */
export type Effect =
  /** No target, or one that leaves both packet and verdict alone (LOG is `log`). */
  | { readonly kind: 'continue' }
  | { readonly kind: 'verdict'; readonly verdict: FinalVerdict }
  | { readonly kind: 'return' }
  | { readonly kind: 'jump'; readonly chain: string; readonly goto: boolean }
  /** The packet is reported and goes on. */
  | { readonly kind: 'log'; readonly by: 'LOG' | 'NFLOG' | 'ULOG' | 'AUDIT'; readonly prefix: string }
  /** `field = (field & ~mask) ^ value`, as MARK and CONNMARK compute. */
  | { readonly kind: 'write'; readonly field: 'mark' | 'connmark'; readonly mask: number; readonly value: number }
  /** `to = (to & ~toMask) ^ (from & fromMask)`: CONNMARK --save-mark and --restore-mark. */
  | {
      readonly kind: 'copy';
      readonly from: 'mark' | 'connmark';
      readonly to: 'mark' | 'connmark';
      readonly fromMask: number;
      readonly toMask: number;
    }
  /** Network address translation; the packet leaves the table. `to` says where, as far as the text tells. */
  | {
      readonly kind: 'translate';
      readonly end: 'src' | 'dst';
      readonly to: Translation;
      /** `--random`, `--random-fully`: what tells connections apart, a source port or an echo's id, is made up anew. */
      readonly random?: true;
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
