const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/**
 * A moment as people write it: so long ago (`90s`, `2h`, `7d`), or a date with or without a time, of this machine's zone unless it says another.
 * Epoch milliseconds; `null`: it is none.
 */
export function momentOf(text: string, now: number): number | null {
  const ago = /^([1-9]\d{0,8})([smhdw])$/.exec(text);
  if (ago !== null) return now - Number(ago[1]) * (units[ago[2] as string] as number);
  const said = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)(Z|[+-]\d\d:?\d\d)?)?$/.exec(text);
  if (said === null) return null;
  const at = Date.parse(`${said[1]}T${said[2] ?? '00:00'}${said[3] ?? ''}`);
  return Number.isNaN(at) ? null : at;
}
