import { bad, givenValue, type Target, type ValueType } from '../../extension.ts';
import { options } from '../../option.ts';
import { readNumber } from '../../values/number.ts';
import { quotedText } from '../../values/text.ts';

/** syslog's names; any beginning of one counts (XTTYPE_SYSLOGLEVEL). */
const levels: Readonly<Record<string, number>> = {
  alert: 1,
  crit: 2,
  debug: 7,
  emerg: 0,
  error: 3,
  info: 6,
  notice: 5,
  panic: 0,
  warning: 4,
};

const logLevel: ValueType = {
  hint: 'write a level from 0 to 7, or its name such as warning',
  saved: (text) => {
    const number = readNumber(text, 7);
    if (number !== undefined) return String(number);
    return Object.hasOwn(levels, text) ? String(levels[text]) : undefined;
  },
  examples: () => ['0', '4', '7', '0x5', 'debug', 'warning', 'emerg', 'error', 'panic', 'crit', 'alert', 'notice'],
  refused: () => ['8', 'nosuchlevel', 'INFO', ''],
};

/** net/netfilter/xt_LOG.c: a line in the kernel's log; the prefix holds 29 bytes, iptables cuts the rest. */
export const LOG: Target = {
  kind: 'target',
  name: 'LOG',
  families: [4, 6],
  options: options(
    ['--log-prefix "TEXT"', quotedText(29, 'cut', 1)],
    ['--log-level LEVEL', logLevel],
    '--log-tcp-sequence',
    '--log-tcp-options',
    '--log-ip-options',
    '--log-uid',
    '--log-macdecode',
  ),
  saved: (_use, _backend, spelled) => spelled.filter((one) => one.name !== '--log-level' || one.values[0] !== '4'),

  meaning(use) {
    const prefix = givenValue(use, '--log-prefix') ?? '';
    if (prefix.includes('\n'))
      return bad('the prefix holds a line end', 'remove it: it would forge lines in the log', '--log-prefix');
    return { kind: 'log', by: 'LOG', prefix: prefix.slice(0, 29) };
  },
};
