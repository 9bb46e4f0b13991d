import type { ValueType } from '../extension.ts';

/** Free text of up to `most` bytes. Longer ones are refused, or cut to so many. */
export function quotedText(most: number, longer: 'refused' | 'cut' = 'refused', least = 0): ValueType {
  return {
    hint: `write ${least === 0 ? 'at most' : `${least} to`} ${most} bytes`,
    saved: (value) =>
      value.length < least ? undefined : value.length <= most ? value : longer === 'cut' ? value.slice(0, most) : undefined,
    examples: () => [
      'plain',
      'two words',
      '-j',
      '!',
      `it's "so" \\`,
      'x'.repeat(most),
      ...(least === 0 ? [''] : []),
      ...(longer === 'cut' ? ['y'.repeat(most + 9)] : []),
    ],
    refused: () => [...(longer === 'refused' ? ['z'.repeat(most + 1)] : []), ...(least > 0 ? [''] : [])],
  };
}

/** A name of up to `most` bytes, which prints without quotes whatever it holds. */
export function plainName(most: number, longer: 'refused' | 'cut' = 'refused'): ValueType {
  return {
    hint: `write a name of 1 to ${most} bytes`,
    bare: true,
    saved: (value) =>
      value === '' ? undefined : value.length <= most ? value : longer === 'cut' ? value.slice(0, most) : undefined,
    examples: () => ['web', 'ssh.1', 'a-b_c', 'x'.repeat(most), ...(longer === 'cut' ? ['y'.repeat(most + 3)] : [])],
    refused: () => (longer === 'refused' ? ['z'.repeat(most + 1)] : []),
  };
}
