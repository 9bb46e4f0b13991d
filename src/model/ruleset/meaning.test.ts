import { describe, expect, it } from 'vitest';
import type { Constraint, Effect } from '../packet/index.ts';
import { parseRuleset, type Rule, readRule, ruleMeaning } from './index.ts';

/** What one rule of a chain X means; extra lines go before it. */
function meaning(rule: string, family: 4 | 6 = 4, table = 'filter') {
  const parsed = parseRuleset(`*${table}\n:X - [0:0]\n:Y - [0:0]\n-A X ${rule}\nCOMMIT\n`, { file: 'F', family });
  if (!parsed.ok) throw new Error(parsed.problems.map((problem) => problem.message).join());
  const one = parsed.value.tables[0]?.rules[0] as Rule;
  return { ...ruleMeaning(parsed.value, one), parts: readRule(parsed.value, one) };
}

/** A constraint as a short formula. */
function formula(part: Constraint): string {
  const list = (ranges: readonly (readonly [number | bigint, number | bigint])[]): string =>
    ranges.map(([lo, hi]) => (lo === hi ? `${lo}` : `${lo}-${hi}`)).join(',');
  switch (part.kind) {
    case 'always':
    case 'never':
      return part.kind;
    case 'address':
    case 'number':
      return `${part.field}=${list(part.ranges)}`;
    case 'bits':
      return `${part.field}&${part.mask}=${part.value}`;
    case 'anyBit':
      return `${part.field}&${part.mask}`;
    case 'interface':
      return `${part.field}=${part.name}${part.prefix ? '+' : ''}`;
    case 'addressType':
      return `${part.field} is ${part.types.join('|')}${part.on === null ? '' : ` on ${part.on}`}`;
    case 'member':
      return `${part.dimensions.join(',')} in ${part.set}`;
    case 'all':
      return `(${part.of.map(formula).join(' & ')})`;
    case 'any':
      return `(${part.of.map(formula).join(' | ')})`;
    case 'not':
      return `!${formula(part.of)}`;
    case 'opaque':
      return `<${part.text}: ${part.nature}${part.hotdrop ? ', hotdrop' : ''}>`;
  }
}

const tracked = 'state=1-3';
const whole = 'fragment=0';

