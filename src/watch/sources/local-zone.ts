import type { Zone } from '../events/index.ts';

/** This machine's own zone, for lines that name none. */
export const localZone: Zone = (localMs) => {
  const read = new Date(localMs);
  const [year, month, day] = [read.getUTCFullYear(), read.getUTCMonth(), read.getUTCDate()];
  return new Date(year, month, day, read.getUTCHours(), read.getUTCMinutes()).getTimezoneOffset() * -60_000;
};
