/**
 * What is seen of the host itself and that no event tells: counters of its rules, its table of connections, its sets. Whoever watches a live
 * host looks every few seconds and hands it to the detection; in `simulate` there is none. `at` is epoch milliseconds, as in events.
 */
export type Observation =
  | {
      /** Packets that rules have met, as their counters say, summed over both families; they begin anew when rules are loaded. */
      readonly kind: 'counters';
      readonly at: number;
      /** Of rules with LOG or NFLOG whose lines should come to whoever watches; `null`: there are none. */
      readonly logged: number | null;
      /** Of rules and policies that drop or reject. */
      readonly dropped: number;
    }
  | {
      /** nf_conntrack_count and nf_conntrack_max. */
      readonly kind: 'conntrack';
      readonly at: number;
      readonly entries: number;
      readonly limit: number;
    }
  | {
      /** The table of connections was full since it was last looked at (/proc/net/stat/nf_conntrack: `drop` and `early_drop`). */
      readonly kind: 'conntrack-dropped';
      readonly at: number;
      /** Packets that the kernel dropped, since there was no room for their connection. */
      readonly packets: number;
      /** Connections that it gave up for new ones, since they were not established. */
      readonly evicted: number;
    }
  | {
      /** A set that takes no more when it is full: its members, and its maxelem. */
      readonly kind: 'set-fill';
      readonly at: number;
      readonly set: string;
      readonly entries: number;
      readonly limit: number;
      /** It holds those whom palisade shuts out. */
      readonly shutsOut: boolean;
    };
