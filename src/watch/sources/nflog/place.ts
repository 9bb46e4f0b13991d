import type { Bounds } from './bounds.ts';

/** Where the reading of an NFLOG group has come to: its cursor. */
export interface Place {
  /** When something was last read; epoch milliseconds. */
  readonly at: number;
  /** Since when nobody had read it, where that is not said yet. */
  readonly since: number | null;
  /** What the counters of its rules had come to with the last packet that was read or said to be lost; or why that is not known. */
  readonly counted: Counted | { readonly why: string };
}

export interface Counted extends Bounds {
  /** As a look at the rules told them apart. */
  readonly origin: string;
  readonly rules: string;
  /** What some counters of their tables stood at by then, or a while before. */
  readonly witnesses: Readonly<Record<string, number>>;
}

/** @returns `null`: it is no cursor of ours */
export function parsePlace(text: string): Place | null {
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch {
    return null;
  }
  // An earlier palisade's.
  if (typeof said === 'number') return { at: said, since: null, counted: { why: 'what their counters said was not kept yet' } };
  if (typeof said !== 'object' || said === null) return null;
  const { at, since = null, low, high, origin, rules, witnesses, why } = said as Record<string, unknown>;
  if (typeof at !== 'number' || (since !== null && typeof since !== 'number')) return null;
  if (typeof why === 'string') return { at, since, counted: { why } };
  if (typeof low !== 'number' || typeof high !== 'number' || typeof origin !== 'string' || typeof rules !== 'string') return null;
  if (typeof witnesses !== 'object' || witnesses === null) return null;
  return { at, since, counted: { low, high, origin, rules, witnesses: witnesses as Record<string, number> } };
}

export function formatPlace({ at, since, counted }: Place): string {
  return JSON.stringify({ at, ...(since !== null && { since }), ...counted });
}
