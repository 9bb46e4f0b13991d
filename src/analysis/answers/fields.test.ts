import { describe, expect, it } from 'vitest';
import { ruled } from './shadows.fixture.ts';

/** Rules of filter that no packet meets, as `CHAIN number`. */
function dead(...rules: readonly string[]): readonly string[] {
  return ruled(rules).liveness.dead.map(({ chain, rule }) => `${chain.name} ${rule.rule.number}`);
}

describe('the owner of a packet is one user, and one group', () => {
  const out = (match: string, target = 'DROP'): string => `-A OUTPUT -m owner ${match} -j ${target}`;

  it('so that a range covers what lies in it, and nothing else', () => {
    expect(dead(out('--uid-owner 0-1000'), out('--uid-owner 500', 'ACCEPT'))).toEqual(['OUTPUT 2']);
    expect(dead(out('--uid-owner 0-1000'), out('--uid-owner 1001', 'ACCEPT'))).toEqual([]);
    expect(dead(out('--uid-owner 500'), out('--uid-owner 0-1000', 'ACCEPT'))).toEqual([]);
    expect(dead(out('--uid-owner 0-499'), out('--uid-owner 500-1000'), out('--uid-owner 7-700', 'ACCEPT'))).toEqual(['OUTPUT 3']);
    expect(dead(out('! --uid-owner 33'), out('--uid-owner 0-32', 'ACCEPT'), out('--uid-owner 33', 'ACCEPT'))).toEqual([
      'OUTPUT 2',
    ]);
  });

  it('if a program sends it; sockets of the kernel have neither, and some packets have no socket', () => {
    const users = out('--uid-owner 0-4294967294');
    expect(dead(users, out('--gid-owner 33', 'ACCEPT'))).toEqual(['OUTPUT 2']);
    expect(dead(out('--gid-owner 0-4294967294'), out('--uid-owner 33', 'ACCEPT'))).toEqual(['OUTPUT 2']);
    expect(dead(users, out('--socket-exists', 'ACCEPT'), out('! --uid-owner 0', 'ACCEPT'))).toEqual([]);
    expect(dead(users, out('! --socket-exists'), out('--socket-exists', 'ACCEPT'), '-A OUTPUT -j DROP')).toEqual(['OUTPUT 4']);
    // Supplementary groups are a program's; without a socket the match fails, inverted or not.
    expect(dead(users, out('--gid-owner 33 --suppl-groups', 'ACCEPT'))).toEqual(['OUTPUT 2']);
    expect(dead(out('--socket-exists'), out('! --gid-owner 33 --suppl-groups', 'ACCEPT'))).toEqual(['OUTPUT 2']);
    expect(dead(out('--uid-owner 0'), out('--gid-owner 33 --suppl-groups', 'ACCEPT'))).toEqual([]);
  });
});

describe('a packet is of one type', () => {
  it('so that all others are covered together', () => {
    const types = ['broadcast', 'multicast'].map((type) => `-A INPUT -m pkttype --pkt-type ${type} -j DROP`);
    expect(dead(...types, '-A INPUT -m pkttype ! --pkt-type unicast -j ACCEPT')).toEqual(['INPUT 3']);
    expect(dead(...types, '-A INPUT -m pkttype --pkt-type unicast -j DROP', '-A INPUT -j ACCEPT')).toEqual(['INPUT 4']);
    for (const type of types) expect(dead(type, '-A INPUT -m pkttype ! --pkt-type unicast -j ACCEPT')).toEqual([]);
  });

  it('and unicast if the host sends it', () => {
    const rules = ['unicast', 'broadcast', 'multicast'].map((type) => `-A OUTPUT -m pkttype --pkt-type ${type} -j DROP`);
    expect(dead(...rules)).toEqual(['OUTPUT 2', 'OUTPUT 3']);
  });
});

describe('the TOS byte', () => {
  it('is one, by whatever match its bits are asked', () => {
    const dscp = '-A INPUT -m dscp --dscp 0x10 -j DROP';
    expect(dead(dscp, '-A INPUT -m tos --tos 0x40/0xfc -j ACCEPT')).toEqual(['INPUT 2']);
    expect(dead(dscp, '-A INPUT -m tos --tos 0x41/0xff -j ACCEPT')).toEqual(['INPUT 2']);
    expect(dead('-A INPUT -m tos --tos 0x41/0xff -j ACCEPT', dscp)).toEqual([]);
    expect(dead(dscp, '-A INPUT -m dscp --dscp-class CS2 -j ACCEPT')).toEqual(['INPUT 2']);
    expect(dead('-A INPUT -m dscp ! --dscp 0x10 -j DROP', '-A INPUT -m dscp --dscp 0x11 -j ACCEPT')).toEqual(['INPUT 2']);
    const ects = [0, 1, 2, 3].map((ect) => `-A INPUT -m ecn --ecn-ip-ect ${ect} -j DROP`);
    expect(dead(...ects, dscp)).toEqual(['INPUT 5']);
    expect(dead(...ects.slice(1), dscp)).toEqual([]);
  });

  it('is what was written to it', () => {
    const text = (target: string, match: string): string =>
      `*mangle\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -j ${target}\nCOMMIT\n*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT ${match} -j DROP\nCOMMIT\n`;
    const isDead = (target: string, match: string): boolean => ruled(text(target, match)).liveness.dead.length > 0;
    expect(isDead('DSCP --set-dscp 0x10', '-m dscp ! --dscp 0x10')).toBe(true);
    expect(isDead('DSCP --set-dscp 0x10', '-m tos ! --tos 0x40/0xfc')).toBe(true);
    expect(isDead('DSCP --set-dscp 0x10', '-m tos --tos 0x43/0xff')).toBe(false);
    expect(isDead('TOS --set-tos 0x40/0xff', '-m tos --tos 0x43/0xff')).toBe(true);
    expect(isDead('TOS --and-tos 0xfc', '-m ecn ! --ecn-ip-ect 0')).toBe(true);
    expect(isDead('TOS --or-tos 0x10', '-m tos --tos 0/0x10')).toBe(true);
    expect(isDead('TOS --xor-tos 0x10', '-m tos --tos 0/0x10')).toBe(false);
    expect(isDead('ECN --ecn-ip-ect 1', '-m ecn ! --ecn-ip-ect 1')).toBe(true);
  });
});

