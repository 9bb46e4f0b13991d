import type { QuietHours } from './route.ts';

const dayMinutes = 1440;
const formats = new Map<string, Intl.DateTimeFormat>();

/** When the quiet hours that `now` is in end; `null`: it is in none. Epoch milliseconds. */
export function quietUntil({ from, to, zone }: QuietHours, now: number): number | null {
  const at = minuteOf(now, zone);
  const isQuiet = from <= to ? at >= from && at < to : at >= from || at < to;
  if (!isQuiet) return null;
  const minute = Math.floor(now / 60_000);
  const end = minute + ((to - at + dayMinutes) % dayMinutes);
  // The clocks may be put forward or back meanwhile, or over the end itself.
  const off = ((minuteOf(end * 60_000, zone) - to + 1.5 * dayMinutes) % dayMinutes) - dayMinutes / 2;
  const put = minuteOf((end - off) * 60_000, zone) === to ? end - off : end;
  return Math.max(put, minute + 1) * 60_000;
}

/** Of the day, there. */
function minuteOf(at: number, zone: string): number {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
    formats.set(zone, format);
  }
  const [hours = 0, minutes = 0] = format.format(at).split(':').map(Number);
  return 60 * hours + minutes;
}