describe('matches', () => {
  it.each([
    ['', 'always'],
    ['-p tcp', 'proto=6'],
    ['! -p udp', '!proto=17'],
    ['-p all', 'always'],
    ['-s 10.0.0.0/8', 'src=167772160-184549375'],
    ['! -d 10.0.0.1', '!dst=167772161'],
    ['-s 0.0.0.0/0', 'src=0-4294967295'],
    ['-d 1.0.3.0/255.255.3.255', `dst=${Array.from({ length: 64 }, (_, n) => 16777216 + n * 1024 + 768).join(',')}`],
    ['-s 1.2.3.4/0.0.0.0', 'src=0-4294967295'],
    ['-s 0.85.85.85/0.85.85.85', '<-s 0.85.85.85/0.85.85.85: pure>'],
    ['-i eth0 -o wg+', '(in=eth0 & out=wg+)'],
    ['-i +', 'always'],
    ['! -i +', 'never'],
    ['! -i eth+', '!in=eth+'],
    ['-f', 'fragment=1'],
    ['! -f', '!fragment=1'],
    ['-p tcp -m tcp', `(proto=6 & ${whole})`],
    ['-p tcp -m tcp --sport 1024: ! --dport 22', `(proto=6 & ${whole} & sport=1024-65535 & !dport=22)`],
    ['-p tcp --syn', `(proto=6 & ${whole} & flags&23=2)`],
    ['-p tcp -m tcp ! --syn', `(proto=6 & ${whole} & !flags&23=2)`],
    ['-p tcp -m tcp --tcp-flags SYN,ACK NONE', `(proto=6 & ${whole} & flags&18=0)`],
    ['-p tcp -m tcp --tcp-flags ALL FIN,PSH,URG', `(proto=6 & ${whole} & flags&63=41)`],
    ['-p tcp -m tcp --tcp-option 8', `(proto=6 & ${whole} & <-m tcp --tcp-option 8: pure>)`],
    ['! -p tcp -m tcp --dport 80', '(!proto=6 & <-m tcp --dport 80: pure>)'],
    ['-p udp --dport 80:70', 'never'],
    ['-p udp ! --sport 53', `(proto=17 & ${whole} & !sport=53)`],
    [
      '-p sctp -m sctp --dport 5 --chunk-types any INIT',
      `(proto=132 & ${whole} & dport=5 & <-m sctp --dport 5 --chunk-types any INIT: pure>)`,
    ],
    ['-p icmp -m icmp --icmp-type any', `(proto=1 & ${whole})`],
    ['-p icmp -m icmp ! --icmp-type any', 'never'],
    ['-p icmp -m icmp --icmp-type 3/4', `(proto=1 & ${whole} & icmpType=3 & icmpCode=4)`],
    ['-p icmp -m icmp ! --icmp-type fragmentation-needed', `(proto=1 & ${whole} & !(icmpType=3 & icmpCode=4))`],
    ['-p tcp -m multiport --dports 22,80:90,81', `(proto=6 & ${whole} & dport=22,80-90)`],
    ['-p tcp -m multiport ! --ports 22', `(proto=6 & ${whole} & !(sport=22 | dport=22))`],
    ['-m iprange --src-range 10.0.0.1-10.0.0.3 ! --dst-range 10.0.0.5', '(src=167772161-167772163 & !dst=167772165)'],
    ['-m conntrack --ctstate RELATED,ESTABLISHED', 'state=1-2'],
    ['-m conntrack ! --ctstate NEW', '!state=3'],
    ['-m conntrack --ctstate DNAT,INVALID', `(state=0 | (${tracked} & status&32))`],
    ['-m conntrack --ctstatus ASSURED', `(${tracked} & status&4)`],
    ['-m conntrack --ctstatus NONE', 'never'],
    ['-m conntrack ! --ctstatus NONE', tracked],
    // A packet without a connection is judged by its state alone.
    ['-m conntrack --ctstate INVALID --ctdir REPLY', `((${tracked} & state=0 & direction=1) | (!${tracked} & state=0))`],
    ['-m conntrack --ctorigdst 10.0.0.1 --ctproto udp', `(${tracked} & origDst=167772161 & origProto=17)`],
    ['-p tcp -m conntrack --ctorigdstport 80', `(proto=6 & ${tracked} & origDport=80)`],
    ['-m conntrack --ctreplsrc 10.0.0.1', `(${tracked} & <-m conntrack --ctreplsrc 10.0.0.1: stateful>)`],
    ['-m state --state NEW,UNTRACKED', 'state=3-4'],
    ['-m mark --mark 0x1/0xff', 'mark&255=1'],
    ['-m mark ! --mark 5', '!mark&4294967295=5'],
    ['-m connmark ! --mark 5/7', `(${tracked} & !connmark&7=5)`],
    ['-m addrtype --src-type LOCAL ! --dst-type BROADCAST,MULTICAST', '(src is LOCAL & !dst is BROADCAST|MULTICAST)'],
    ['-m addrtype --dst-type LOCAL --limit-iface-in', 'dst is LOCAL on in'],
    ['-m mac ! --mac-source 02:00:00:00:00:01', '(!in=lo & !mac=2199023255553)'],
    ['-m length ! --length 40:100', '!length=40-100'],
    ['-m ttl --ttl-lt 5', 'ttl=0-4'],
    ['-m ttl --ttl-lt 0', 'never'],
    ['-m ttl --ttl-gt 5', 'ttl=6-255'],
    ['-m set ! --match-set banned src,dst', '!src,dst in banned'],
    ['-m set --match-set banned src --packets-gt 5', '<-m set --match-set banned src --packets-gt 5: stateful>'],
    ['-m comment --comment "what for"', 'always'],
    ['-m limit --limit 5/min', '<-m limit --limit 5/min: stateful>'],
    [
      '-m hashlimit --hashlimit-upto 5/s --hashlimit-name h',
      '<-m hashlimit --hashlimit-upto 5/s --hashlimit-name h: stateful, hotdrop>',
    ],
    ['-m string --algo bm --string "a b"', '<-m string --algo bm --string "a b": pure>'],
    ['-m physdev --physdev-in a', '<-m physdev --physdev-in a: pure>'],
    ['-m physdev --physdev-out a', '<-m physdev --physdev-out a: stateful>'],
    // A use's own text: not what stands between its parts.
    ['-p tcp -m recent --set -m comment --comment x --name y', '(proto=6 & <-m recent --set --name y: stateful>)'],
  ])('%s', (rule, expected) => {
    expect(formula(meaning(rule).constraint)).toBe(expected);
  });

  it.each([
    ['-p ipv6-icmp -m icmp6 --icmpv6-type 255', `(proto=58 & ${whole} & icmpType=255)`],
    ['-p icmpv6 --icmpv6-type neighbour-solicitation', `(proto=58 & ${whole} & icmpType=135)`],
    ['-m hl --hl-eq 255', 'ttl=255'],
    ['-s ::1', 'src=1'],
    // match_type6 asks for all of the types that the address itself shows.
    ['-m addrtype --dst-type MULTICAST,LOCAL', `(dst=${0xffn << 120n}-${(1n << 128n) - 1n} & dst is LOCAL)`],
    ['-m addrtype ! --src-type UNSPEC', '!src=0'],
    ['-m eui64', '<-m eui64: pure>'],
  ])('IPv6: %s', (rule, expected) => {
    expect(formula(meaning(rule, 6).constraint)).toBe(expected);
  });
});

