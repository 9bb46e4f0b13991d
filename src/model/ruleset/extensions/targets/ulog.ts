import { givenValue, type Target } from '../../extension.ts';
import { options } from '../../option.ts';

/** NFLOG's forerunner, gone from the kernel since 3.17; old saves still hold it. */
export const ULOG: Target = {
  kind: 'target',
  name: 'ULOG',
  families: [4],
  options: options('--ulog-prefix "TEXT"', '--ulog-nlgroup NUMBER', '--ulog-cprange BYTES', '--ulog-qthreshold NUMBER'),
  meaning: (use) => ({ kind: 'log', by: 'ULOG', prefix: givenValue(use, '--ulog-prefix') ?? '' }),
};
