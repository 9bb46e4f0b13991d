import type { Family } from '../../model/net/index.ts';
import type { Addresses, Service } from '../policy.ts';
import { conditionsOf, conditionText } from './conditions.ts';

/**
 * What rules match that let services in from some addresses, in one family and without sets: none where it speaks of the other family
 * only, `null` where so many networks want a set.
 */
export function plainConditions(
  services: readonly Service[] | null,
  from: Addresses | null,
  family: Family,
): readonly string[] | null {
  let plain = true;
  const noSets = {
    nameOf(): string {
      plain = false;
      return '';
    },
    all: () => [],
  };
  const conditions = conditionsOf({ services, from, to: null, via: null, out: null }, family, noSets).map(conditionText);
  return plain ? conditions : null;
}
