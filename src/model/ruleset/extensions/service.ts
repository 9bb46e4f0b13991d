import type { Ranges } from '../../net/index.ts';
import { type Constraint, never } from '../../packet/index.ts';
import type { Given } from '../extension.ts';
import { readNumber } from '../values/number.ts';
import { dscpClass } from '../values/tos.ts';

/** `(tos & mask) === value`, of the TOS byte or the traffic class. */
export function serviceIs(mask: number, value: number): Constraint {
  const ranges: [number, number][] = [];
  for (let tos = 0; tos < 256; tos += 1) {
    if ((tos & mask) !== value) continue;
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === tos - 1) last[1] = tos;
    else ranges.push([tos, tos]);
  }
  return ranges.length === 0 ? never : { kind: 'number', field: 'tos', ranges: ranges satisfies Ranges<number> };
}

/** `VALUE/MASK` as it is saved. */
export function serviceBits(saved: string | undefined): { readonly value: number; readonly mask: number } | undefined {
  const [value, mask] = (saved ?? '').split('/').map((part) => readNumber(part, 255));
  return value === undefined || mask === undefined ? undefined : { value, mask };
}

/** The six bits that `--dscp`, `--dscp-class`, `--set-dscp` or `--set-dscp-class` says. */
export function writtenClass({ name, values }: Given): number | undefined {
  const text = values[0] ?? '';
  return readNumber((name.endsWith('-class') ? dscpClass.saved(text, 4) : text) ?? '', 63);
}
