/**
 * How `palisade check` comes to its answer: it reads what is published, or the host itself where nobody publishes, and has `monitor` judge it.
 *
 * It starts every few minutes on many machines: what it loads is little.
 */
export { plainLine } from '../../monitor/checks/index.ts';
export { answerOf } from './answer.ts';
