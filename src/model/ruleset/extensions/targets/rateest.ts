import { bad, givenValue, type Target, type Use, type ValueType } from '../../extension.ts';
import { options } from '../../option.ts';
import { plainName } from '../../values/text.ts';
import { option } from '../pick.ts';

/** A time with its unit: `s`, `ms` or `us`, microseconds when left out. */
const time: ValueType = {
  hint: 'write a time such as 250ms or 2s',
  saved: (text) => {
    const micros = microseconds(text);
    if (micros === undefined) return undefined;
    return timeText(micros);
  },
  examples: () => ['250ms', '1s', '2sec', '500msec', '8s', '250000'],
  refused: () => ['x', '5parsec', ''],
};

const timeUnits: Readonly<Record<string, number>> = {
  s: 1e6,
  sec: 1e6,
  secs: 1e6,
  ms: 1e3,
  msec: 1e3,
  msecs: 1e3,
  us: 1,
  usec: 1,
  usecs: 1,
};

function microseconds(text: string): number | undefined {
  const [, amount = '', unit = ''] = /^([\d.]+)([a-z]*)$/i.exec(text) ?? [];
  const factor = timeUnits[(unit === '' ? 'us' : unit).toLowerCase()];
  return amount === '' || factor === undefined ? undefined : Math.floor(Number(amount) * factor);
}

/** net/netfilter/xt_RATEEST.c. */
export const RATEEST: Target = {
  kind: 'target',
  name: 'RATEEST',
  families: [4, 6],
  options: options(
    ['*--rateest-name NAME', plainName(15)],
    ['*--rateest-interval TIME', time],
    ['*--rateest-ewmalog TIME', time],
  ),

  saved: (use) => {
    const times = keptTimes(use);
    if (times === undefined) return [];
    return [
      option('--rateest-name', givenValue(use, '--rateest-name') ?? ''),
      option('--rateest-interval', timeText(times.interval)),
      option('--rateest-ewmalog', timeText(times.average)),
    ];
  },
  meaning: (use) =>
    keptTimes(use) === undefined
      ? bad(
          'the kernel cannot average so',
          'write an interval from 250ms to 8s and a time well above it to average over',
          '--rateest-ewmalog',
        )
      : { kind: 'continue' },
};

function timeText(micros: number): string {
  if (micros >= 1_000_000) return `${(micros / 1_000_000).toFixed(1)}s`;
  return micros >= 1000 ? `${(micros / 1000).toFixed(1)}ms` : `${micros}us`;
}

/** The kernel keeps both as powers of two: of a quarter second, and of the interval (libxt_RATEEST.c, RATEEST_final_check). */
function keptTimes(use: Use): { readonly interval: number; readonly average: number } | undefined {
  const interval = microseconds(givenValue(use, '--rateest-interval') ?? '') ?? 0;
  const average = microseconds(givenValue(use, '--rateest-ewmalog') ?? '') ?? 0;
  let power = 0;
  while (power <= 5 && interval > 2 ** power * 250_000) power += 1;
  let log = 1;
  while (log < 32 && interval / -Math.log(1 - 1 / 2 ** log) <= average) log += 1;
  log -= 1;
  return power > 5 || log === 0 || log >= 31
    ? undefined
    : { interval: 2 ** power * 250_000, average: 2 ** power * 250_000 * 2 ** log };
}
