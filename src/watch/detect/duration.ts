/** A time for people, of seconds. */
export function duration(seconds: number): string {
  const whole = Math.max(1, Math.round(seconds));
  if (whole < 120) return whole === 1 ? 'a second' : `${whole} seconds`;
  if (whole < 7200) return `${Math.round(whole / 60)} minutes`;
  return whole < 172_800 ? `${Math.round(whole / 3600)} hours` : `${Math.round(whole / 86_400)} days`;
}
