import type { Target } from '../../extension.ts';
import { options } from '../../option.ts';
import { u32, whole } from '../../values/number.ts';
import { quotedText } from '../../values/text.ts';

/** net/netfilter/xt_LED.c. */
export const LED: Target = {
  kind: 'target',
  name: 'LED',
  families: [4, 6],
  options: options(['*--led-trigger-id "NAME"', quotedText(26)], ['--led-delay MS', whole(0n, u32)], '--led-always-blink'),

  meaning: () => ({ kind: 'continue' }),
};
