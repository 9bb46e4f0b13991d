/**
 * Connections that go on, and what the present rules say of them: which rule would let each in, which lets its packets pass
 * now, and which of them were accepted before the rules changed.
 *
 * Sockets and connection tracking are joined to flows; the interpreter judges their packets. It finds no fault and reads
 * nothing. The verb `connections` calls it.
 */
export type { Flow } from './flow.ts';
export { type FlowReport, type Judged, type JudgedFlow, judgeFlows } from './judge.ts';
