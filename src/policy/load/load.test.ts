import { describe, expect, it } from 'vitest';
import { problemLine } from '../../result.ts';
import { type Beside, readPolicy } from './read.ts';

const beside: Beside = { now: 1_700_000_000, file: () => null, fetched: () => ({ addresses: [], lacking: 'nobody asked' }) };
const guide = `palisade: 1          # both families; top to bottom; the first match decides
otherwise: { incoming: drop, forwarded: drop, outgoing: accept }
interfaces: { internet: eth0, vpn: wg0 }
sets:
  admins: ["192.168.1.50", "2001:db8:10::/64"]
  partners: { file: partners.txt }
  home: { dns: home.example.net, on-failure: keep }
services:
  app: [8443/tcp, 8443/udp]
incoming:
  - allow: ssh
    from: [admins, home]
    at-most: { new: 3, within: 60s, per: source, beyond: drop }
  - allow: [http, https]            # no from: anyone
  - allow: 5432/tcp
    from: partners
    via: vpn                        # the interface it arrives on
forwarded:
  - { allow: any, via: vpn, out: internet, masquerade: ipv4 }
docker:                             # published ports, by host port; unlisted: drop
  - { allow: 8080/tcp, from: partners }
log: { dropped: 5/minute, prefix: "IPTables-Dropped: " }
protect: { bogons: { via: internet }, bad-flags: true, new-not-syn: true }
tests:
  - can:    { from: "192.168.1.50", reach: ssh }
  - cannot: { from: anyone, via: internet, reach: 5432/tcp }
  - cannot: { from: { anyone-except: [admins, home] }, reach: ssh }
`;
const full: Beside = {
  ...beside,
  file: (path) => (path === 'partners.txt' ? '# partners\n198.51.100.0/24 ; office\n\n2001:db8:7::/48\n' : null),
  fetched: (source) =>
    source.kind === 'dns' ? { addresses: ['203.0.113.77'], lacking: null } : { addresses: [], lacking: 'nobody asked' },
};

function lines(text: string, by: Beside = beside): readonly string[] {
  const read = readPolicy(text, 'policy.yaml', by);
  return read.ok ? [] : read.problems.map(problemLine);
}

describe('a policy', () => {
  it('is read with every name looked up', () => {
    const read = readPolicy(guide, 'policy.yaml', full);
    if (!read.ok) throw new Error(read.problems.map(problemLine).join('\n'));
    const { incoming, forwarded, docker, protect, log, tests, sets } = read.value;
    expect(incoming).toHaveLength(3);
    expect(incoming[0]).toMatchObject({
      ending: 'accept',
      services: [{ proto: 6, ports: [[22, 22]] }],
      from: { except: false, text: 'admins, home' },
      limit: { of: 'new', amount: 3, withinSeconds: 60, per: 'source', beyond: 'drop' },
      at: { file: 'policy.yaml', line: 11, column: 5 },
    });
    expect(incoming[1]).toMatchObject({
      services: [
        {
          proto: 6,
          ports: [
            [80, 80],
            [443, 443],
          ],
        },
      ],
      from: null,
    });
    expect(incoming[2]).toMatchObject({ via: ['wg0'], from: { ranges: { 4: [[0xc6336400n, 0xc63364ffn]] } } });
    expect(forwarded[0]).toMatchObject({ services: null, via: ['wg0'], out: ['eth0'], masquerade: [4] });
    expect(docker?.[0]).toMatchObject({ services: [{ ports: [[8080, 8080]] }] });
    expect(protect).toMatchObject({ bogons: ['eth0'], badFlags: true, newNotSyn: true, synFlood: null, earlyDrop: false });
    expect(log).toEqual({ perMinute: 5, prefix: 'IPTables-Dropped: ' });
    expect(tests.map(({ text }) => text)).toEqual([
      '192.168.1.50 can reach ssh',
      'anyone cannot reach 5432/tcp',
      'anyone except admins, home cannot reach ssh',
    ]);
    expect(sets.get('partners')?.members[6]).toEqual([
      [0x20010db8_00070000_00000000_00000000n, 0x20010db8_0007ffff_ffffffff_ffffffffn],
    ]);
  });

  it('says which sets lack addresses', () => {
    const read = readPolicy('palisade: 1\nsets: { home: { dns: home.example.net }, listed: ["192.0.2.1"] }\n', 'p', beside);
    expect(read.ok && read.value.lacking).toEqual([{ set: 'home', why: 'nobody asked' }]);
  });

  it('loses what has expired', () => {
    const text =
      'palisade: 1\nincoming:\n  - { allow: ssh, expires: "2023-01-01" }\n  - { allow: http, expires: "2033-01-01" }\n';
    const read = readPolicy(text, 'p', beside);
    expect(read.ok && read.value.incoming.map((item) => item.at.line)).toEqual([4]);
  });
});

