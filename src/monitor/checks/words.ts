/** `1 set`, `3 sets`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** How long something took or is ago, in the largest unit that says it: `40 s`, `5 min`, `3 h`, `2 days`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 120) return `${whole} s`;
  if (whole < 7200) return `${Math.round(whole / 60)} min`;
  if (whole < 172_800) return `${Math.round(whole / 3600)} h`;
  return `${Math.round(whole / 86_400)} days`;
}

/** A moment, in UTC: `2026-11-30 22:30 UTC`. */
export function moment(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** `a, b and 3 more`. */
export function listed(words: readonly string[], most = 3): string {
  const shown = words.slice(0, most).join(', ');
  return words.length <= most ? shown : `${shown} and ${words.length - most} more`;
}

export const percent = (part: number, whole: number): number => (whole > 0 ? Math.round((part / whole) * 10_000) / 100 : 0);
