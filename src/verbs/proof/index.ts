/**
 * Proof by the kernel: the packets by which palisade shows what it says, sent through the host's own rules in a throw-away
 * namespace, and compared with what was said.
 *
 * It judges no rules and draws nothing; `kernel` rehearses. Verbs call it where `--prove` asks for it.
 */
export { type Claim, claimAmong, claimOf, faultsOf, type Proof, type Proved } from './claim.ts';
export { type Proving, prove } from './prove.ts';
