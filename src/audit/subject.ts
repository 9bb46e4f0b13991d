import { createEvaluator } from '../analysis/index.ts';
import type { Host } from '../model/host/index.ts';
import type { Subject } from './check.ts';
import { createAsk } from './engine.ts';

/** What checks look at: the host, its rules packet by packet, and its rules as functions of every packet. */
export function subjectOf(host: Host): Subject {
  return { host, evaluator: createEvaluator(host), ask: createAsk(host) };
}
