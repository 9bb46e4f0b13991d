import { bad, given, givenValue, type Match, opaque, type ValueType } from '../../extension.ts';
import { options } from '../../option.ts';
import { choice } from '../../values/choice.ts';
import { readBig, u32, whole } from '../../values/number.ts';

/** A share of 1, which the kernel keeps as 31 bits. */
const probability: ValueType = {
  hint: 'write a number from 0 to 1',
  saved: (text) => {
    const share = /^\d*\.?\d+(e-?\d+)?$|^\d+\.$/i.test(text) ? Number(text) : Number.NaN;
    return share >= 0 && share <= 1 ? (Math.round(share * 0x80000000) / 0x80000000).toFixed(11) : undefined;
  },
  examples: () => ['0', '1', '0.5', '0.25', '0.3', '.1', '0.00000001', '0.99999', '1e-3', '0.3333'],
  refused: () => ['1.1', '-0.1', 'x', '2'],
};

/** net/netfilter/xt_statistic.c: every n-th packet, or a random one. */
export const statistic: Match = {
  kind: 'match',
  name: 'statistic',
  families: [4, 6],
  options: options(
    ['*--mode MODE', choice(['random', 'nth'])],
    ['! --probability P', probability],
    ['! --every N', whole(1n, u32)],
    ['--packet P', whole(0n, u32)],
  ),

  limits: [
    { kind: 'at-most-one', of: ['--probability', '--every'] },
    { kind: 'at-most-one', of: ['--probability', '--packet'] },
    { kind: 'needs', option: '--every', of: ['--packet'] },
    { kind: 'needs', option: '--packet', of: ['--every'] },
  ],
  meaning(use) {
    const isRandom = givenValue(use, '--mode') === 'random';
    const wanted = isRandom ? '--probability' : '--every';
    if (given(use, wanted) === undefined) return bad(`-m statistic lacks ${wanted}`, 'write it', '--mode');
    const every = readBig(givenValue(use, '--every') ?? '') ?? 1n;
    if ((readBig(givenValue(use, '--packet') ?? '') ?? 0n) < every) return opaque(use, 'stateful');
    return bad('--packet lies beyond --every', 'write a number from 0 to one less', '--packet');
  },
};
