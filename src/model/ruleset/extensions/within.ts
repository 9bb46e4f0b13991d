import { ranges } from '../../net/index.ts';
import { type AddressField, type Constraint, type NumberField, never } from '../../packet/index.ts';

/** The field lies from `lo` to `hi`; never when the range is written backwards, which the kernel takes and no value meets. */
export function numberWithin(field: NumberField, [lo, hi]: readonly [number, number]): Constraint {
  return lo > hi ? never : { kind: 'number', field, ranges: ranges<number>([lo, hi]) };
}

/** As {@link numberWithin}, for addresses. */
export function addressWithin(field: AddressField, [lo, hi]: readonly [bigint, bigint]): Constraint {
  return lo > hi ? never : { kind: 'address', field, ranges: ranges<bigint>([lo, hi]) };
}
