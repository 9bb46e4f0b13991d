const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** Milliseconds of a time as people write it: 30m, 1h, 7d, 4w; `null`: it is none. */
export function lengthOf(text: string): number | null {
  const said = /^([1-9]\d{0,4})([smhdw])$/.exec(text);
  return said === null ? null : Number(said[1]) * (units[said[2] as string] as number);
}