describe('effects', () => {
  const range = (address: readonly [bigint, bigint] | null, port: readonly [number, number] | null) =>
    ({ kind: 'range', address, port }) as const;
  const cases: readonly (readonly [string, string, Effect])[] = [
    ['', 'filter', { kind: 'continue' }],
    ['-j ACCEPT', 'filter', { kind: 'verdict', verdict: 'ACCEPT' }],
    ['-j RETURN', 'filter', { kind: 'return' }],
    ['-j QUEUE', 'filter', { kind: 'verdict', verdict: 'QUEUE' }],
    ['-j NFQUEUE --queue-num 1', 'filter', { kind: 'verdict', verdict: 'QUEUE' }],
    ['-j REJECT', 'filter', { kind: 'verdict', verdict: 'REJECT' }],
    ['-j Y', 'filter', { kind: 'jump', chain: 'Y', goto: false }],
    ['-g Y', 'filter', { kind: 'jump', chain: 'Y', goto: true }],
    ['-j LOG --log-prefix "dropped: "', 'filter', { kind: 'log', by: 'LOG', prefix: 'dropped: ' }],
    [
      '-j LOG --log-prefix 0123456789012345678901234567890',
      'filter',
      { kind: 'log', by: 'LOG', prefix: '01234567890123456789012345678' },
    ],
    ['-j NFLOG', 'filter', { kind: 'log', by: 'NFLOG', prefix: '' }],
    // (mark & ~mask) ^ value: --set-mark clears the bits that it sets, --and-mark the others.
    ['-j MARK --set-xmark 5/7', 'mangle', { kind: 'write', field: 'mark', mask: 7, value: 5 }],
    ['-j MARK --set-mark 0x10/0x3', 'mangle', { kind: 'write', field: 'mark', mask: 0x13, value: 0x10 }],
    ['-j MARK --set-mark 5', 'mangle', { kind: 'write', field: 'mark', mask: 0xffffffff, value: 5 }],
    ['-j MARK --and-mark 0xf', 'mangle', { kind: 'write', field: 'mark', mask: 0xfffffff0, value: 0 }],
    ['-j MARK --or-mark 0xf', 'mangle', { kind: 'write', field: 'mark', mask: 0xf, value: 0xf }],
    ['-j MARK --xor-mark 0xf', 'mangle', { kind: 'write', field: 'mark', mask: 0, value: 0xf }],
    ['-j CONNMARK --set-mark 1', 'mangle', { kind: 'write', field: 'connmark', mask: 0xffffffff, value: 1 }],
    [
      '-j CONNMARK --save-mark --nfmask 1 --ctmask 2',
      'mangle',
      { kind: 'copy', from: 'mark', to: 'connmark', fromMask: 1, toMask: 2 },
    ],
    [
      '-j CONNMARK --restore-mark --nfmask 1 --ctmask 2',
      'mangle',
      { kind: 'copy', from: 'connmark', to: 'mark', fromMask: 2, toMask: 1 },
    ],
    ['-j CONNMARK --restore-mark --mask 7', 'mangle', { kind: 'copy', from: 'connmark', to: 'mark', fromMask: 7, toMask: 7 }],
    ['-j DNAT --to-destination 10.0.0.5', 'nat', { kind: 'translate', end: 'dst', to: range([167772165n, 167772165n], null) }],
    [
      '-p tcp -j DNAT --to-destination 10.0.0.5-10.0.0.6:80-90',
      'nat',
      { kind: 'translate', end: 'dst', to: range([167772165n, 167772166n], [80, 90]) },
    ],
    ['-p tcp -j SNAT --to-source :1024', 'nat', { kind: 'translate', end: 'src', to: range(null, [1024, 1024]) }],
    ['-j MASQUERADE', 'nat', { kind: 'translate', end: 'src', to: { kind: 'own', port: null } }],
    ['-p tcp -j REDIRECT --to-ports 8080', 'nat', { kind: 'translate', end: 'dst', to: { kind: 'own', port: [8080, 8080] } }],
    ['-j NOTRACK', 'raw', { kind: 'untrack' }],
    ['-j CT --notrack', 'raw', { kind: 'untrack' }],
    ['-j CT --zone 5', 'raw', { kind: 'track' }],
    ['-j TTL --ttl-set 5', 'mangle', { kind: 'hops', change: 'set', by: 5 }],
    ['-j TTL --ttl-inc 1', 'mangle', { kind: 'hops', change: 'raise', by: 1 }],
    ['-j TTL --ttl-dec 0x2', 'mangle', { kind: 'hops', change: 'lower', by: 2 }],
    ['-j NETMAP --to 10.1.2.3/16', 'nat', { kind: 'netmap', value: 0x0a010000n, mask: 0xffff0000n }],
    ['-j NETMAP --to 10.1.2.3/255.0.255.0', 'nat', { kind: 'netmap', value: 0x0a010203n, mask: 0xffffffffn }],
    [
      '-p tcp -j TPROXY --on-port 3128 --tproxy-mark 0x1/0x3',
      'mangle',
      { kind: 'deliver', address: null, port: 3128, mask: 3, value: 1 },
    ],
    [
      '-p udp -j TPROXY --on-port 53 --on-ip 10.0.0.5',
      'mangle',
      { kind: 'deliver', address: 167772165n, port: 53, mask: 0, value: 0 },
    ],
    ['-j DSCP --set-dscp 10', 'mangle', { kind: 'service', by: 'tos', mask: 0xfc, value: 0x28 }],
    ['-j DSCP --set-dscp-class AF11', 'mangle', { kind: 'service', by: 'tos', mask: 0xfc, value: 0x28 }],
    ['-j TOS --set-tos Minimize-Delay', 'mangle', { kind: 'service', by: 'tos', mask: 0x3f, value: 0x10 }],
    ['-j TOS --and-tos 0xf0', 'mangle', { kind: 'service', by: 'tos', mask: 0x0f, value: 0 }],
    ['-j TOS --or-tos 0x10', 'mangle', { kind: 'service', by: 'tos', mask: 0x10, value: 0x10 }],
    ['-j TOS --xor-tos 0x10', 'mangle', { kind: 'service', by: 'tos', mask: 0, value: 0x10 }],
    ['-p tcp -j ECN --ecn-tcp-remove', 'mangle', { kind: 'alter', what: 'ecn' }],
    ['-j ECN --ecn-ip-ect 2', 'mangle', { kind: 'service', by: 'ecn', mask: 3, value: 2 }],
    ['-p tcp --syn -j TCPMSS --clamp-mss-to-pmtu', 'mangle', { kind: 'alter', what: 'mss' }],
    [
      '-j CONNMARK --set-xmark 1/3 --left-shift-mark 4',
      'mangle',
      { kind: 'write', field: 'connmark', mask: 3, value: 1, shift: 4 },
    ],
    [
      '-j CONNMARK --restore-mark --mask 0xff --right-shift-mark 4',
      'mangle',
      { kind: 'copy', from: 'connmark', to: 'mark', fromMask: 255, toMask: 255, shift: -4 },
    ],
    ['-j SET --add-set s src', 'filter', { kind: 'continue' }],
    ['-j SET --map-set s src --map-mark', 'mangle', { kind: 'unknown', target: 'SET' }],
  ];
  it.each(cases)('%s', (rule, table, effect) => {
    expect(meaning(rule, 4, table).effect).toEqual(effect);
  });

  it.each([
    ['-j DNAT --to-destination 2001:db8::5', range([0x20010db8n * (1n << 96n) + 5n, 0x20010db8n * (1n << 96n) + 5n], null)],
    [
      '-p tcp -j DNAT --to-destination [2001:db8::5]:80',
      range([0x20010db8n * (1n << 96n) + 5n, 0x20010db8n * (1n << 96n) + 5n], [80, 80]),
    ],
    ['-p tcp -j DNAT --to-destination :80', range(null, [80, 80])],
    ['-j DNAT --to-destination ::5', range([5n, 5n], null)],
  ])('IPv6: %s', (rule, to) => {
    expect(meaning(rule, 6, 'nat').effect).toEqual({ kind: 'translate', end: 'dst', to });
  });
});

it('names the uses and the comment, and takes a rule apart', () => {
  const { uses, comment, parts } = meaning(
    '-p tcp --dport 22 -m limit --limit 5/s -m comment --comment "B\xc3\xbcro" -j LOG --log-prefix x',
  );
  expect(comment).toBe('Büro');
  expect(uses).toEqual([
    { name: 'tcp', text: '-m tcp --dport 22', opaque: false },
    { name: 'limit', text: '-m limit --limit 5/s', opaque: true },
    { name: 'comment', text: '-m comment --comment "Büro"', opaque: false },
    { name: 'LOG', text: '-j LOG --log-prefix x', opaque: false },
  ]);
  expect(parts.matches.map((one) => [one.name, one.implied, one.given.map(({ name, values }) => [name, ...values])])).toEqual([
    ['tcp', true, [['--dport', '22']]],
    ['limit', false, [['--limit', '5/s']]],
    ['comment', false, [['--comment', 'B\xc3\xbcro']]],
  ]);
});
