import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Family, parseAddress } from '../../model/net/index.ts';
import { readAddress } from './address-text.ts';
import { addressAt } from './batch.ts';

it('an address is read as text is, and nothing else is one', () => {
  const group = fc.integer({ min: 0, max: 0xffff }).map((value) => value.toString(16));
  const quad = fc.ipV4();
  const texts = fc.oneof(
    quad,
    fc.ipV6(),
    fc
      .tuple(
        fc.array(group, { maxLength: 8 }),
        fc.constantFrom(':', '::', '.'),
        fc.array(group, { maxLength: 8 }),
        fc.constantFrom('', ':1.2.3.4', '1.2.3.4', ':'),
      )
      .map(([head, middle, tail, end]) => head.join(':') + middle + tail.join(':') + end),
    fc
      .array(fc.constantFrom('0', '1', '25', '255', '256', '.', ':', '::', 'a', 'F', 'g', '%', ' '), { maxLength: 16 })
      .map((parts) => parts.join('')),
  );
  const words = new Uint32Array(8);
  fc.assert(
    fc.property(texts, (text) => {
      const bytes = Buffer.from(`.${text}:`);
      const family = readAddress(bytes, 1, bytes.length - 1, words, 4);
      expect(family === 0 ? undefined : addressAt(words, 4, family as Family)).toEqual(parseAddress(text));
    }),
    { numRuns: 1500 },
  );
});
