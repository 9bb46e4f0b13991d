import { describe, expect, it } from 'vitest';
import { redundancyOf } from './redundancy.ts';
import { ruled } from './shadows.fixture.ts';

/** Redundant rules, as `CHAIN rule` of filter. */
function redundant(rules: readonly string[] | string, thorough = false): readonly string[] {
  const { space, firewall, liveness } = ruled(rules);
  return redundancyOf(space, firewall, liveness, { thorough }).map(
    ({ rule }) => `${rule.table === 'filter' ? '' : `${rule.table} `}${rule.chain} ${rule.rule}`,
  );
}

describe('a rule is redundant', () => {
  it('if a wider one behind it does the same, and none between does otherwise', () => {
    const [narrow, wide] = ['-A INPUT -p tcp --dport 22 -j DROP', '-A INPUT -p tcp -j DROP'];
    expect(redundant([narrow, wide])).toEqual(['INPUT 1']);
    expect(redundant([narrow, '-A INPUT -s 10.0.0.0/8 -j ACCEPT', wide])).toEqual([]);
    // From where rule 2 accepts, rule 1 does too.
    expect(
      redundant(['-A INPUT -s 10.1.0.0/16 -j ACCEPT', '-A INPUT -s 10.0.0.0/8 -p tcp -j ACCEPT', '-A INPUT -j DROP']),
    ).toEqual([]);
    expect(redundant(['-A INPUT ! -s 10.1.0.0/16 -p tcp -j DROP', narrow, wide])).toEqual(['INPUT 1', 'INPUT 2']);
  });

  it('if several behind it do the same together', () => {
    const whole = '-A INPUT -s 10.0.0.0/24 -j DROP';
    const halves = ['-A INPUT -s 10.0.0.0/25 -j DROP', '-A INPUT -s 10.0.0.128/25 -j DROP'];
    expect(redundant([whole, ...halves])).toEqual(['INPUT 1']);
    expect(redundant([whole, halves[0] as string])).toEqual([]);
  });

  it('if the policy does the same', () => {
    expect(redundant(['-A INPUT -p tcp -j DROP', '-A INPUT -p udp -j ACCEPT'])).toEqual(['INPUT 2']);
    expect(redundant('*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp -j ACCEPT\n-A INPUT -j DROP\nCOMMIT\n')).toEqual(['INPUT 2']);
  });

  it('not by another answer to the sender', () => {
    const reject = '-A INPUT -p tcp --dport 22 -j REJECT --reject-with';
    expect(redundant([`${reject} tcp-reset`, '-A INPUT -p tcp -j REJECT', '-A INPUT -j DROP'])).toEqual([]);
    expect(redundant([`${reject} icmp-port-unreachable`, '-A INPUT -p tcp -j REJECT'])).toEqual(['INPUT 1']);
  });

  it('not if it reports, or keeps count', () => {
    expect(redundant(['-A INPUT -p tcp -j LOG', '-A INPUT -p tcp -j DROP'])).toEqual([]);
    expect(redundant(['-A INPUT -p tcp -m limit --limit 5/sec -j DROP', '-A INPUT -p tcp -j DROP'])).toEqual([]);
    expect(redundant(['-A INPUT -p tcp -m recent --name a --set -j DROP', '-A INPUT -p tcp -j DROP'])).toEqual([]);
    expect(redundant(['-A INPUT -j one', '-A one -p tcp -j LOG', '-A one -p tcp -j ACCEPT'])).toEqual(['one 2']);
  });

  it('not by a limit behind it', () => {
    expect(redundant(['-A INPUT -p tcp -j DROP', '-A INPUT -p tcp -m limit --limit 5/sec -j DROP'])).toEqual([]);
  });

  it('if it calls a chain in which nothing happens that would not happen anyway', () => {
    expect(redundant(['-A INPUT -p tcp -j web', '-A INPUT -p tcp -j DROP', '-A web -p tcp --dport 80 -j DROP'])).toEqual([
      'INPUT 1',
      'web 1',
    ]);
    expect(redundant(['-A INPUT -p tcp -j web', '-A INPUT -p tcp -j DROP', '-A web -p tcp --dport 80 -j ACCEPT'])).toEqual([]);
  });

  it('if it goes back, and nothing behind it would have stopped it', () => {
    expect(
      redundant(['-A INPUT -j one', '-A INPUT -j DROP', '-A one -s 10.0.0.0/8 -j RETURN', '-A one -p udp -j DROP']),
    ).toContain('one 1');
    expect(redundant(['-A INPUT -j one', '-A INPUT -j DROP', '-A one -s 10.0.0.0/8 -j RETURN', '-A one -j ACCEPT'])).toEqual([]);
    // What is sent back from a chain that was gone to goes back to the caller's caller.
    expect(
      redundant([
        '-A INPUT -j one',
        '-A INPUT -j DROP',
        '-A one -g two',
        '-A one -j ACCEPT',
        '-A two -p tcp -j RETURN',
        '-A two -j DROP',
      ]),
    ).toContain('two 1');
  });

  it('in a chain that several call, if none of them would do otherwise', () => {
    const rules = [
      '-A INPUT -p tcp -j one',
      '-A INPUT -p udp -j one',
      '-A INPUT -j DROP',
      '-A one -s 10.0.0.0/8 -j DROP',
      '-A one -d 192.0.2.1/32 -j ACCEPT',
    ];
    expect(redundant(rules)).toEqual([]);
    // Rule 2 accepts some packets that the rule drops, and so would be met without it.
    expect(redundant(rules, true)).toEqual([]);
    expect(redundant(rules.slice(0, -1))).toEqual(['INPUT 1', 'INPUT 2']);
    expect(redundant(rules.slice(0, -1), true)).toEqual(['INPUT 1', 'INPUT 2', 'one 1']);
  });

  it('where packets come by twice, only if both visits spare it', () => {
    // Either call is enough; without rule 1 of one both are for nothing.
    expect(redundant(['-A INPUT -j one', '-A INPUT -j one', '-A INPUT -j DROP', '-A one -p tcp -j ACCEPT'], true)).toEqual([
      'INPUT 1',
      'INPUT 2',
    ]);
  });

  it('not if other tables would see another packet', () => {
    const nat = (first: string): string =>
      `*nat\n:POSTROUTING ACCEPT [0:0]\n${first}-A POSTROUTING -s 10.0.0.0/8 -j MASQUERADE\nCOMMIT\n`;
    expect(redundant(nat('-A POSTROUTING -d 10.0.0.0/8 -j ACCEPT\n'), true)).toEqual([]);
    expect(redundant(nat('-A POSTROUTING -s 192.0.2.0/24 -j ACCEPT\n'), true)).toEqual(['nat POSTROUTING 1']);
  });

  it('if a later table drops what it accepts', () => {
    const text = `*mangle
:INPUT ACCEPT [0:0]
-A INPUT -p tcp -j DROP
COMMIT
*filter
:INPUT ACCEPT [0:0]
-A INPUT -p udp -j DROP
COMMIT
*security
:INPUT ACCEPT [0:0]
-A INPUT -p udp -j DROP
COMMIT
`;
    expect(redundant(text)).toEqual([]);
    expect(redundant(text, true)).toEqual(['INPUT 1']);
  });
});
