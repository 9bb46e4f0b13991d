import { type Match, opaque, type ValueType } from '../../extension.ts';
import { options } from '../../option.ts';
import { readNumber } from '../../values/number.ts';

/** `LOCATION [OP NUMBER]… = RANGE,… [&& …]`; all numbers print in hex (libxt_u32.c). */
const tests: ValueType = {
  hint: 'write tests such as 0>>22&0x3C@0>>24=0x8',
  saved: (text) => {
    const parts = text.replace(/\s/g, '').split('&&').map(test);
    return parts.includes(undefined) || parts.length > 10 ? undefined : parts.join('&&');
  },
  examples: () => ['0=0', '4&0x3FFF=0', '0>>22&0x3C@0>>24=0x8:0xf,9', '0=5&&4=3', '6 & 0xFF = 1', '0<<2=1:2'],
  refused: () => ['0', '=5', '0=', '0&=1', 'x=1'],
};

function test(text: string): string | undefined {
  const [location = '', ranges = '', ...more] = text.split('=');
  const steps = /^([0-9a-fx]+)((?:(?:&|<<|>>|@)[0-9a-fx]+)*)$/i.exec(location);
  const values = ranges.split(',').map((range) => range.split(':').map(inHex));
  if (steps === null || more.length > 0 || values.some((ends) => ends.length > 2 || ends.includes(undefined))) return undefined;
  const numbers = [...(steps[2] ?? '').matchAll(/(&|<<|>>|@)([0-9a-fx]+)/gi)].map(
    ([, op, number]) => [op, inHex(number ?? '')] as const,
  );
  const first = inHex(steps[1] ?? '');
  if (first === undefined || numbers.some(([, number]) => number === undefined)) return undefined;
  return `${first}${numbers.map(([op, number]) => `${op}${number}`).join('')}=${values.map((ends) => (ends[0] === ends[1] ? ends[0] : ends.join(':'))).join(',')}`;
}

function inHex(text: string): string | undefined {
  const number = readNumber(text);
  return number === undefined ? undefined : `0x${number.toString(16)}`;
}

/** net/netfilter/xt_u32.c: computes over the packet's bytes. */
export const u32: Match = {
  kind: 'match',
  name: 'u32',
  families: [4, 6],
  options: options(['*! --u32 ""TESTS""', tests]),

  meaning: (use) => opaque(use, 'pure'),
};
