/**
 * The lab's ipsets: every kind of membership that the interpreter decides, around the addresses, ports and links that
 * packets use. Names end in the family they are of; the others are of both.
 */
export interface SetUse {
  readonly name: string;
  readonly create: string;
  readonly members: readonly string[];
  readonly dimensions: number;
  readonly family: 4 | 6 | null;
}

export const sets: readonly SetUse[] = [
  {
    name: 'ip4',
    create: 'hash:ip family inet',
    members: ['192.0.2.1', '192.0.2.77', '198.51.100.2', '10.50.0.5', '203.0.113.9'],
    dimensions: 1,
    family: 4,
  },
  {
    name: 'masked4',
    create: 'hash:ip family inet netmask 28',
    members: ['192.0.2.64', '10.50.0.0', '203.0.113.16'],
    dimensions: 1,
    family: 4,
  },
  {
    name: 'bitmap4',
    create: 'bitmap:ip range 192.0.2.0/24',
    members: ['192.0.2.0/30', '192.0.2.70-192.0.2.90'],
    dimensions: 1,
    family: 4,
  },
  {
    name: 'net4',
    create: 'hash:net family inet',
    members: ['192.0.2.0/24', '192.0.2.64/26 nomatch', '192.0.2.76/30', '10.50.0.0/16 nomatch', '10.50.0.0/28', '203.0.113.0/25'],
    dimensions: 1,
    family: 4,
  },
  {
    name: 'netnet4',
    create: 'hash:net,net family inet',
    members: [
      '192.0.2.0/24,10.50.0.0/16',
      '192.0.2.0/25,10.50.0.0/24 nomatch',
      '192.0.2.64/26,203.0.113.0/24',
      '192.0.2.64/28,0.0.0.0/1',
      '198.51.100.0/24,10.50.0.0/24',
    ],
    dimensions: 2,
    family: 4,
  },
  {
    name: 'netport4',
    create: 'hash:net,port family inet',
    members: [
      '192.0.2.0/24,tcp:22',
      '192.0.2.64/26,tcp:22 nomatch',
      '192.0.2.0/25,udp:53-60',
      '10.50.0.0/16,tcp:80-90',
      '192.0.2.0/24,icmp:echo-request',
      '10.50.0.0/16,47:0',
      '203.0.113.0/24,sctp:22',
      '203.0.113.0/24,tcp:443',
    ],
    dimensions: 2,
    family: 4,
  },
  {
    name: 'ipport4',
    create: 'hash:ip,port family inet',
    members: [
      '192.0.2.77,tcp:22',
      '192.0.2.1,tcp:1024-1030',
      '10.50.0.5,udp:53',
      '10.50.0.5,tcp:80',
      '10.50.0.5,icmp:8/0',
      '203.0.113.9,tcp:443',
    ],
    dimensions: 2,
    family: 4,
  },
  {
    name: 'ipportip4',
    create: 'hash:ip,port,ip family inet',
    members: ['192.0.2.77,tcp:22,10.50.0.5', '192.0.2.77,tcp:443,203.0.113.9', '192.0.2.1,udp:53,10.50.0.5'],
    dimensions: 3,
    family: 4,
  },
  {
    name: 'ipportnet4',
    create: 'hash:ip,port,net family inet',
    members: ['192.0.2.77,tcp:22,10.50.0.0/16', '192.0.2.77,tcp:22,10.50.0.0/24 nomatch', '192.0.2.77,tcp:443,203.0.113.0/24'],
    dimensions: 3,
    family: 4,
  },
  {
    name: 'netportnet4',
    create: 'hash:net,port,net family inet',
    members: [
      '192.0.2.0/24,tcp:22,10.50.0.0/16',
      '192.0.2.0/25,tcp:22,10.50.0.0/24 nomatch',
      '192.0.2.64/26,tcp:443,203.0.113.0/24',
    ],
    dimensions: 3,
    family: 4,
  },
  {
    name: 'netiface4',
    create: 'hash:net,iface family inet',
    members: [
      '192.0.2.0/24,eth0',
      '192.0.2.64/26,eth1',
      '198.51.100.0/24,wlan0',
      '10.50.0.0/16,eth1',
      '203.0.113.0/24,lan0',
      '0.0.0.0/1,lan1',
    ],
    dimensions: 2,
    family: 4,
  },
  {
    name: 'ipmark4',
    create: 'hash:ip,mark family inet markmask 0xff',
    members: ['192.0.2.77,0x1', '10.50.0.5,0x10', '192.0.2.1,0x0'],
    dimensions: 2,
    family: 4,
  },
  {
    name: 'ipmac4',
    create: 'hash:ip,mac',
    members: ['192.0.2.77,02:00:00:00:02:00', '192.0.2.1,02:00:00:00:02:01'],
    dimensions: 2,
    family: 4,
  },
  {
    name: 'bitmapmac4',
    create: 'bitmap:ip,mac range 192.0.2.0/24',
    members: ['192.0.2.77,02:00:00:00:02:00', '192.0.2.1,02:00:00:00:02:01', '192.0.2.70,02:00:00:00:02:02'],
    dimensions: 2,
    family: 4,
  },
  {
    name: 'bitmapnet4',
    create: 'bitmap:ip range 192.0.2.0/24 netmask 30',
    members: ['192.0.2.76', '192.0.2.0-192.0.2.12'],
    dimensions: 1,
    family: 4,
  },
  {
    name: 'timed4',
    create: 'hash:ip family inet timeout 3600 counters comment',
    members: ['192.0.2.77 comment "a host"', '10.50.0.5', '203.0.113.9'],
    dimensions: 1,
    family: 4,
  },
  {
    name: 'any4',
    create: 'hash:net family inet',
    members: ['0.0.0.0/1', '128.0.0.0/1', '192.0.2.77 nomatch', '10.50.0.0/24 nomatch'],
    dimensions: 1,
    family: 4,
  },
  {
    name: 'ipportip6',
    create: 'hash:ip,port,ip family inet6',
    members: ['2001:db8:a::4d,tcp:22,fd50::5', '2001:db8:a::1,udp:53,fd50::5'],
    dimensions: 3,
    family: 6,
  },
  {
    name: 'ipportnet6',
    create: 'hash:ip,port,net family inet6',
    members: [
      '2001:db8:a::4d,tcp:22,fd50::/64',
      '2001:db8:a::4d,tcp:22,fd50::/120 nomatch',
      '2001:db8:a::4d,tcp:443,2001:db8:f::/48',
    ],
    dimensions: 3,
    family: 6,
  },
  { name: 'ports', create: 'bitmap:port range 0-1023', members: ['22', '53-60', '443'], dimensions: 1, family: null },
  { name: 'macs', create: 'hash:mac', members: ['02:00:00:00:02:00', '02:00:00:00:02:02'], dimensions: 1, family: null },
  {
    name: 'ip6',
    create: 'hash:ip family inet6',
    members: ['2001:db8:a::1', '2001:db8:a::4d', 'fd50::5', '2001:db8:f::9'],
    dimensions: 1,
    family: 6,
  },
  {
    name: 'net6',
    create: 'hash:net family inet6',
    members: [
      '2001:db8:a::/64',
      '2001:db8:a::40/122 nomatch',
      '2001:db8:a::4c/126',
      'fd50::/64 nomatch',
      'fd50::/124',
      '2001:db8:f::/49',
    ],
    dimensions: 1,
    family: 6,
  },
  {
    name: 'netnet6',
    create: 'hash:net,net family inet6',
    members: ['2001:db8:a::/64,fd50::/64', '2001:db8:a::/122,fd50::/120 nomatch', '2001:db8:a::40/122,2001:db8:f::/48'],
    dimensions: 2,
    family: 6,
  },
  {
    name: 'netport6',
    create: 'hash:net,port family inet6',
    members: [
      '2001:db8:a::/64,tcp:22',
      '2001:db8:a::40/122,tcp:22 nomatch',
      'fd50::/64,udp:53',
      'fd50::/64,icmpv6:echo-request',
      'fd50::/64,47:0',
      '2001:db8:f::/48,tcp:443',
    ],
    dimensions: 2,
    family: 6,
  },
  {
    name: 'ipport6',
    create: 'hash:ip,port family inet6',
    members: ['2001:db8:a::4d,tcp:22', 'fd50::5,udp:53', 'fd50::5,tcp:80'],
    dimensions: 2,
    family: 6,
  },
  {
    name: 'netiface6',
    create: 'hash:net,iface family inet6',
    members: ['2001:db8:a::/64,eth0', '2001:db8:a::40/122,eth1', 'fd50::/64,wlan0', '2001:db8:f::/48,lan0'],
    dimensions: 2,
    family: 6,
  },
  { name: 'list4', create: 'list:set', members: ['masked4', 'netport4', 'net4'], dimensions: 1, family: 4 },
  { name: 'list46', create: 'list:set', members: ['ip4', 'ip6', 'ipport4', 'ipport6', 'ports'], dimensions: 2, family: null },
];

/** Sets that rules fill and no rule asks. */
export const filled: readonly string[] = [
  'create seen4 hash:ip family inet timeout 600',
  'create seen6 hash:ip family inet6 timeout 600',
  '',
];

/** What `ipset restore` takes to make the set. */
export function linesOf({ name, create, members }: SetUse): string {
  return [`create ${name} ${create}`, ...members.map((member) => `add ${name} ${member}`), ''].join('\n');
}
