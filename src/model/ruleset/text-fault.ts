import type { ProblemCode } from '../../result.ts';
import { brief } from './brief.ts';

/** What is wrong, at an offset of the text. */
export interface TextFault {
  readonly kind: 'fault';
  readonly at: number;
  readonly code: ProblemCode;
  readonly message: string;
  readonly hint: string;
}

/** A message quotes bytes of the text as they are; here they become something to show, see {@link brief}. */
export function textFault(at: number, message: string, hint: string, code: ProblemCode = 'ruleset-syntax'): TextFault {
  return { kind: 'fault', at, code, message: brief(message), hint: brief(hint) };
}