it('an option of the TCP header is there or not, whatever else is asked', () => {
  const option = (match: string, target: string): string => `-A INPUT -p tcp -m tcp ${match} -j ${target}`;
  expect(dead(option('--tcp-option 8', 'DROP'), option('--dport 22 --tcp-option 0x8', 'ACCEPT'))).toEqual(['INPUT 2']);
  const both = [option('--tcp-option 8', 'DROP'), option('! --tcp-option 8', 'DROP')];
  expect(dead(...both, '-A INPUT -p tcp -j ACCEPT')).toEqual(['INPUT 3']);
  expect(dead(option('--tcp-option 8', 'DROP'), option('--tcp-option 4', 'ACCEPT'))).toEqual([]);
});

describe('the clock shows one instant, whatever rules ask of it', () => {
  const at = (match: string, target = 'DROP'): string => `-A INPUT -m time ${match} -j ${target}`;

  it('so that hours and days cover each other', () => {
    expect(dead(at('--timestart 08:00 --timestop 18:00'), at('--timestart 09:00 --timestop 17:00', 'ACCEPT'))).toEqual([
      'INPUT 2',
    ]);
    expect(dead(at('--timestart 09:00 --timestop 17:00'), at('--timestart 08:00 --timestop 18:00', 'ACCEPT'))).toEqual([]);
    const day = [at('--timestart 08:00 --timestop 17:59:59'), at('--timestart 18:00 --timestop 07:59:59')];
    expect(dead(...day, '-A INPUT -j ACCEPT')).toEqual(['INPUT 3']);
    expect(dead(at('--timestart 08:00 --timestop 17:59:58'), day[1] as string, '-A INPUT -j ACCEPT')).toEqual([]);
    const week = [at('--weekdays Mon,Tue,Wed,Thu,Fri'), at('! --weekdays Mon,Tue,Wed,Thu,Fri')];
    expect(dead(...week, '-A INPUT -j ACCEPT')).toEqual(['INPUT 3']);
    expect(dead(week[0] as string, at('--weekdays Wed --timestart 12:00', 'ACCEPT'))).toEqual(['INPUT 2']);
    expect(dead(at('! --monthdays 31'), at('--monthdays 1,15', 'ACCEPT'), at('--monthdays 31', 'ACCEPT'))).toEqual(['INPUT 2']);
    expect(dead(at('--datestart 2030-01-01'), at('--datestart 2031-01-01 --datestop 2031-06-30', 'ACCEPT'))).toEqual(['INPUT 2']);
    expect(dead(at('--timestart 12:00 --timestop 12:00'), '-A INPUT -j ACCEPT')).toEqual(['INPUT 2']);
  });

  it('and a night that is one with --contiguous ends on the next day', () => {
    const night = at('--timestart 22:00 --timestop 06:00 --contiguous --weekdays Fri');
    expect(dead(night, at('--weekdays Sat --timestart 00:00 --timestop 05:00', 'ACCEPT'))).toEqual(['INPUT 2']);
    expect(dead(night, at('--weekdays Fri --timestart 00:00 --timestop 05:00', 'ACCEPT'))).toEqual([]);
    expect(dead(night, at('--weekdays Fri --timestart 23:00 --timestop 23:30', 'ACCEPT'))).toEqual(['INPUT 2']);
  });
});

it('a port of a bridge by which a packet came is one answer, whatever else is asked', () => {
  const by = (match: string, target: string): string => `-A FORWARD -m physdev ${match} -j ${target}`;
  expect(dead(by('--physdev-in vif1', 'DROP'), by('--physdev-in vif1 --physdev-is-bridged', 'ACCEPT'))).toEqual(['FORWARD 2']);
  expect(dead(by('--physdev-in vif1', 'DROP'), by('! --physdev-in vif1', 'DROP'), '-A FORWARD -j ACCEPT')).toEqual(['FORWARD 3']);
  expect(dead(by('--physdev-is-bridged', 'DROP'), by('--physdev-in vif1', 'ACCEPT'))).toEqual([]);
});
