import type { Target } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_LED.c. */
export const LED: Target = {
  kind: 'target',
  name: 'LED',
  families: [4, 6],
  options: options('*--led-trigger-id "NAME"', '--led-delay MS', '--led-always-blink'),
  meaning: () => ({ kind: 'continue' }),
};
