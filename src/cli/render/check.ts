import type { CheckJson } from '../../verbs/index.ts';

/** To the letter: monitoring systems read it. */
export function whole({ output }: CheckJson): string {
  return output;
}
