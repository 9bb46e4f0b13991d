import { bad, type Given, givenValue, type Match, opaque, type ValueType } from '../../extension.ts';
import { options } from '../../option.ts';
import { choice } from '../../values/choice.ts';
import { readNumber, u16, whole } from '../../values/number.ts';
import { quotedText } from '../../values/text.ts';

/** Bytes between `|` are hex, the rest is text. */
const hexString: ValueType = {
  hint: 'write text, with bytes in hex between "|"',
  saved: (text) => bytesOf(text),
  examples: () => ['|41 42|', 'GET|0d0a|', '|00|', '|de ad be ef|x', 'plain', 'a|7c|b', 'say |22|'],
  refused: () => ['|4', '|zz|'],
};

function bytesOf(text: string): string | undefined {
  const parts = text.split('|');
  if (parts.length % 2 === 0) return undefined;
  let bytes = '';
  for (let index = 0; index < parts.length; index += 1) {
    const part = parts[index] as string;
    if (index % 2 === 0) {
      bytes += part;
      continue;
    }
    const digits = part.replace(/\s/g, '');
    if (!/^([0-9a-f]{2})*$/i.test(digits)) return undefined;
    for (let at = 0; at < digits.length; at += 2) bytes += String.fromCharCode(Number.parseInt(digits.slice(at, at + 2), 16));
  }
  return bytes.length > 0 && bytes.length <= 128 ? bytes : undefined;
}

/** net/netfilter/xt_string.c: looks for bytes in the packet. */
export const string: Match = {
  kind: 'match',
  name: 'string',
  families: [4, 6],
  options: options(
    ['! --string ""TEXT""', quotedText(128, 'refused', 1)],
    ['! --hex-string ""TEXT""', hexString],
    ['*--algo NAME', choice(['bm', 'kmp'])],
    ['--from OFFSET', whole(0n, u16)],
    ['--to OFFSET', whole(0n, u16)],
    '--icase',
  ),
  limits: [{ kind: 'one', of: ['--string', '--hex-string'] }],

  // What is no text, or ends in a backslash, prints as hex, whichever way it was written.
  saved: (_use, _backend, spelled) =>
    spelled
      .filter((one) => !isWhole(one))
      .map((one) => {
        if (one.name !== '--string' && one.name !== '--hex-string') return one;
        const bytes = one.values[0] ?? '';
        if (/^[ -~]*[ -[\]-~]$/.test(bytes)) return { ...one, name: '--string' };
        const digits = [...bytes].map((byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('');
        return { ...one, name: '--hex-string', values: [`|${digits}|`] };
      }),
  meaning(use) {
    const from = readNumber(givenValue(use, '--from') ?? '') ?? 0;
    const to = readNumber(givenValue(use, '--to') ?? '') ?? 65_535;
    return from <= to ? opaque(use, 'pure') : bad('--from lies behind --to', 'write the smaller one first', '--to');
  },
};

/** From the first byte or to the last: what it is anyway. */
function isWhole(one: Given): boolean {
  return (one.name === '--from' && one.values[0] === '0') || (one.name === '--to' && one.values[0] === '65535');
}
