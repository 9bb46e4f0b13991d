import type { DetectorContext } from './detector.ts';

/** Parts of what something holds at most. */
export const full = { high: 0.8, critical: 0.95, over: 0.7 } as const;
/** Looked at every few seconds: not seen for so long, nobody looks any more. */
export const fillingQuietMs = 3_600_000;
export const percent = (part: number): string => `${Math.floor(part * 100)} %`;

/** Says how full something is from where on it is too full until it no longer is. */
export function filling(context: DetectorContext, detector: string) {
  const open = new Set<string>();
  return (key: string, at: number, part: number, words: { readonly title: string; readonly why: string }): void => {
    if (part < full.over) {
      if (open.delete(key)) context.over(detector, key, at);
      return;
    }
    if (part < full.high && !open.has(key)) return;
    open.add(key);
    context.report({
      detector,
      key,
      severity: part >= full.critical ? 'critical' : 'high',
      ...words,
      sources: [],
      targets: [],
      batch: null,
      row: 0,
      at,
      events: 0,
      spoofable: false,
      ban: false,
    });
  };
}
