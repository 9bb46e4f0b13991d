import { describe, expect, it } from 'vitest';
import { type Host, hostFromFiles } from '../../model/host/index.ts';
import { surroundingsOf } from '../evaluate/surroundings.ts';
import { nowhereOf } from './nowhere.ts';
import { nothingKnown, ruled } from './shadows.fixture.ts';

const sets = [
  'create full hash:ip family inet',
  'add full 192.0.2.1',
  'create bare hash:ip family inet',
  'create banned hash:ip family inet timeout 600',
  'create six hash:ip family inet6',
  'add six 2001:db8::1',
  'create both list:set',
  'add both bare',
  'add both banned',
  'create some list:set',
  'add some bare',
  'add some full',
  '',
].join('\n');

const facts = {
  links: [{ name: 'lo' }, { name: 'eth0' }, { name: 'wg0' }],
  addresses: [
    { link: 'lo', address: '127.0.0.1/8' },
    { link: 'eth0', address: '192.0.2.10/24', broadcast: '192.0.2.255' },
    { link: 'eth0', address: '2001:db8::10/64' },
  ],
};

const read = hostFromFiles({
  rulesets: [],
  sets: { file: 'sets', text: sets },
  facts: { file: 'facts', text: JSON.stringify(facts) },
  readAt: 0,
});
if (!read.ok) throw new Error(read.problems[0]?.message);
const host: Host = read.value;

function nowhere(rules: readonly string[], known = surroundingsOf(host), family: 4 | 6 = 4): readonly string[] {
  const { firewall, liveness } = ruled(rules, known, { family });
  return nowhereOf(firewall, liveness).map(
    ({ rule, absences }) => `${rule.chain} ${rule.rule}: ${absences.map(({ kind }) => kind).join()}`,
  );
}

describe('a rule can match nothing on this host', () => {
  it('by an interface that it does not have', () => {
    const rules = [
      '-A INPUT -i eth7 -j ACCEPT',
      '-A INPUT -i eth0 -j ACCEPT',
      '-A INPUT -i wg+ -j DROP',
      '-A INPUT -i tun+ -j DROP',
    ];
    expect(nowhere(rules)).toEqual(['INPUT 1: link', 'INPUT 4: link']);
    expect(nowhere(['-A INPUT ! -i eth7 -j ACCEPT'])).toEqual([]);
    expect(nowhere(rules, nothingKnown)).toEqual([]);
  });

  it('by a set that is empty, whoever fills it', () => {
    const asks = (name: string): string => `-A INPUT -m set --match-set ${name} src -j DROP`;
    const names = ['full', 'bare', 'banned', 'six', 'both', 'some', 'unheard-of'];
    const { firewall, liveness } = ruled(names.map(asks), surroundingsOf(host));
    expect(nowhereOf(firewall, liveness).map(({ absences }) => absences)).toEqual([
      [{ kind: 'empty-set', set: 'bare', volatile: false }],
      [{ kind: 'empty-set', set: 'banned', volatile: true }],
      [{ kind: 'empty-set', set: 'six', volatile: false }],
      [{ kind: 'empty-set', set: 'both', volatile: true }],
    ]);
    expect(nowhere(['-A INPUT -m set ! --match-set bare src -j DROP'])).toEqual([]);
    expect(nowhere(names.map(asks), nothingKnown)).toEqual([]);
  });

  it("by addresses that are not the host's, where only those come", () => {
    expect(nowhere(['-A INPUT -d 192.0.2.10/32 -j ACCEPT', '-A INPUT -d 192.0.2.11/32 -j ACCEPT'])).toEqual([
      'INPUT 2: own-address',
    ]);
    expect(nowhere(['-A INPUT -d 192.0.2.0/24 -j ACCEPT', '-A INPUT -d 198.51.100.0/24 -j ACCEPT'])).toEqual([
      'INPUT 2: own-address',
    ]);
    // Broadcasts and multicasts come in, and so does what is said to be local by a range.
    expect(
      nowhere([
        '-A INPUT -d 192.0.2.255/32 -j ACCEPT',
        '-A INPUT -d 224.0.0.251/32 -j ACCEPT',
        '-A INPUT -d 255.255.255.255/32 -j DROP',
        '-A INPUT -d 127.1.2.3/32 -j DROP',
      ]),
    ).toEqual([]);
    expect(nowhere(['-A OUTPUT -s 192.0.2.10/32 -j ACCEPT', '-A OUTPUT -s 10.0.0.1/32 -j ACCEPT'])).toEqual([
      'OUTPUT 2: own-address',
    ]);
    // From there anybody may come, and to there anybody may be sent.
    expect(
      nowhere(['-A INPUT -s 10.0.0.1/32 -j DROP', '-A OUTPUT -d 10.0.0.1/32 -j DROP', '-A FORWARD -d 10.0.0.1/32 -j DROP']),
    ).toEqual([]);
    const called = ['-A INPUT -j own', '-A own -d 10.0.0.1/32 -j ACCEPT'];
    expect(nowhere(called)).toEqual(['own 1: own-address']);
    expect(nowhere([...called, '-A FORWARD -j own'])).toEqual([]);
    expect(nowhere(called, { ...surroundingsOf(host), addresses: null })).toEqual([]);
    const six = ['-A INPUT -d 2001:db8::10/128 -j ACCEPT', '-A INPUT -d ff02::1/128 -j ACCEPT'];
    expect(nowhere(six, surroundingsOf(host), 6)).toEqual([]);
  });

  it('by an address type that no address has', () => {
    const asks = (type: string): string => `-A INPUT -m addrtype --dst-type ${type} -j DROP`;
    const rules = [asks('ANYCAST'), asks('BROADCAST'), asks('MULTICAST'), asks('BLACKHOLE')];
    expect(nowhere(rules, { ...surroundingsOf(host), routes: [] })).toEqual(['INPUT 1: address-type', 'INPUT 4: address-type']);
    // Without routes the first address of a network may be of another type than the rest.
    expect(nowhere(rules)).toEqual([]);
    expect(nowhere(rules, nothingKnown)).toEqual([]);
  });
});
