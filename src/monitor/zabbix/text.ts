import { createHash } from 'node:crypto';

/**
 * Text that somebody else chose, for values, names and discovered macros: without control characters, without marks that turn writing around, and
 * without anything that Zabbix would take for a macro of its own and fill in (`{$SECRET}`, `{HOST.CONN}`, `{#NAME}`, `{?last(…)}`).
 *
 * @param most in code points
 */
export function plainText(text: string, most: number): string {
  const plain = text
    .toWellFormed()
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not pass
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')
    .replace(/[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g, '')
    .replace(/\{(?=[$#?{A-Z])/g, '(');
  return shortened(plain, most);
}

export function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  const points = [...text];
  return points.length <= most ? text : `${points.slice(0, most - 1).join('')}…`;
}

/** A name as it stands in keys and JSONPaths, which know neither quotes nor brackets of it then: its digest where it holds anything else. */
export function plainId(name: string): string {
  return /^[A-Za-z0-9_.-]{1,64}$/.test(name) ? name : `~${createHash('sha256').update(name).digest('hex').slice(0, 12)}`;
}

/** Made of what it is for, and therefore the same in each release: an importing server knows things by it. In the form of a UUIDv4, the only one it takes. */
export function stableUuid(...what: readonly string[]): string {
  const digits = [
    ...createHash('sha256')
      .update(['palisade/zabbix', ...what].join('\n'))
      .digest('hex')
      .slice(0, 32),
  ];
  digits[12] = '4';
  digits[16] = '89ab'.charAt(Number.parseInt(digits[16] ?? '0', 16) % 4);
  return digits.join('');
}
