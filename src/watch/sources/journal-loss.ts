import type { Said } from './source.ts';

/** Records by which journald says what it could not keep (sd-messages.h). */
const missed = 'e9bf28e6e834481bb6f48f548ad13606';
const suppressed = 'a596d6fe7bfa4994828e72309e95d61e';

/** journald's own records alone: anybody may give a record of his any MESSAGE_ID, and nobody this transport. */
export const lossMatches = ['_TRANSPORT=driver', `MESSAGE_ID=${missed}`, `MESSAGE_ID=${suppressed}`];

/** A line that may be such a record: whole, and its end not included. */
export function nextLoss(bytes: Buffer, from: number, to: number): { readonly from: number; readonly to: number } | null {
  const within = bytes.subarray(from, to);
  const places = [within.indexOf(missed), within.indexOf(suppressed)].filter((place) => place >= 0);
  if (places.length === 0) return null;
  const at = from + Math.min(...places);
  const end = bytes.indexOf(10, at);
  return end < 0 || end >= to ? null : { from: bytes.lastIndexOf(10, at) < from ? from : bytes.lastIndexOf(10, at) + 1, to: end };
}

/** What it says was lost; `null`: it is no such record, or of what is not read here. */
export function lossIn(
  bytes: Buffer,
  from: number,
  to: number,
  read: { readonly packets: boolean; readonly logins: boolean },
): Said | null {
  let record: Record<string, unknown>;
  try {
    record = JSON.parse(bytes.toString('utf8', from, to)) as Record<string, unknown>;
  } catch {
    // The text stands in something else.
    return null;
  }
  const { MESSAGE: message, MESSAGE_ID: id, _TRANSPORT: transport, N_DROPPED: dropped, __REALTIME_TIMESTAMP: micros } = record;
  if (transport !== 'driver' || typeof message !== 'string') return null;
  const at = Number(micros) / 1000;
  const [, said, unit] = /^(?:Missed|Suppressed) (\d+) (?:kernel )?messages(?: from (.*))?/.exec(message) ?? [];
  const count = Number(typeof dropped === 'string' ? dropped : said);
  if (!Number.isSafeInteger(count) || count <= 0) return null;
  if (id === missed) return read.packets ? { kind: 'lost', count, of: 'records', at } : null;
  // Of whose records too many came in too short a time; only sshd's are read.
  return id === suppressed && read.logins && unit !== undefined && /(^|\/)sshd?([@-][^/]*)?\.(service|socket|slice)$/.test(unit)
    ? { kind: 'lost', count, of: 'records', at }
    : null;
}
