import type { ValueType } from '../extension.ts';
import { hexOf, readNumber } from './number.ts';

/** Names of RFC 1349, which leave the two lowest bits alone (libxt tos_values.c). */
const tosNames: Readonly<Record<string, number>> = {
  'Minimize-Delay': 0x10,
  'Maximize-Throughput': 0x08,
  'Maximize-Reliability': 0x04,
  'Minimize-Cost': 0x02,
  'Normal-Service': 0x00,
};

/** `VALUE`, `VALUE/MASK` or a name: a type of service. */
export const tosValue: ValueType = {
  hint: 'write VALUE/MASK such as 0x10/0x3f, or a name such as Minimize-Delay',
  saved(text) {
    const named = Object.keys(tosNames).find((name) => name.toLowerCase() === text.toLowerCase());
    if (named !== undefined) return tosText(tosNames[named] as number, 0x3f);
    const slash = text.indexOf('/');
    const value = readNumber(slash < 0 ? text : text.slice(0, slash), 255);
    const mask = slash < 0 ? 255 : readNumber(text.slice(slash + 1), 255);
    return value === undefined || mask === undefined ? undefined : tosText(value, mask);
  },
  examples: () => ['0', '255', '0x10', '0x10/0x3f', '8/0xff', '0/0', ...Object.keys(tosNames), 'minimize-delay'],
  refused: () => ['256', '1/256', 'Nosuch-Name', '1/'],
};

export function tosText(value: number, mask: number): string {
  const digits = hexOf(2);
  return `${digits(BigInt(value))}/${digits(BigInt(mask))}`;
}

/** Classes of RFC 2474, 2597, 3246 and 5865 (libxt dscp_helper.c). */
const classes: ReadonlyMap<string, number> = new Map([
  ...Array.from({ length: 8 }, (_, index) => [`CS${index}`, index * 8] as const),
  ['BE', 0],
  ...[1, 2, 3, 4].flatMap((one) => [1, 2, 3].map((drop) => [`AF${one}${drop}`, one * 8 + drop * 2] as const)),
  ['EF', 46],
]);

/** A class by name; it prints as its number. */
export const dscpClass: ValueType = {
  hint: 'write a class such as EF, AF41 or CS3',
  saved: (text) => {
    const value = classes.get(text.toUpperCase());
    return value === undefined ? undefined : hexOf(2)(BigInt(value));
  },
  examples: () => [...classes.keys(), 'ef', 'af41'],
  refused: () => ['XX', 'AF44', 'CS8', ''],
};
