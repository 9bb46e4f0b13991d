import { type Address, parseAddress, parsePrefix } from '../../model/net/index.ts';
import type { Surroundings } from '../../watch/index.ts';
import type { Facts } from './told.ts';

/** The facts as detection takes them. */
export function surroundingsOf({ own, connected, answering, outside }: Facts): Surroundings {
  const addresses = (words: readonly string[]): Address[] => words.flatMap((word) => parseAddress(word) ?? []);
  return {
    own: own === null ? null : addresses(own),
    connected: connected.flatMap(({ network, link }) => {
      const prefix = parsePrefix(network);
      return prefix === undefined ? [] : [{ ...prefix, link }];
    }),
    answering: addresses(answering),
    outside,
  };
}

/** Whether detection has to know of a difference. */
export function isSameHost(one: Facts, other: Facts): boolean {
  const print = ({ own, connected, answering, outside }: Facts): string => JSON.stringify([own, connected, answering, outside]);
  return print(one) === print(other);
}
