import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Family, formatAddress, parseAddress } from '../net/index.ts';
import type { IpSet, SetPart } from './host.ts';
import { parseSets } from './ipset.ts';

function sets(text: string): ReadonlyMap<string, IpSet> {
  const result = parseSets(text, 'sets.save');
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.value;
}

/** Lines of ipset in a namespace of their own; `undefined` when this kernel lacks the type. */
function saved(...lines: readonly string[]): string | undefined {
  try {
    const input = `${lines.join('\n')}\n`;
    return execFileSync('unshare', ['-n', 'sh', '-c', 'ipset restore && ipset save'], {
      input,
      encoding: 'latin1',
      stdio: 'pipe',
    });
  } catch (error) {
    if (String((error as { stderr: unknown }).stderr).includes('set type not supported')) return undefined;
    throw error;
  }
}

function shownPart(family: Family | null, part: SetPart): string {
  switch (part.kind) {
    case 'addresses':
      return part.ranges.map((range) => range.map((value) => formatAddress({ family: family ?? 4, value })).join('-')).join(' ');
    case 'ports':
      return `${part.proto}:${part.ranges.map((range) => range.join('-')).join(' ')}`;
    case 'interface':
    case 'set':
      return part.name;
    case 'mac':
      return part.value.toString(16);
    case 'mark':
      return `${part.value}/${part.mask.toString(16)}`;
  }
}

/** Members as sorted texts, for comparison by eye. */
function shown(set: IpSet | undefined): string[] {
  if (set === undefined) throw new Error('no such set');
  return set.members
    .map(({ parts, nomatch }) => parts.map((part) => shownPart(set.family, part)).join(', ') + (nomatch ? ' !' : ''))
    .sort();
}

interface Case {
  readonly create: string;
  readonly add: readonly string[];
  readonly family: Family | null;
  readonly members: readonly string[];
  readonly volatile?: boolean;
  /** What ipset 7 prints for it, for kernels that lack the type. */
  readonly text?: string;
}

