import type { RegionJson } from './diff-shapes.ts';

/** More values of a field than these are counted rather than said. */
const mostValues = 6;

/** The packets of a region in a few words: `tcp from 10.0.0.0/8 to port 22, arriving on eth0`. */
export function regionWords({ where, matches, dependsOn }: Pick<RegionJson, 'where' | 'matches' | 'dependsOn'>): string {
  const [first, ...rest] = where.map(conditionWords);
  const leads = where[0]?.field === 'proto';
  const said = first === undefined ? ['every packet'] : leads ? [first, ...rest] : [`any protocol ${first}`, ...rest];
  const answers = matches.map(({ text, holds }) => `if ${text} ${holds ? 'holds' : 'does not hold'}`);
  const open =
    dependsOn.length === 0 ? [] : [`depending on ${dependsOn.slice(0, mostValues).join(', ')}${more(dependsOn.length)}`];
  return [said.join(' '), ...answers, ...open].join(', ');
}

function conditionWords({ field, not, values }: RegionJson['where'][number]): string {
  const shown = values.slice(0, mostValues);
  const list = `${shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} or ${shown.at(-1)}`}${more(values.length)}`;
  switch (field) {
    case 'proto':
      return not ? `any protocol but ${list}` : list;
    case 'src':
      return not ? `from anywhere but ${list}` : `from ${list}`;
    case 'dst':
      return not ? `to anywhere but ${list}` : `to ${list}`;
    case 'dport':
      return not ? `to any port but ${list}` : `to port ${list}`;
    case 'sport':
      return not ? `from any port but ${list}` : `from port ${list}`;
    case 'in':
      return not ? `arriving on any link but ${list}` : `arriving on ${list}`;
    case 'out':
      return not ? `leaving by any link but ${list}` : `leaving by ${list}`;
    case 'state':
      return not ? `in any state but ${list}` : `in state ${list}`;
    case 'fragment':
      return values[0] === 'later' ? 'as later fragments' : 'but later fragments';
    case 'exempt':
      return values[0] === 'no' ? 'unless exempt from tracking' : 'exempt from tracking';
    case 'template':
      return values[0] === 'no' ? 'unless CT said how to track it' : 'of which CT said how to track it';
    case 'weekday':
    case 'monthday':
    case 'second':
    case 'date':
      return `while ${list} holds`;
    default:
      return `with ${names[field] ?? field} ${not ? 'other than ' : ''}${list}`;
  }
}

function more(count: number): string {
  return count > mostValues ? ` and ${(count - mostValues).toLocaleString('en')} more` : '';
}

/** Fields that people call otherwise. */
const names: Readonly<Record<string, string>> = {
  icmpType: 'ICMP type',
  icmpCode: 'ICMP code',
  mac: 'MAC address',
  ttl: 'TTL',
  tos: 'TOS',
  pktType: 'packet type',
  uid: 'user',
  gid: 'group',
  origProto: 'original protocol',
  origSrc: 'original source',
  origDst: 'original destination',
  origSport: 'original source port',
  origDport: 'original destination port',
  connmark: 'connection mark',
};
