import { bitsOf } from '../../../net/index.ts';
import type { Given, Target, Use, ValueType } from '../../extension.ts';
import { options } from '../../option.ts';
import { choices } from '../../values/choice.ts';
import { hexOf, u16, u32, whole } from '../../values/number.ts';
import { prefixLength } from '../../values/prefix-length.ts';
import { option, pick } from '../pick.ts';

/** Fields that go into the hash. */
const tupleFields: ValueType = choices(['src', 'dst', 'sport', 'dport', 'spi', 'ct']);

/** net/netfilter/xt_HMARK.c: writes a hash into the mark. */
export const HMARK: Target = {
  kind: 'target',
  name: 'HMARK',
  families: [4, 6],
  options: options(
    ['--hmark-tuple FIELDS', tupleFields],
    ['--hmark-src-prefix LENGTH', prefixLength],
    ['--hmark-dst-prefix LENGTH', prefixLength],
    ['--hmark-sport-mask MASK', whole(0n, u16, hexOf(4))],
    ['--hmark-dport-mask MASK', whole(0n, u16, hexOf(4))],
    ['--hmark-spi-mask MASK', whole(0n, u32, hexOf(8))],
    ['--hmark-sport PORT', whole(0n, u16, hexOf(4))],
    ['--hmark-dport PORT', whole(0n, u16, hexOf(4))],
    ['--hmark-spi SPI', whole(0n, u32, hexOf(8))],
    ['--hmark-proto-mask MASK', whole(0n, u16, hexOf(2))],
    ['--hmark-rnd NUMBER', whole(0n, u32, hexOf(8))],
    ['*--hmark-mod NUMBER', whole(1n, u32)],
    ['--hmark-offset NUMBER', whole(0n, u32)],
  ),

  limits: [
    {
      kind: 'some',
      of: [
        '--hmark-tuple',
        '--hmark-src-prefix',
        '--hmark-dst-prefix',
        '--hmark-sport-mask',
        '--hmark-dport-mask',
        '--hmark-spi-mask',
        '--hmark-sport',
        '--hmark-dport',
        '--hmark-spi',
        '--hmark-proto-mask',
      ],
    },
    { kind: 'some', of: ['--hmark-rnd'] },
  ],
  saved: (use, _backend, spelled) => savedHash(use, spelled),
  meaning: () => ({ kind: 'unknown', target: 'HMARK' }),
};

/** A field of the tuple stands for the whole of it. */
function savedHash(use: Use, spelled: readonly Given[]): readonly Given[] {
  const fields = pick(spelled, '--hmark-tuple')[0]?.values[0]?.split(',') ?? [];
  const bits = String(bitsOf(use.family));
  const whole: readonly (readonly [field: string, name: string, value: string])[] = [
    ['src', '--hmark-src-prefix', bits],
    ['dst', '--hmark-dst-prefix', bits],
    ['sport', '--hmark-sport-mask', '0xffff'],
    ['dport', '--hmark-dport-mask', '0xffff'],
    ['spi', '--hmark-spi-mask', '0xffffffff'],
  ];
  const all = [...spelled, ...whole.filter(([field]) => fields.includes(field)).map(([, name, value]) => option(name, value))];
  return [
    ...pick(
      all,
      '--hmark-src-prefix',
      '--hmark-dst-prefix',
      '--hmark-sport-mask',
      '--hmark-dport-mask',
      '--hmark-spi-mask',
      '--hmark-sport',
      '--hmark-dport',
      '--hmark-spi',
      '--hmark-proto-mask',
      '--hmark-rnd',
      '--hmark-mod',
      '--hmark-offset',
    ),
    ...(fields.includes('ct') ? [option('--hmark-tuple', 'ct')] : []),
  ];
}
