import { formatProtocol, parseProtocol, TCP, UDP } from '../../net/index.ts';
import type { ValueType } from '../extension.ts';
import { readNumber } from './number.ts';

/**
 * Names by which `iptables-save` prints protocols on Debian and Ubuntu (netbase's /etc/protocols, through getprotobynumber)
 * where they differ from what people write.
 */
const printed: Readonly<Record<string, number>> = {
  ip: 0,
  hopopt: 0,
  ggp: 3,
  ipencap: 4,
  st: 5,
  egp: 8,
  igp: 9,
  pup: 12,
  hmp: 20,
  'xns-idp': 22,
  rdp: 27,
  'iso-tp4': 29,
  xtp: 36,
  ddp: 37,
  'idpr-cmtp': 38,
  'ipv6-route': 43,
  'ipv6-frag': 44,
  idrp: 45,
  rsvp: 46,
  skip: 57,
  'ipv6-nonxt': 59,
  'ipv6-opts': 60,
  rspf: 73,
  vmtp: 81,
  ospf: 89,
  'ax.25': 93,
  ipip: 94,
  etherip: 97,
  encap: 98,
  isis: 124,
  fc: 133,
  'mobility-header': 135,
  'mpls-in-ip': 137,
  manet: 138,
  hip: 139,
  shim6: 140,
  wesp: 141,
  rohc: 142,
  ethernet: 143,
};

/** The protocol's number; `all` is 0, which is no restriction. */
export function readProtocol(text: string): number | undefined {
  if (text === 'tcp' || text === 'udp') return text === 'tcp' ? TCP : UDP;
  const name = text.toLowerCase();
  if (name === 'all') return 0;
  if (Object.hasOwn(printed, name)) return printed[name];
  const number = /^\d/.test(name) ? readNumber(name, 255) : parseProtocol(name);
  // Names that every object has, such as `constructor`, are no protocols.
  return typeof number === 'number' ? number : undefined;
}

/** A protocol, which prints as its number. */
export const protocolNumber: ValueType = {
  hint: 'write a protocol or its number',
  saved: (text) => {
    const number = readProtocol(text);
    return number === undefined ? undefined : String(number);
  },
  examples: () => ['0', '255', 'tcp', 'udp', 'esp', '47', '0x11', 'ipv6-icmp', 'TCP'],
  refused: () => ['256', 'nosuchproto', ''],
};

const names = new Map(Object.entries(printed).map(([name, number]) => [number, name]));

/** The protocol as `iptables-save` prints it: its name in netbase's /etc/protocols, or its number. */
export function protocolText(number: number): string {
  return number === 58 ? 'ipv6-icmp' : (names.get(number) ?? formatProtocol(number));
}
