/** Data of whose addresses are: the npm package that ships them, its tables by family, and who says so. */
export const kinds = {
  country: {
    package: '@ip-location-db/asn-country',
    file: { 4: 'asn-country-ipv4-num.csv', 6: 'asn-country-ipv6.csv' },
    says: 'NRO',
  },
  as: {
    package: '@ip-location-db/asn',
    file: { 4: 'asn-ipv4-num.csv', 6: 'asn-ipv6.csv' },
    says: 'RouteViews, DB-IP and NRO',
  },
} as const;

export type Kind = keyof typeof kinds;

/** The packages' versions end with the day on which they were made: 2.3.2026061719. */
export function dayOf(version: string): string {
  const [, year, month, day] = /\.(\d{4})(\d\d)(\d\d)\d*$/.exec(version) ?? [];
  return year === undefined ? version : `${year}-${month}-${day}`;
}
