import { describe, expect, it } from 'vitest';
import type { RuleRef } from '../../model/packet/index.ts';
import { type Ruled, ruled } from './shadows.fixture.ts';
import { type Blocker, type Shadow, shadowsOf } from './shadows.ts';

function why(made: Ruled, chain: string, rule: number, table = 'filter'): Shadow {
  return shadowsOf(made.space, made.firewall, made.liveness).why(made.dead(table, chain, rule));
}

function covered(rules: readonly string[] | string, chain: string, rule: number, table = 'filter'): CoveredShadow {
  const shadow = why(ruled(rules), chain, rule, table);
  if (shadow.kind !== 'covered') throw new Error(`${chain} ${rule} is ${shadow.kind}`);
  return shadow;
}

type CoveredShadow = Extract<Shadow, { kind: 'covered' }>;

function numbers({ blockers }: CoveredShadow): readonly RuleRef['rule'][] {
  return blockers.map(({ rule }) => rule.rule);
}

function said({ rule, share, does, otherwise }: Blocker): string {
  return `${rule.rule}: ${Math.round(share * 100)} % ${does.join()}${otherwise.length > 0 ? ', otherwise' : ''}`;
}

describe('a dead rule is blamed on the fewest earlier rules that cover it', () => {
  it('one, where one is enough', () => {
    const shadow = covered(
      ['-A INPUT -p tcp -j DROP', '-A INPUT -p udp -j DROP', '-A INPUT -p tcp --dport 22 -j ACCEPT'],
      'INPUT',
      3,
    );
    expect(shadow.blockers.map(said)).toEqual(['1: 100 % DROP, otherwise']);
    expect(shadow.would).toEqual(['ACCEPT']);
    expect(shadow.opposite).toBeNull();
  });

  it('several, where only they together do, each with its share', () => {
    const shadow = covered(
      ['-A INPUT -s 10.0.0.0/25 -j DROP', '-A INPUT -s 10.0.0.128/25 -j ACCEPT', '-A INPUT -s 10.0.0.0/24 -j DROP'],
      'INPUT',
      3,
    );
    expect(shadow.blockers.map(said)).toEqual(['1: 50 % DROP', '2: 50 % ACCEPT, otherwise']);
  });

  it('not those that the others make needless', () => {
    // Rule 1 takes half of its packets in fact; rule 2 alone covers them all.
    const shadow = covered(
      ['-A INPUT -s 10.0.0.0/25 -j DROP', '-A INPUT -s 10.0.0.0/8 -j DROP', '-A INPUT -s 10.0.0.0/24 -j ACCEPT'],
      'INPUT',
      3,
    );
    expect(numbers(shadow)).toEqual([2]);
    // Greed takes the middle first, which the two ends make needless.
    const ends = covered(
      [
        '-A INPUT -p tcp --dport 100:310 -j DROP',
        '-A INPUT -p tcp --dport 0:205 -j DROP',
        '-A INPUT -p tcp --dport 206:400 -j DROP',
        '-A INPUT -p tcp --dport 0:400 -j ACCEPT',
      ],
      'INPUT',
      4,
    );
    expect(numbers(ends)).toEqual([2, 3]);
  });

  it('no dead rule, which covers nothing by itself', () => {
    const shadow = covered(
      [
        '-A INPUT -s 10.0.0.0/25 -j DROP',
        '-A INPUT -s 10.0.0.128/25 -j DROP',
        '-A INPUT -s 10.0.0.0/24 -j DROP',
        '-A INPUT -s 10.0.0.0/24 -p tcp -j ACCEPT',
      ],
      'INPUT',
      4,
    );
    expect(numbers(shadow)).toEqual([1, 2]);
  });

  it('with one among them that does something else, where there is one', () => {
    // Either of rules 1 and 2 completes rule 3; only rule 1 contradicts rule 4.
    const shadow = covered(
      [
        '-A INPUT -p tcp --dport 0:99 -j DROP',
        '-A INPUT -p tcp --dport 0:120 -j ACCEPT',
        '-A INPUT -p tcp --dport 100:200 -j ACCEPT',
        '-A INPUT -p tcp --dport 0:200 -j ACCEPT',
      ],
      'INPUT',
      4,
    );
    expect(shadow.blockers.map(said)).toEqual(['1: 50 % DROP, otherwise', '3: 50 % ACCEPT']);
    // None of the sets that can spare no rule holds rule 1; it is named beside.
    const beside = covered(
      ['-A INPUT -s 10.0.0.0/25 -j DROP', '-A INPUT -s 10.0.0.0/8 -j ACCEPT', '-A INPUT -s 10.0.0.0/24 -j ACCEPT'],
      'INPUT',
      3,
    );
    expect(numbers(beside)).toEqual([2]);
    expect(beside.opposite && said(beside.opposite)).toBe('1: 50 % DROP, otherwise');
  });

  it('a call, by what the chain does', () => {
    const shadow = covered(
      [
        '-A INPUT -p tcp -j web',
        '-A INPUT -p tcp -m tcp --dport 443 -j DROP',
        '-A web -p tcp -m tcp --dport 443 -j ACCEPT',
        '-A web -p tcp -m tcp --dport 80 -j REJECT',
      ],
      'INPUT',
      2,
    );
    expect(shadow.blockers.map(said)).toEqual(['1: 100 % ACCEPT, otherwise']);
  });

  it('a rule that sends packets back to the caller', () => {
    const shadow = covered(['-A INPUT -j one', '-A one -p tcp -j RETURN', '-A one -p tcp --dport 22 -j ACCEPT'], 'one', 2);
    expect(shadow.blockers.map(said)).toEqual(['1: 100 % RETURN, otherwise']);
  });

  it('also a rule that reports, which contradicts nobody', () => {
    const shadow = covered(['-A INPUT -p tcp -j DROP', '-A INPUT -p tcp --dport 22 -j LOG'], 'INPUT', 2);
    expect(shadow.blockers.map(said)).toEqual(['1: 100 % DROP']);
    expect(shadow.would).toEqual([]);
  });

  it('by flags of TCP', () => {
    const syn = '-A INPUT -p tcp --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT';
    expect(numbers(covered(['-A INPUT -p tcp --tcp-flags SYN SYN -j DROP', syn], 'INPUT', 2))).toEqual([1]);
    // With or without RST: each by one, the flags of new connections by both together.
    const parts = ['-A INPUT -p tcp --tcp-flags RST RST -j DROP', '-A INPUT -p tcp --tcp-flags SYN,RST SYN -j DROP'];
    const shadow = covered([...parts, '-A INPUT -p tcp --tcp-flags SYN SYN -j ACCEPT'], 'INPUT', 3);
    expect(shadow.blockers.map(said)).toEqual(['1: 50 % DROP, otherwise', '2: 50 % DROP, otherwise']);
  });

  it('by a negation and what it leaves out', () => {
    const shadow = covered(
      [
        '-A INPUT ! -s 10.0.0.0/8 -j DROP',
        '-A INPUT -s 10.0.0.0/9 -p tcp -j DROP',
        '-A INPUT ! -s 10.128.0.0/9 -p tcp -j ACCEPT',
      ],
      'INPUT',
      3,
    );
    expect(numbers(shadow)).toEqual([1, 2]);
  });

  it('never by a limit, only by what is behind it', () => {
    const limited = '-A INPUT -p tcp -m limit --limit 5/sec -j ACCEPT';
    const shadow = covered([limited, '-A INPUT -p tcp -j DROP', '-A INPUT -p tcp --dport 22 -j ACCEPT'], 'INPUT', 3);
    expect(shadow.blockers.map(said)).toEqual(['2: 100 % DROP, otherwise']);
    const made = ruled([limited, '-A INPUT -p tcp --dport 22 -j DROP']);
    expect(made.liveness.isLive('filter', 'INPUT', 2)).toBe(true);
  });

  it('where marks are set on the way', () => {
    const text = `*mangle
:INPUT ACCEPT [0:0]
-A INPUT -p tcp -j MARK --set-xmark 0x1/0xffffffff
-A INPUT -p udp -j MARK --set-xmark 0x2/0xffffffff
-A INPUT -m mark --mark 0x1 -j DROP
-A INPUT -m mark --mark 0x2 -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
-A INPUT ! -i lo -m mark ! --mark 0x0 -j DROP
COMMIT
`;
    expect(covered(text, 'INPUT', 5, 'mangle').blockers.map(said)).toEqual(['3: 100 % DROP, otherwise']);
    expect(numbers(covered(text, 'INPUT', 6, 'mangle'))).toEqual([3, 4]);
  });
});

