import type { Family } from '../../model/net/index.ts';
import type { Addresses, Conditions } from '../policy.ts';
import type { RuleShape } from './schema.ts';

const bothFamilies: readonly Family[] = [4, 6];

export function familiesOf(word: 'ipv4' | 'ipv6' | 'both'): readonly Family[] {
  return word === 'ipv4' ? [4] : word === 'ipv6' ? [6] : bothFamilies;
}

/** Within a group nothing is said of families that the group is not about. */
export function familiesWithin(word: RuleShape['family'], around: readonly Family[] | null): readonly Family[] {
  const own = familiesOf(word ?? 'both');
  return around === null ? own : own.filter((family) => around.includes(family));
}

/** Families of which the conditions hold for anything. */
export function spokenFamilies({ services, from, to, more }: Conditions, around: readonly Family[] | null): readonly Family[] {
  const some = (addresses: Addresses | null, family: Family): boolean =>
    addresses === null || addresses.except || addresses.ranges[family].length > 0;
  return (around ?? bothFamilies).filter(
    (family) =>
      more?.families.includes(family) !== false &&
      (services === null || services.some((service) => service.families.includes(family))) &&
      some(from, family) &&
      some(to, family),
  );
}
