import type { Target, ValueType } from '../../extension.ts';
import { options } from '../../option.ts';
import { readNumber } from '../../values/number.ts';

/** Options by number or name; they print as numbers in rising order (libxt_TCPOPTSTRIP.c). */
const optionNames: Readonly<Record<string, number>> = { wscale: 3, mss: 2, 'sack-permitted': 4, sack: 5, timestamp: 8, md5: 19 };

const tcpOptions: ValueType = {
  hint: 'write numbers from 0 to 255 or names such as timestamp, with commas between',
  saved: (text) => {
    const read = text.split(',').map((part) => (Object.hasOwn(optionNames, part) ? optionNames[part] : readNumber(part, 255)));
    if (read.includes(undefined) || new Set(read).size < read.length) return undefined;
    return read.sort((a, b) => (a as number) - (b as number)).join(',');
  },
  examples: () => ['2', '255', 'timestamp,5,mss', ...Object.keys(optionNames)],
  refused: () => ['8,8', '256', 'nosuchoption', ''],
};

/** net/netfilter/xt_TCPOPTSTRIP.c. */
export const TCPOPTSTRIP: Target = {
  kind: 'target',
  name: 'TCPOPTSTRIP',
  families: [4, 6],
  options: options(['--strip-options OPTIONS', tcpOptions]),

  meaning: () => ({ kind: 'alter', what: 'tcp-options' }),
};