const cases: Readonly<Record<string, Case>> = {
  'bitmap:ip with every option': {
    create: 'bitmap:ip range 10.0.0.0/24 comment counters skbinfo timeout 300',
    add: [
      '10.0.0.5 comment "he said hi, timeout 0"',
      '10.0.0.8-10.0.0.9',
      '10.0.0.20 timeout 0 skbmark 0x1/0xff skbprio 1:10 skbqueue 2 packets 5 bytes 10',
    ],
    family: 4,
    members: ['10.0.0.20-10.0.0.20', '10.0.0.5-10.0.0.5', '10.0.0.8-10.0.0.8', '10.0.0.9-10.0.0.9'],
    volatile: true,
  },
  'bitmap:ip of networks': {
    create: 'bitmap:ip range 10.0.0.0/16 netmask 24',
    add: ['10.0.3.0'],
    family: 4,
    members: ['10.0.3.0-10.0.3.255'],
  },
  'bitmap:ip,mac': {
    create: 'bitmap:ip,mac range 10.0.0.0/24',
    add: ['10.0.0.1,aa:bb:cc:dd:ee:ff', '10.0.0.2'],
    family: 4,
    members: ['10.0.0.1-10.0.0.1, aabbccddeeff', '10.0.0.2-10.0.0.2'],
    volatile: true,
  },
  'bitmap:port': {
    create: 'bitmap:port range 0-1024',
    add: ['80', '100-101'],
    family: null,
    members: ['null:100-100', 'null:101-101', 'null:80-80'],
  },
  'hash:ip': {
    create: 'hash:ip counters comment timeout 100',
    add: ['192.0.2.1 comment "a, b"', '192.0.2.2 timeout 0'],
    family: 4,
    members: ['192.0.2.1-192.0.2.1', '192.0.2.2-192.0.2.2'],
    volatile: true,
  },
  'hash:ip of IPv6': { create: 'hash:ip family inet6', add: ['2001:db8::1'], family: 6, members: ['2001:db8::1-2001:db8::1'] },
  'hash:ip of networks': { create: 'hash:ip netmask 24', add: ['10.2.3.4'], family: 4, members: ['10.2.3.0-10.2.3.255'] },
  'hash:ip of IPv6 networks': {
    create: 'hash:ip family inet6 netmask 64',
    add: ['2001:db8::1'],
    family: 6,
    members: ['2001:db8::-2001:db8::ffff:ffff:ffff:ffff'],
  },
  'hash:ip with a bitmask': {
    create: 'hash:ip bitmask 255.255.254.255',
    add: ['10.2.3.4'],
    family: 4,
    members: ['10.2.2.4-10.2.2.4 10.2.3.4-10.2.3.4'],
    text: 'create s hash:ip family inet hashsize 1024 maxelem 65536 bitmask 255.255.254.255 bucketsize 12 initval 0x1\nadd s 10.2.2.4\n',
  },
  'hash:mac': {
    create: 'hash:mac',
    add: ['aa:bb:cc:dd:ee:01'],
    family: null,
    members: ['aabbccddee01'],
    text: 'create s hash:mac hashsize 1024 maxelem 65536 bucketsize 12 initval 0x1\nadd s AA:BB:CC:DD:EE:01\n',
  },
  'hash:ip,mac': {
    create: 'hash:ip,mac family inet6',
    add: ['2001:db8::1,aa:bb:cc:dd:ee:01'],
    family: 6,
    members: ['2001:db8::1-2001:db8::1, aabbccddee01'],
    text: 'create s hash:ip,mac family inet6 hashsize 1024 maxelem 65536 bucketsize 12 initval 0x1\nadd s 2001:db8::1,AA:BB:CC:DD:EE:01\n',
  },
  'hash:net': {
    create: 'hash:net skbinfo',
    add: ['10.1.0.0/16 skbmark 0x5', '10.1.2.0/24 nomatch', '192.0.2.1'],
    family: 4,
    members: ['10.1.0.0-10.1.255.255', '10.1.2.0-10.1.2.255 !', '192.0.2.1-192.0.2.1'],
  },
  'hash:net of IPv6': {
    create: 'hash:net family inet6',
    add: ['2001:db8::/32', '2001:db8:1::/48 nomatch'],
    family: 6,
    members: ['2001:db8:1::-2001:db8:1:ffff:ffff:ffff:ffff:ffff !', '2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'],
  },
  'hash:net,net': {
    create: 'hash:net,net',
    add: ['10.1.0.0/16,10.2.0.0/16', '10.1.0.0/16,192.0.2.1 nomatch'],
    family: 4,
    members: ['10.1.0.0-10.1.255.255, 10.2.0.0-10.2.255.255', '10.1.0.0-10.1.255.255, 192.0.2.1-192.0.2.1 !'],
    text: 'create s hash:net,net family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x1\nadd s 10.1.0.0/16,10.2.0.0/16\nadd s 10.1.0.0/16,192.0.2.1 nomatch\n',
  },
  'hash:ip,port': {
    create: 'hash:ip,port',
    add: [
      '192.0.2.1,80',
      '192.0.2.1,tcp:90-91',
      '192.0.2.1,udp:53',
      '192.0.2.1,sctp:9',
      '192.0.2.1,udplite:7',
      '192.0.2.1,gre:0',
      '192.0.2.1,icmp:echo-request',
      '192.0.2.1,icmp:99/7',
    ],
    family: 4,
    members: ['132:9-9', '136:7-7', '17:53-53', '1:2048-2048', '1:25351-25351', '47:0-0', '6:80-80', '6:90-90', '6:91-91'].map(
      (port) => `192.0.2.1-192.0.2.1, ${port}`,
    ),
  },
  'hash:ip,port of IPv6': {
    create: 'hash:ip,port family inet6',
    add: ['2001:db8::1,ipv6-icmp:echo-request', '2001:db8::1,tcp:22'],
    family: 6,
    members: ['2001:db8::1-2001:db8::1, 58:32768-32768', '2001:db8::1-2001:db8::1, 6:22-22'],
  },
  'hash:net,port': {
    create: 'hash:net,port',
    add: ['10.1.0.0/16,udp:53', '10.1.2.0/24,tcp:53 nomatch'],
    family: 4,
    members: ['10.1.0.0-10.1.255.255, 17:53-53', '10.1.2.0-10.1.2.255, 6:53-53 !'],
  },
  'hash:ip,port,ip': {
    create: 'hash:ip,port,ip',
    add: ['192.0.2.1,tcp:80,192.0.2.2'],
    family: 4,
    members: ['192.0.2.1-192.0.2.1, 6:80-80, 192.0.2.2-192.0.2.2'],
  },
  'hash:ip,port,net': {
    create: 'hash:ip,port,net family inet6',
    add: ['2001:db8::1,udp:53,2001:db8:1::/48', '2001:db8::1,udp:53,2001:db8:1:2::/64 nomatch'],
    family: 6,
    members: [
      '2001:db8::1-2001:db8::1, 17:53-53, 2001:db8:1:2::-2001:db8:1:2:ffff:ffff:ffff:ffff !',
      '2001:db8::1-2001:db8::1, 17:53-53, 2001:db8:1::-2001:db8:1:ffff:ffff:ffff:ffff:ffff',
    ],
  },
  'hash:net,port,net': {
    create: 'hash:net,port,net',
    add: ['10.1.0.0/16,tcp:80,10.2.0.0/16'],
    family: 4,
    members: ['10.1.0.0-10.1.255.255, 6:80-80, 10.2.0.0-10.2.255.255'],
    text: 'create s hash:net,port,net family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x1\nadd s 10.1.0.0/16,tcp:80,10.2.0.0/16\n',
  },
  'hash:ip,mark': {
    create: 'hash:ip,mark markmask 0xff',
    add: ['192.0.2.1,0x1234'],
    family: 4,
    members: ['192.0.2.1-192.0.2.1, 52/ff'],
    text: 'create s hash:ip,mark family inet markmask 0x000000ff hashsize 1024 maxelem 65536 bucketsize 12 initval 0x1\nadd s 192.0.2.1,0x00000034\n',
  },
  'hash:net,iface': {
    create: 'hash:net,iface',
    add: ['10.1.0.0/16,eth0', '0.0.0.0/0,eth1', '192.0.2.1,br0 nomatch'],
    family: 4,
    members: ['0.0.0.0-255.255.255.255, eth1', '10.1.0.0-10.1.255.255, eth0', '192.0.2.1-192.0.2.1, br0 !'],
  },
  'list:set': {
    create: 'list:set size 8 comment timeout 100',
    add: ['other comment "x"'],
    family: null,
    members: ['other'],
    volatile: true,
  },
};

