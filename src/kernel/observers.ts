import { marks } from './observed.ts';

/** Of the observers' rules, and of nothing else in a rehearsal. */
export const observerGroup = 7;
export const observerTable = 'palisade';

/** What a packet's coming to a chain means, and the prefix that reports it. */
export const observerChains = {
  routed: { letter: 'r', mark: marks.routed },
  entered: { letter: 'i', mark: marks.input },
  forwarded: { letter: 'f', mark: marks.forward },
  sent: { letter: 'o', mark: marks.output },
  delivered: { letter: 'd', mark: marks.delivered },
  left: { letter: 'l', mark: marks.left },
} as const;
export type ObserverChain = keyof typeof observerChains;

/** Ethernet source of fences: packets sent last, which are reported and taken off before any rule. */
export const fenceMac = 0x025041_4c0001;
export const fenceLetter = 'z';

const byLetter: ReadonlyMap<string, number> = new Map(Object.values(observerChains).map(({ letter, mark }) => [letter, mark]));
const byChain: ReadonlyMap<string, number> = new Map(Object.entries(observerChains).map(([chain, { mark }]) => [chain, mark]));

export const markOfLetter = (letter: string): number => byLetter.get(letter) ?? 0;
export const markOfChain = (chain: string): number => byChain.get(chain) ?? 0;
