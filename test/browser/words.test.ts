import { expect, test } from 'vitest';
import { byteWords, countWords, fateWords, packetWords, ruleAnchor, ruleWords, splitFix, visible } from '../../web/src/words.ts';
import { status } from './fixture.ts';

const syn = status.findings[2]?.witness?.packet ?? expect.fail('the fixture has a witness');

test('packets read as sentences', () => {
  const said = (over: Partial<typeof syn>) => packetWords({ ...syn, ...over });
  const noPorts = { sport: null, dport: null };
  expect([
    said({}),
    said({ in: 'lo', src: '127.0.0.1' }),
    said({ state: 'ESTABLISHED', sport: 53, dport: 40_000, proto: 'udp' }),
    said({ state: 'INVALID' }),
    said({ ...noPorts, proto: 'icmp', icmpType: 8, icmpCode: 0 }),
    said({ ...noPorts, proto: 'icmp', icmpType: 77, icmpCode: 0, state: 'RELATED' }),
    said({ ...noPorts, proto: 'icmpv6', icmpType: 134, src: 'fe80::1' }),
    said({ ...noPorts, proto: '99' }),
    said({ hook: 'forward', out: 'eth1', dst: '192.0.2.77' }),
    said({ ...noPorts, hook: 'forward', proto: 'gre', dst: '192.0.2.77' }),
    said({ hook: 'output', src: '198.51.100.10', dst: '192.0.2.77', dport: 443, in: null, out: 'eth0' }),
  ]).toEqual([
    'A packet from 203.0.113.9 to tcp port 22',
    'A packet from 127.0.0.1 to tcp port 22 over loopback',
    'An ESTABLISHED packet from 203.0.113.9 port 53 to udp port 40000',
    'An INVALID packet from 203.0.113.9 port 40000 to tcp port 22',
    'An icmp echo-request packet from 203.0.113.9',
    'A RELATED icmp type 77 packet from 203.0.113.9',
    'An icmpv6 router-advertisement packet from fe80::1',
    'A protocol 99 packet from 203.0.113.9',
    'A forwarded packet from 203.0.113.9 to 192.0.2.77 tcp port 22',
    'A forwarded gre packet from 203.0.113.9 to 192.0.2.77',
    'An outgoing packet from 198.51.100.10 to 192.0.2.77 tcp port 443',
  ]);
});

test('what becomes of them, and who decides', () => {
  const policy = { family: 4, table: 'filter', chain: 'INPUT', rule: 'policy' } as const;
  const nat6 = { family: 6, table: 'nat', chain: 'PREROUTING', rule: 7 } as const;
  expect(fateWords('ACCEPT', policy, [])).toBe('is accepted by INPUT’s policy');
  expect(fateWords('DROP', nat6, [])).toBe('is dropped by IPv6 nat PREROUTING rule 7');
  expect(fateWords('ACCEPT', null, [])).toBe('is accepted: no rule stands in its way');
  expect(fateWords('DEPENDS', policy, ['-m limit --limit 5/min', '-m recent'])).toBe(
    'depends on “-m limit --limit 5/min” and “-m recent”',
  );
  expect(ruleWords({ ...policy, rule: 3 })).toBe('INPUT rule 3');
});

test('anchors of rules are apart, also where chains have strange names', () => {
  const of = (table: string, chain: string) => ruleAnchor({ family: 4, table, chain, rule: 1 });
  expect(new Set([of('filter', 'a b'), of('filter', 'a%20b'), of('filter', 'a'), of('nat', 'a'), of('filter', 'ä')]).size).toBe(
    5,
  );
  expect(of('filter', 'a "b" #c')).not.toMatch(/[\s"#]/);
});

test('numbers for people', () => {
  expect([null, 0, 999, 1234, 98_120_004].map(countWords)).toEqual(['–', '0', '999', '1,234', '98,120,004']);
  expect([null, 0, 999, 1000, 73_000, 412_345, 98_120_004, 2 ** 53].map(byteWords)).toEqual([
    '–',
    '0 B',
    '999 B',
    '1.0 kB',
    '73.0 kB',
    '412 kB',
    '98.1 MB',
    '9.0 PB',
  ]);
});

test('a fix is a sentence, then commands', () => {
  expect(splitFix('Accept loopback.\niptables -I INPUT 1 -i lo -j ACCEPT\nip6tables -I INPUT 1 -i lo -j ACCEPT')).toEqual({
    says: 'Accept loopback.',
    commands: 'iptables -I INPUT 1 -i lo -j ACCEPT\nip6tables -I INPUT 1 -i lo -j ACCEPT',
  });
  expect(splitFix('Say who may.')).toEqual({ says: 'Say who may.', commands: '' });
});

test('nothing that others wrote is invisible', () => {
  expect(visible('ssh \u001b[31m\u202eDROP\u200b\r\n\u0085')).toBe('ssh \\x{1b}[31m\\x{202e}DROP\\x{200b}\\x{d}\\x{a}\\x{85}');
  expect(visible('gewöhnlich – 日本')).toBe('gewöhnlich – 日本');
});