describe('a dead rule to which nothing comes', () => {
  it('stands in a chain that no rule calls, or only dead ones', () => {
    const made = ruled([
      '-A INPUT -p tcp -j DROP',
      '-A INPUT -p tcp --dport 80 -j web',
      '-A web -s 10.0.0.0/8 -j ACCEPT',
      '-A alone -j DROP',
    ]);
    expect(why(made, 'alone', 1)).toEqual({ kind: 'uncalled', because: 'no-caller', callers: [], decidedBy: [] });
    expect(why(made, 'web', 1)).toEqual({
      kind: 'uncalled',
      because: 'dead-callers',
      callers: [{ family: 4, table: 'filter', chain: 'INPUT', rule: 2 }],
      decidedBy: [],
    });
  });

  it('stands behind another table that sends all away, or what it matches', () => {
    const filter = '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp -j ACCEPT\nCOMMIT\n';
    const all = ruled(`*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -j DROP\nCOMMIT\n${filter}`);
    const decidedBy = [{ family: 4, table: 'raw', chain: 'PREROUTING', rule: 1 }];
    expect(why(all, 'INPUT', 1)).toEqual({ kind: 'uncalled', because: 'decided-before', callers: [], decidedBy });
    const some = ruled(`*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -j DROP\nCOMMIT\n${filter}`);
    expect(why(some, 'INPUT', 1)).toEqual({ kind: 'elsewhere', callers: [], decidedBy });
  });

  it('asks in a chain for what its callers do not send there', () => {
    const made = ruled(['-A INPUT -p tcp -j web', '-A INPUT -p udp -j DROP', '-A web -p udp -j ACCEPT']);
    expect(why(made, 'web', 1)).toEqual({
      kind: 'elsewhere',
      callers: [{ family: 4, table: 'filter', chain: 'INPUT', rule: 1 }],
      decidedBy: [{ family: 4, table: 'filter', chain: 'INPUT', rule: 2 }],
    });
  });

  it('contradicts itself or its hook', () => {
    expect(why(ruled(['-A INPUT -p tcp -m tcp --dport 80 -m multiport --dports 443 -j DROP']), 'INPUT', 1).kind).toBe(
      'impossible',
    );
    expect(why(ruled(['-A INPUT -j out', '-A out -o eth0 -j DROP']), 'out', 1).kind).toBe('impossible');
    expect(why(ruled(['-A INPUT -p tcp --tcp-flags SYN,RST SYN,ACK -j DROP']), 'INPUT', 1).kind).toBe('impossible');
  });
});