for (const [name, { create, add, family, members, volatile = false, text }] of Object.entries(cases)) {
  test(name, () => {
    const live = saved('create other hash:ip', `create s ${create}`, ...add.map((member) => `add s ${member}`));
    // A kernel without the type cannot be the oracle; then the text that its tool would print must do.
    const read = sets(live ?? text ?? '').get('s');
    expect(shown(read)).toEqual([...members].sort());
    expect(read).toMatchObject({ name: 's', type: create.split(' ')[0], family, volatile });
  });
}

test('every ICMP type that ipset has a name for', () => {
  for (const [family, proto, address] of [
    ['inet', 'icmp', '192.0.2.1'],
    ['inet6', 'icmpv6', '2001:db8::1'],
  ] as const) {
    const codes = Array.from({ length: 256 * 20 }, (_, index) => [Math.floor(index / 20), index % 20] as const);
    const text = saved(
      `create s hash:ip,port family ${family} comment`,
      ...codes.map(([type, code]) => `add s ${address},${proto}:${type}/${code} comment "${type * 256 + code}"`),
    );
    const lines = (text ?? '').split('\n').filter((line) => line.startsWith('add'));
    expect(lines.filter((line) => !line.includes('/')).length).toBeGreaterThan(15);
    const members = sets(text ?? '').get('s')?.members ?? [];
    expect(members).toHaveLength(codes.length);
    const read = members.map(({ parts: [, ports] }) => (ports?.kind === 'ports' ? ports.ranges[0]?.[0] : undefined));
    expect(read).toEqual(lines.map((line) => Number(/comment "(\d+)"/.exec(line)?.[1])));
  }
});

test('comments with newlines forge no lines, names with blanks are understood', () => {
  const text = execFileSync('unshare', ['-n', 'sh', '-c', script], { encoding: 'latin1' });
  const read = sets(text);
  expect([...read.keys()].sort()).toEqual(['a', 'a b']);
  expect(shown(read.get('a'))).toEqual(['192.0.2.1-192.0.2.1', '192.0.2.3-192.0.2.3']);
  expect(shown(read.get('a b'))).toEqual(['192.0.2.9-192.0.2.9']);
});

const script = `
  ipset create a hash:ip comment
  ipset create 'a b' hash:ip
  ipset add a 192.0.2.1 comment 'x
add a 203.0.113.66 comment y'
  ipset add a 192.0.2.3 comment 'it'\\''s \\ back'
  ipset add 'a b' 192.0.2.9
  ipset save
`;

test('what the model cannot say leaves the whole set out, and only it', () => {
  const text = saved(
    'create bridged hash:net,iface',
    'add bridged 10.0.0.0/8,physdev:eth1',
    'add bridged 10.0.0.0/8,eth0',
    'create wild hash:net,iface',
    'add wild 10.0.0.0/8,eth wildcard',
    'create plain hash:ip',
  );
  expect([...sets(text ?? '').keys()]).toEqual(['plain']);
  expect([...sets('create s hash:future,thing\nadd s a,b\n').keys()]).toEqual([]);
  expect([...sets('create s hash:ip newoption\nadd s 192.0.2.1\n').keys()]).toEqual([]);
  expect([...sets('create s hash:ip bitmask 0.0.0.1\nadd s 0.0.0.1\n').keys()]).toEqual([]);
});

test('100,000 members are read whole', () => {
  const lines = Array.from({ length: 100_000 }, (_, index) => `add s 10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`);
  const members = sets(`create s hash:ip\n${lines.join('\n')}\n`).get('s')?.members ?? [];
  expect(members).toHaveLength(100_000);
  const last = parseAddress('10.1.134.159')?.value;
  expect(members.at(-1)?.parts).toEqual([{ kind: 'addresses', ranges: [[last, last]] }]);
});

const testdata = join(import.meta.dirname, '../../../testdata/rulesets');
const real = globSync('*/sets.save', { cwd: testdata });

test('there are real saves to read', () => expect(real.length).toBeGreaterThan(3));

test.each(real)('the sets of %s', (path) => {
  const text = readFileSync(join(testdata, path), 'latin1');
  const read = sets(text);
  expect(read.size).toBe(text.match(/^create /gm)?.length ?? 0);
  const members = [...read.values()].reduce((sum, set) => sum + set.members.length, 0);
  expect(members).toBe(text.match(/^add /gm)?.length ?? 0);
});
