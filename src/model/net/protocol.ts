/** IP protocol numbers that iptables prints by name (iptables/xshared.c, xtables_chain_protos), and the common rest. */
const numbers: Readonly<Record<string, number>> = {
  icmp: 1,
  igmp: 2,
  ipencap: 4,
  tcp: 6,
  udp: 17,
  dccp: 33,
  ipv6: 41,
  gre: 47,
  esp: 50,
  ah: 51,
  icmpv6: 58,
  'ipv6-icmp': 58,
  eigrp: 88,
  ospf: 89,
  ipip: 94,
  pim: 103,
  ipcomp: 108,
  vrrp: 112,
  l2tp: 115,
  sctp: 132,
  'ipv6-mh': 135,
  mh: 135,
  udplite: 136,
};

const names: ReadonlyMap<number, string> = new Map(
  Object.entries(numbers)
    .filter(([name]) => name !== 'ipv6-icmp' && name !== 'mh')
    .map(([name, number]) => [number, name]),
);

/** Reads a protocol's name or decimal number 0…255. `all` is not one: it is no restriction. */
export function parseProtocol(text: string): number | undefined {
  if (/^\d{1,3}$/.test(text)) return Number(text) <= 255 ? Number(text) : undefined;
  const name = text.toLowerCase();
  return Object.hasOwn(numbers, name) ? numbers[name] : undefined;
}

/** The protocol's name, or its number as text. */
export function formatProtocol(number: number): string {
  return names.get(number) ?? String(number);
}

export const TCP = 6;
export const UDP = 17;
export const ICMP = 1;
export const ICMPV6 = 58;
