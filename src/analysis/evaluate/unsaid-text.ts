import { contains, type Ranges } from '../../model/net/index.ts';
import { type ClockField, clockFields, kernelUid, packetTypes, type UnsaidField } from '../../model/packet/index.ts';

const fields: ReadonlySet<string> = new Set<UnsaidField>(['mac', 'tos', 'pktType', 'uid', 'gid', ...clockFields]);

export function isUnsaid(field: string): field is UnsaidField {
  return fields.has(field);
}

/** The match that asks whether the field lies in the set, as rules write it. */
export function unsaidText(field: UnsaidField, set: Ranges<number>): string {
  switch (field) {
    case 'mac':
      return `-m mac --mac-source ${spans(set, spell)}`;
    case 'pktType':
      return `-m pkttype --pkt-type ${spans(set, (type) => packetTypes[type] ?? String(type))}`;
    case 'uid':
      return set.length === 1 && set[0]?.[0] === 0 && set[0][1] === kernelUid
        ? '-m owner --socket-exists'
        : `-m owner --uid-owner ${spans(set, String)}`;
    case 'gid':
      return `-m owner --gid-owner ${spans(set, String)}`;
    case 'tos':
      return serviceText(set);
    default:
      return clockText(field, set);
  }
}

const dayNames = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;

/** What of `-m time` asks whether the clock shows one of the values. */
export function clockText(field: ClockField, set: Ranges<number>): string {
  const days = (show: (day: number) => string): string =>
    set.flatMap(([lo, hi]) => Array.from({ length: hi - lo + 1 }, (_, index) => show(lo + index))).join(',');
  switch (field) {
    case 'weekday':
      return `-m time --weekdays ${days((day) => dayNames[day] ?? '')}`;
    case 'monthday':
      return `-m time --monthdays ${days((day) => String(day + 1))}`;
    case 'second': {
      const [first, last] = [set[0] ?? [0, 0], set.at(-1) ?? [0, 0]];
      // Over midnight.
      const [start, stop] = set.length === 2 && first[0] === 0 ? [last[0], first[1]] : [first[0], last[1]];
      return `-m time --timestart ${clock(start)} --timestop ${clock(stop)}`;
    }
    case 'date': {
      const day = (second: number): string => new Date(second * 1000).toISOString().slice(0, 19);
      return `-m time --datestart ${day(set[0]?.[0] ?? 0)} --datestop ${day(set.at(-1)?.[1] ?? 0)}`;
    }
  }
}

function clock(second: number): string {
  return [3600, 60, 1]
    .map((unit, index) => String(Math.floor(second / unit) % (index === 0 ? 24 : 60)).padStart(2, '0'))
    .join(':');
}

/** The bits that all values of the set have in common are what a match asks for. */
function serviceText(set: Ranges<number>): string {
  let [mask, value] = [255, set[0]?.[0] ?? 0];
  for (let tos = 0; tos < 256; tos += 1) if (contains(set, tos)) mask &= ~(tos ^ value) & 255;
  value &= mask;
  const hex = (bits: number): string => `0x${bits.toString(16).padStart(2, '0')}`;
  if (mask === 0xfc) return `-m dscp --dscp ${hex(value >> 2)}`;
  return mask === 3 ? `-m ecn --ecn-ip-ect ${value}` : `-m tos --tos ${hex(value)}/${hex(mask)}`;
}

function spans(set: Ranges<number>, show: (value: number) => string): string {
  return set.map(([lo, hi]) => (lo === hi ? show(lo) : `${show(lo)}-${show(hi)}`)).join(',');
}

function spell(mac: number): string {
  const digits = mac.toString(16).toUpperCase().padStart(12, '0');
  return digits.match(/../g)?.join(':') ?? digits;
}
