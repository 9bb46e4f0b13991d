import { type Given, type Match, opaque, type Use, type ValueType } from '../../extension.ts';
import { options } from '../../option.ts';
import { u32, whole } from '../../values/number.ts';
import { plainName } from '../../values/text.ts';
import { option, pick } from '../pick.ts';

/** A rate with its unit, as libxt_rateest.c reads and prints one. */
const bits: ValueType = {
  hint: 'write a rate such as 1000bit or 5kbit',
  saved: (text) => {
    const bytes = bytesASecond(text);
    return bytes === undefined ? undefined : bitText(bytes);
  },
  examples: () => ['1000bit', '5kbit', '9mbit', '1gbit', '100bps', '1kbps', '2kibit', '80'],
  refused: () => ['x', '5parsec', ''],
};

const rateUnits: Readonly<Record<string, number>> = {
  bit: 1,
  kibit: 1024,
  kbit: 1000,
  mibit: 1024 ** 2,
  mbit: 1000 ** 2,
  gibit: 1024 ** 3,
  gbit: 1000 ** 3,
  bps: 8,
  kibps: 8 * 1024,
  kbps: 8000,
  mibps: 8 * 1024 ** 2,
  mbps: 8 * 1000 ** 2,
};

function bytesASecond(text: string): number | undefined {
  const [, amount = '', unit = 'bit'] = /^([\d.]+)([a-z]+)?$/i.exec(text) ?? [];
  const factor = rateUnits[unit.toLowerCase()];
  return amount === '' || factor === undefined ? undefined : Math.floor((Number(amount) * factor) / 8);
}

function bitText(bytes: number): string {
  const amount = bytes * 8;
  if (amount >= 1000 ** 2 * 1000) return `${Math.round(amount / 1000 ** 2)}Mbit`;
  return amount >= 1000 ** 2 ? `${Math.round(amount / 1000)}Kbit` : `${amount}bit`;
}

/** net/netfilter/xt_rateest.c: rates as estimated now. */
export const rateest: Match = {
  kind: 'match',
  name: 'rateest',
  families: [4, 6],
  options: options(
    '--rateest-delta',
    ['--rateest1|--rateest NAME', plainName(15)],
    ['--rateest-bps1 [RATE]', bits],
    ['--rateest-pps1 [RATE]', whole(0n, u32)],
    '! --rateest-lt',
    '! --rateest-gt',
    '! --rateest-eq',
    ['--rateest2 NAME', plainName(15)],
    ['--rateest-bps2|--rateest-bps [RATE]', bits],
    ['--rateest-pps2|--rateest-pps [RATE]', whole(0n, u32)],
  ),

  limits: [
    { kind: 'one', of: ['--rateest-lt', '--rateest-gt', '--rateest-eq'] },
    { kind: 'some', of: ['--rateest1'] },
    { kind: 'some', of: ['--rateest-bps1', '--rateest-pps1', '--rateest-bps2', '--rateest-pps2'] },
  ],
  saved: (use, _backend, spelled) => savedComparison(use, spelled),
  meaning: (use) => opaque(use, 'stateful'),
};

/** Of one estimator the rate that is compared, of two only what is compared, with `--rateest-delta` both rates (libxt_rateest.c). */
function savedComparison(use: Use, spelled: readonly Given[]): readonly Given[] {
  const delta = pick(spelled, '--rateest-delta');
  const second = pick(spelled, '--rateest2');
  const value = (name: string, otherwise: string): string => pick(spelled, name)[0]?.values[0] ?? otherwise;
  const rates = (['bps', 'pps'] as const).filter((unit) => use.given.some((one) => one.name.startsWith(`--rateest-${unit}`)));
  const none = { bps: '0bit', pps: '0' } as const;
  return [
    ...delta,
    option(second.length === 0 ? '--rateest' : '--rateest1', value('--rateest1', '')),
    // With both kinds of rate the comparison prints twice, which iptables does not take again.
    ...rates.flatMap((unit) => [
      ...(delta.length === 0 ? [] : [option(`--rateest-${unit}1`, value(`--rateest-${unit}1`, none[unit]))]),
      ...pick(spelled, '--rateest-lt', '--rateest-gt', '--rateest-eq'),
      ...(delta.length > 0 ? [option(`--rateest-${unit}2`, value(`--rateest-${unit}2`, none[unit]))] : []),
      ...(delta.length === 0 && second.length > 0 ? [option(`--rateest-${unit}`)] : []),
      ...(delta.length === 0 && second.length === 0
        ? [option(`--rateest-${unit}`, value(`--rateest-${unit}2`, none[unit]))]
        : []),
    ]),
    ...second,
  ];
}
