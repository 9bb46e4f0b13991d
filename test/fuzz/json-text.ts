import type { Random } from './random.ts';
import { filled } from './target.ts';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Values that may stand anywhere in place of another. */
const values: readonly Json[] = [
  ...[
    null,
    true,
    false,
    0,
    -1,
    1.5,
    1e308,
    65536,
    4294967296,
    2 ** 53,
    '',
    ' ',
    'eth0',
    '10.0.0.1',
    '10.0.0.0/33',
    '::/129',
    '2001:db8::1',
  ],
  ...[
    'tcp',
    'NEW',
    'INPUT',
    '0x1',
    '\u0000',
    '\n',
    '🙂',
    '__proto__',
    'constructor',
    'a'.repeat(300),
    [],
    {},
    [[]],
    [{}],
    [null],
    { a: 1 },
  ],
];
const pieces = [
  ...'{}[]",:\\ \n0-+.eEtfn/',
  '\\u0000',
  '\\ud800',
  '\\x',
  '"__proto__":1,',
  'null',
  '1e999',
  '01',
  "'",
  '//',
  '\ufeff',
  '\u0000',
];

/** A JSON text made from a good example: values and keys changed, and now and then its characters too. */
export function changedJson(example: Json, random: Random): string {
  let value = example;
  for (let edit = random.nat(4); edit > 0; edit -= 1) value = changed(value, random, 4);
  let text = JSON.stringify(value, null, random.once(3) ? 1 : 0);
  if (!random.once(3)) return text;
  for (let edit = random.nat(3); edit > 0; edit -= 1) {
    const at = random.nat(text.length + 1);
    text = text.slice(0, at) + random.pick(pieces) + text.slice(at + random.nat(3));
  }
  return text;
}

function changed(value: Json, random: Random, depth: number): Json {
  if (depth === 0 || random.once(6) || value === null || typeof value !== 'object') return random.pick(values);
  if (isList(value)) {
    if (value.length === 0 || random.once(4)) return [...value, random.pick(values)];
    const at = random.nat(value.length);
    return value.map((one, index) => (index === at ? changed(one, random, depth - 1) : one));
  }
  const keys = Object.keys(value);
  if (keys.length === 0 || random.once(6))
    return { ...value, [random.pick(['extra', '', 'constructor', ...keys])]: random.pick(values) };
  const key = random.pick(keys);
  const rest = Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
  return random.once(4) ? rest : { ...value, [key]: changed(value[key] ?? null, random, depth - 1) };
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** A megabyte in one of the places where JSON can be long or deep. */
export function largeJson(example: Json, random: Random): string {
  const whole = JSON.stringify(example);
  const kinds = [
    () => filled(random.pick(['[', '{"a":', '[[],', '"', '\\', '0', ' ', '\n'])),
    () => `[${filled(`${whole},`)}${whole}]`,
    () => `{"${filled(random.pick(['k', '\\u0041', '\\"']))}":1}`,
    () => `{${filled('"hostname":"x",')}"backend":"nft"}`,
    () => whole.replace(/"[^"]*"(?=[,}\]])/, () => JSON.stringify(filled(random.pick(['x', '"', '\n', '9', ':', '/'])))),
    () => whole.replace(/\d+/, () => filled('9')),
  ];
  return random.pick(kinds)();
}