describe('what is wrong with a policy is said at its place', () => {
  const said = (rest: string): string => `palisade: 1\n${rest}`;
  it.each([
    ['', 'policy.yaml:1:1: this is not a policy; begin it with "palisade: 1"'],
    ['incoming: []\n', 'policy.yaml:1:1: the policy does not say "palisade: 1"; begin it with that line'],
    ['palisade: 2\n', 'policy.yaml:1:1: the policy does not say "palisade: 1"; begin it with that line'],
    [said('incomming: []\n'), 'policy.yaml:2:1: "incomming" means nothing here; did you mean "incoming"?'],
    [said('incoming:\n  - { alow: ssh }\n'), 'policy.yaml:3:7: "alow" means nothing here; did you mean "allow"?'],
    [said('incoming:\n  - { allow: shs }\n'), 'policy.yaml:3:14: "shs" is no service; did you mean "ssh"?'],
    [
      said('incoming:\n  - { allow: [ssh, 99999/tcp] }\n'),
      'policy.yaml:3:20: "99999/tcp" is no service; write a service such as ssh, or a port and its protocol such as 8443/tcp',
    ],
    [
      said('incoming:\n  - { allow: 22 }\n'),
      'policy.yaml:3:14: "allow" has a value that it cannot have; write a service such as ssh, 8443/tcp, or a list of them',
    ],
    [
      said('incoming:\n  - { allow: ssh, from: admin }\nsets: { admins: ["192.0.2.1"] }\n'),
      'policy.yaml:3:25: there is no set "admin"; did you mean "admins"?',
    ],
    [
      said('incoming:\n  - { allow: ssh, from: "192.0.2.300" }\n'),
      'policy.yaml:3:25: "192.0.2.300" is no address; write an address, a network such as "192.0.2.0/24", or a range "a-b"',
    ],
    [
      said('incoming:\n  - { allow: ssh, deny: ssh }\n'),
      'policy.yaml:3:5: this rule says allow and deny; write one of allow, deny, reject, log, group or iptables',
    ],
    [
      said('incoming:\n  - { from: "192.0.2.1" }\n'),
      'policy.yaml:3:5: this rule allows and denies nothing; write one of allow, deny, reject, log, group or iptables',
    ],
    [
      said('incoming:\n  - { allow: ssh, out: eth0 }\n'),
      'policy.yaml:3:19: what comes in leaves by no interface; write via, or move the rule to forwarded',
    ],
    [
      said('incoming:\n  - { allow: ssh, masquerade: ipv4 }\n'),
      'policy.yaml:3:19: masquerade is for forwarded rules; move the rule to forwarded',
    ],
    [
      said('interfaces: { internet: eth0 }\nincoming:\n  - { allow: ssh, via: internett }\n'),
      'policy.yaml:4:24: there is no interface "internett"; did you mean "internet"?',
    ],
    [
      said('incoming:\n  - { allow: ssh, at-most: { new: 3, within: 60 } }\n'),
      'policy.yaml:3:46: "within" has a value that it cannot have; write a time such as 60s, 5m, 1h or 1d',
    ],
    [
      said('incoming:\n  - { allow: ssh, at-most: { within: 60s } }\n'),
      'policy.yaml:3:28: "new" is missing; write a whole number from 1 to 10,000',
    ],
    [
      said('otherwise: { incoming: dorp }\n'),
      'policy.yaml:2:24: "incoming" has a value that it cannot have; write accept, drop or reject',
    ],
    [
      said('sets: { a: { file: gone.txt } }\n'),
      'policy.yaml:2:20: gone.txt cannot be read; write the path of a text file with one address a line',
    ],
    [
      said('sets: { a: [192.0.2.1, fd00::] }\n'),
      'policy.yaml:2:24: an entry of "a" has a value that it cannot have; write an address in quotes',
    ],
    [said('sets: { a: !admins x }\n'), /policy\.yaml:2:12: .*tag.*; mend the YAML/],
    [said('tests:\n  - { may: { reach: ssh } }\n'), /policy\.yaml:3:(5|7): /],
    [
      said('forwarded:\n  - { allow: gre, send-to: "10.0.0.1" }\n'),
      'policy.yaml:3:28: only what has ports can be sent on; name them, such as allow: https',
    ],
    [
      said('incoming:\n  - { allow: ssh, at-most: { new: 3, within: 7d } }\n'),
      'policy.yaml:3:46: "within" has a value that it cannot have; write a day (1d) or less',
    ],
    [
      said('incoming:\n  - { allow: ssh, rate: { bytes: 9999mb/s } }\n'),
      'policy.yaml:3:34: "bytes" has a value that it cannot have; write 1000mb/s or less',
    ],
    [
      said('incoming:\n  - { allow: ssh, rate: { packets: 20000/s } }\n'),
      'policy.yaml:3:36: "packets" has a value that it cannot have; write a rate such as 100/s, up to 10000',
    ],
    [said('incoming:\n  - { iptables: "-p tcp --dport" }\n'), /^policy\.yaml:3:17: IPv4: .*--dport/],
    [said('incoming:\n  - { iptables: "-s 192.0.2.1 -j ACCEPT" }\n'), /^policy\.yaml:3:17: IPv6: /],
    [
      said('incoming:\n  - iptables: |\n      -p tcp -j ACCEPT\n      -A INPUT -j ACCEPT\n'),
      'policy.yaml:3:15: this is not one line of iptables; write matches and a target, as they stand behind -A CHAIN',
    ],
    [
      said('iptables: [{ table: natt, chain: POSTROUTING, rule: "-j ACCEPT" }]\n'),
      'policy.yaml:2:21: there is no table "natt"; write raw, mangle, nat or security',
    ],
    [
      said('iptables: [{ table: nat, chain: POSTROUTNG, rule: "-j ACCEPT" }]\n'),
      'policy.yaml:2:33: the table nat has no chain "POSTROUTNG"; write PREROUTING, INPUT, OUTPUT, POSTROUTING',
    ],
    [
      said('iptables: [{ table: filter, chain: INPUT, rule: "-j ACCEPT" }]\n'),
      'policy.yaml:2:21: lines of the table filter stand among the rules; move it to incoming, outgoing or forwarded',
    ],
    [
      said('interfaces: { internet: "eth0 -j ACCEPT" }\n'),
      'policy.yaml:2:25: "internet" has a value that it cannot have; write the name of an interface such as eth0, or eth+',
    ],
    [
      said("log: { dropped: 5/minute, prefix: 'a\"b' }\n"),
      'policy.yaml:2:35: "prefix" has a value that it cannot have; write up to 29 plain characters, without quotes and backslashes',
    ],
    [said('incoming:\n  - { allow: 53/udplite }\n'), /^policy\.yaml:3:14: "53\/udplite" is no service/],
    [
      said('forwarded:\n  - { allow: any, via: wg0, masquerade: ipv4 }\n'),
      'policy.yaml:3:29: whose address it takes is not said; add out, the interface that it leaves by',
    ],
    [
      said('forwarded:\n  - { allow: https, send-to: "10.0.0.2", rate: { packets: 5/s } }\n'),
      'policy.yaml:3:42: a rate cannot be kept of what is sent on; write at-most, or limit it at the other machine',
    ],
    [
      said('docker:\n  - { allow: 80/tcp, at-most: { new: 3, within: 60s } }\n'),
      'policy.yaml:3:22: at-most has no meaning for what Docker publishes; leave it out',
    ],
    [said('a: &a [*a]\n'), /^policy\.yaml:/],
    [said('incoming:\n  - { leave: any }\n'), 'policy.yaml:3:7: there is no group here to leave; move it into a group'],
    [said('incoming:\n  - { group: tcp, via: eth0 }\n'), 'policy.yaml:3:5: this group has no rules; write them under rules'],
    [
      said('incoming:\n  - { allow: ssh, rules: [] }\n'),
      'policy.yaml:3:19: rules has no meaning beside allow; it goes with group',
    ],
    [
      said('incoming:\n  - { group: any, rules: [{ alow: ssh }] }\n'),
      'policy.yaml:3:29: "alow" means nothing here; did you mean "allow"?',
    ],
    [said('incoming:\n  - { group: any, matches: "-m limit -j ACCEPT", rules: [] }\n'), /^policy\.yaml:3:28: IPv4: /],
    [
      said('incoming:\n  - { group: any, rules: [] }\n  - { allow: ssh, rate: { packets: 5/s } }\n'),
      'policy.yaml:4:19: a rate cannot be kept beside groups; write at-most or up-to, or write the groups out',
    ],
    [
      said('incoming:\n  - { group: any, rules: [{ allow: ssh, rate: { packets: 5/s } }] }\n'),
      'policy.yaml:3:27: rate, masquerade and send-to stand outside groups; move the rule out of the group',
    ],
    [
      said('incoming:\n  - { allow: any, from-port: "67" }\n'),
      'policy.yaml:3:19: only what has ports comes from one; name the protocol, such as allow: tcp',
    ],
    [
      said('incoming:\n  - { allow: tcp, from-port: "99-7" }\n'),
      'policy.yaml:3:30: "99-7" is no range of ports; write ports from 0 to 65535, the lower one first',
    ],
    [said('incoming:\n  - { allow: udp, flags: "SYN of SYN,ACK" }\n'), 'policy.yaml:3:19: only TCP has flags; write allow: tcp'],
    [
      said('incoming:\n  - { deny: any, to-kind: broadcast }\n'),
      'policy.yaml:3:27: IPv6 does not tell broadcast apart; write family: ipv4 too',
    ],
    [
      said('incoming:\n  - { reject: any, answer: host-prohibited }\n'),
      'policy.yaml:3:28: IPv6 has no message "host-prohibited"; write family: ipv4 too, or another answer',
    ],
    [
      said('incoming:\n  - { reject: any, answer: tcp-reset }\n'),
      'policy.yaml:3:28: only TCP is reset; write reject: tcp, or another answer',
    ],
    [
      said('incoming:\n  - { allow: ssh, burst: 5 }\n'),
      'policy.yaml:3:19: burst says nothing by itself; write up-to too, such as 5/minute',
    ],
    [
      said('otherwise: { incoming: reject }\nincoming:\n  - { group: any, rules: [], rest: leave }\n'),
      'policy.yaml:4:30: what leaves a list is not rejected; write next',
    ],
    [
      said('iptables: [{ table: nat, chain: PREROUTING, rule: "-i eth0", rules: ["-p tcp --dport"] }]\n'),
      /^policy\.yaml:2:\d+: /,
    ],
    [said('incoming:\n  - { allow: icmp:300 }\n'), /^policy\.yaml:3:14: "icmp:300" is no service/],
    [
      said('forwarded:\n  - { allow: https, send-to: web }\n'),
      'policy.yaml:3:30: "web" is no machine to send to; write "192.168.1.20", "192.168.1.20:8443" or "[2001:db8::20]:8443"',
    ],
  ])('%j', (text, line) => {
    const [first = ''] = lines(text);
    if (typeof line === 'string') expect(first).toBe(line);
    else expect(first).toMatch(line);
  });

  it('of a file of addresses by its line', () => {
    const by: Beside = { ...beside, file: () => '192.0.2.1\n# fine\n192.0.2.256\n' };
    expect(lines('palisade: 1\nsets: { a: { file: list.txt } }\n', by)).toEqual([
      'policy.yaml:2:20: list.txt:3: "192.0.2.256" is no address; write an address, a network such as "192.0.2.0/24", or a range "a-b"',
    ]);
  });

  it('of links whose names are words of the language, and of very long lists, nothing', () => {
    expect(
      lines(
        'palisade: 1\nincoming:\n  - { allow: ssh, via: constructor }\ninterfaces: { lan: eth0 }\noutgoing:\n  - { allow: ssh, out: wan }\n',
      ),
    ).toEqual([]);
    const long = Array.from({ length: 200_000 }, (_, index) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`).join(
      '\n',
    );
    expect(lines('palisade: 1\nsets: { a: { file: list.txt } }\n', { ...beside, file: () => long })).toEqual([]);
  });

  it('all at once', () => {
    expect(lines('palisade: 1\nincoming:\n  - { allow: shs }\n  - { deny: htpt }\n')).toHaveLength(2);
  });
});

describe('lists of others', () => {
  const problemsOf = (text: string): readonly string[] => {
    const read = readPolicy(`palisade: 1\n${text}`, 'p', {
      now: Date.parse('2026-11-30') / 1000,
      file: () => null,
      fetched: () => ({ addresses: ['192.0.2.1'], lacking: null, said: 'one' }),
    });
    return read.ok ? [] : read.problems.map(problemLine);
  };

  it.each([
    ['sets: { a: { feed: "http://example.net/x" } }', /p:2:20: "feed" has a value that it cannot have; write an address such as "https/],
    ['sets: { a: { feed: "https://me:secret@example.net/x" } }', /p:2:20: .*write an address such as/],
    ['sets: { a: { feed: "ftp://example.net/x" } }', /write an address such as/],
    ['sets: { a: { country: Germany } }', /"country".*write the two letters of a country, such as CH/],
    ['sets: { a: { feed: "https://example.net/x" } }\nincoming: [{ allow: ssh, from: a }]', /p:3:12: whoever writes the feed a would say who may log in here; name addresses, or write trust: true/],
    ['sets: { a: { feed: "https://example.net/x" } }\nincoming: [{ allow: any, from: ["192.0.2.1", a] }]', /would say who may log in/],
  ])('%s is refused', (text, problem) => {
    expect(problemsOf(text).join('\n')).toMatch(problem);
  }); // biome-ignore format: one policy a line

  it.each([
    'sets: { a: { feed: "https://example.net/x", every: 5m, on-failure: empty, expires: "2027-01-01" } }\nincoming: [{ allow: https, from: a }, { deny: any, from: a }]',
    'sets: { a: { feed: "http://[::1]:8080/x", trust: true } }\nincoming: [{ allow: ssh, from: a }]',
    'sets: { a: { country: [ch, DE], from: [registry.txt, "https://example.net/x"] } }\nincoming: [{ allow: ssh, from: a }]',
  ])('%s is taken', (text) => {
    expect(problemsOf(text)).toEqual([]);
  });

  it('whose day is over are not even asked for', () => {
    let asked = 0;
    const text =
      'palisade: 1\nsets: { a: { feed: "https://example.net/x", expires: "2026-01-01" } }\nincoming: [{ deny: any, from: a }]\n';
    const fetched = () => {
      asked += 1;
      return { addresses: [], lacking: 'no' };
    };
    expect(readPolicy(text, 'p', { now: Date.parse('2026-11-30') / 1000, file: () => null, fetched })).toMatchObject({
      ok: true,
      value: { lacking: [] },
    });
    expect(asked).toBe(0);
  });
});
