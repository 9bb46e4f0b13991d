/**
 * What a firewall does to packets.
 *
 * `evaluate` answers for one packet at a time, plainly: it walks the chains as the kernel does and is the oracle for
 * everything cleverer. `space`, `symbolic` and `answers` (imported by their own names) answer for all packets at once.
 * All read the model only, touch no machine and know neither clock nor chance. Audit and the verbs call them; findings are
 * not made here.
 */
export * from './evaluate/index.ts';
