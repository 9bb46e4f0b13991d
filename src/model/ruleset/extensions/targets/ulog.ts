import { givenValue, type Target } from '../../extension.ts';
import { options } from '../../option.ts';
import { u32, whole } from '../../values/number.ts';
import { quotedText } from '../../values/text.ts';

/** NFLOG's forerunner, gone from the kernel since 3.17; old saves still hold it. */
export const ULOG: Target = {
  kind: 'target',
  name: 'ULOG',
  families: [4],
  options: options(
    ['--ulog-prefix "TEXT"', quotedText(32, 'cut')],
    ['--ulog-nlgroup NUMBER', whole(1n, 32n)],
    ['--ulog-cprange BYTES', whole(1n, u32)],
    ['--ulog-qthreshold NUMBER', whole(1n, 50n)],
  ),

  meaning: (use) => ({ kind: 'log', by: 'ULOG', prefix: givenValue(use, '--ulog-prefix') ?? '' }),
};
