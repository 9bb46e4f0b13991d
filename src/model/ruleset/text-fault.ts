import type { ProblemCode } from '../../result.ts';

/** What is wrong, at an offset of the text. */
export interface TextFault {
  readonly kind: 'fault';
  readonly at: number;
  readonly code: ProblemCode;
  readonly message: string;
  readonly hint: string;
}

export function textFault(at: number, message: string, hint: string, code: ProblemCode = 'ruleset-syntax'): TextFault {
  return { kind: 'fault', at, code, message, hint };
}
