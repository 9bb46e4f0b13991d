import { allOf, always, type Constraint, invertIf } from '../../../packet/index.ts';
import { type Bad, badValue, given, type Use, type ValueType } from '../../extension.ts';
import { readNumber } from '../../values/number.ts';
import { firstPart } from './transport.ts';

type Names = Readonly<Record<string, readonly [type: number, low: number, high: number]>>;

/** `TYPE`, `TYPE/CODE` or a name, of which any unambiguous beginning counts. */
export function icmpType(use: Use, name: string, names: Names, has255: boolean): Constraint | Bad {
  const one = given(use, name);
  if (one === undefined) return firstPart;
  const read = typeOf(one.values[0] ?? '', names);
  if (read === undefined) return badValue(one, 'write a type such as echo-request, 8 or 3/1');
  const [type, low, high] = read;
  const is: Constraint =
    has255 && type === 255
      ? always
      : allOf(
          { kind: 'number', field: 'icmpType', ranges: [[type, type]] },
          low === 0 && high === 255 ? always : { kind: 'number', field: 'icmpCode', ranges: [[low, high]] },
        );
  return allOf(firstPart, invertIf(one.inverted, is));
}

function typeOf(text: string, names: Names): readonly [number, number, number] | undefined {
  if (/^\d/.test(text)) {
    const slash = text.indexOf('/');
    const type = readNumber(slash < 0 ? text : text.slice(0, slash), 255);
    const code = slash < 0 ? -1 : readNumber(text.slice(slash + 1), 255);
    if (type === undefined || code === undefined) return undefined;
    return code < 0 ? [type, 0, 255] : [type, code, code];
  }
  const lower = text.toLowerCase();
  const fitting = text === '' ? [] : Object.entries(names).filter(([name]) => name.toLowerCase().startsWith(lower));
  const exact = fitting.find(([name]) => name.toLowerCase() === lower);
  return exact?.[1] ?? (fitting.length === 1 ? fitting[0]?.[1] : undefined);
}

/** A type's value; `any` is the number that stands for every type, if one does. */
export function icmpTypeValue(names: Names, any: number | null): ValueType {
  return {
    hint: 'write a type such as echo-request, 8 or 3/1',
    saved: (text) => {
      const read = typeOf(text, names);
      if (read === undefined) return undefined;
      const [type, low, high] = read;
      if (type === any) return 'any';
      return low === 0 && high === 255 ? String(type) : `${type}/${low}`;
    },
    examples: () => [...Object.keys(names), '0', '255', '8/0', '3/4', '255/3', '0x8', 'echo-req', 'ECHO-REQUEST', 'host-unr'],
    refused: () => ['256', '3/256', '3/', 'nosuchtype', ''],
  };
}
