/**
 * Addresses, prefixes, ports and protocols: the words of a network.
 *
 * Texts become integers here and become texts again for people; everything between counts in integers.
 * It knows nothing of packets or rules. Every other folder calls it.
 */
export * from './address.ts';
export * from './bogons.ts';
export * from './protocol.ts';
export * from './ranges.ts';
export * from './service.ts';
