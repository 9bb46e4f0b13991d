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
      /** The kernel's own line `nf_conntrack: table full, dropping packet`, read from a source that nobody can forge. */
      readonly kind: 'conntrack-dropped';
      readonly at: number;
    }
  | {
      /** A set of bans: its members, and its maxelem. */
      readonly kind: 'set-fill';
      readonly at: number;
      readonly set: string;
      readonly entries: number;
      readonly limit: number;
    };
