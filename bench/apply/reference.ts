/**
 * What every firewall that is measured is to do: everybody may come to 80 and 443, and to 22 not too often; who is trusted also to
 * 5432; answers, loopback and ICMP are let in; all else is dropped, and a little of it logged.
 */
export interface Reference {
  /** Networks that are trusted; no two touch, so that nothing can make fewer of them. */
  readonly four: readonly string[];
  readonly six: readonly string[];
}

export const database = 5432;

export function reference(count: number): Reference {
  return {
    four: Array.from({ length: count }, (_, index) => `10.${index >> 8}.${index & 255}.0/25`),
    six: Array.from({ length: 10 }, (_, index) => `2001:db8:${(2 * index).toString(16)}::/48`),
  };
}