describe('how much of a rule earlier ones take', () => {
  it('as a share of its packets, and by which rules', () => {
    const { space, firewall, liveness } = ruled([
      '-A INPUT -s 10.0.0.0/26 -j DROP',
      '-A INPUT -s 10.0.0.128/25 -p tcp -j ACCEPT',
      '-A INPUT -s 10.0.0.0/24 -p tcp -j DROP',
      '-A INPUT -s 192.0.2.0/24 -j DROP',
    ]);
    const shadows = shadowsOf(space, firewall, liveness);
    const overlap = shadows.overlap('filter', 'INPUT', 3);
    expect(overlap?.share).toBeCloseTo(0.75);
    expect(overlap?.by.map(({ rule, share }) => [rule.rule, Math.round(share * 100)])).toEqual([
      [2, 50],
      [1, 25],
    ]);
    expect(shadows.overlap('filter', 'INPUT', 1)).toEqual({ share: 0, by: [], others: 0 });
    expect(shadows.overlap('filter', 'INPUT', 4)?.share).toBe(0);
  });

  it('counts a limit for the half that it may take', () => {
    const { space, firewall, liveness } = ruled(['-A INPUT -p tcp -m limit --limit 5/sec -j ACCEPT', '-A INPUT -p tcp -j DROP']);
    expect(shadowsOf(space, firewall, liveness).overlap('filter', 'INPUT', 2)?.share).toBeCloseTo(0.5);
  });
});
