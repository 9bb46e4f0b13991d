/**
 * What a firewall does to packets.
 *
 * `evaluate` answers for one packet at a time, plainly: it walks the chains as the kernel does and is the oracle for
 * everything cleverer. It reads the model only, touches no machine and knows neither clock nor chance.
 * Audit and the verbs call it; it is not where findings are made.
 */
export * from './evaluate/index.ts';
