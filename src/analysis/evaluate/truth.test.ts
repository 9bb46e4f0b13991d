import { describe, expect, it } from 'vitest';
import { filter, host, shown, trace } from './small-server.fixture.ts';

describe('what a packet does not decide', () => {
  it('keeps equal stateful matches apart, and names them by their rules', () => {
    const found = trace(
      host(filter('-A INPUT -m limit --limit 5/min -j ACCEPT', '-A INPUT -m limit --limit 5/min -j REJECT')),
      {},
    );
    expect(found.dependsOn).toEqual(['-m limit --limit 5/min (INPUT rule 1)', '-m limit --limit 5/min (INPUT rule 2)']);
    expect(found.outcomes.map(({ verdict }) => verdict)).toEqual(['DROP', 'REJECT', 'ACCEPT']);
    expect(found.decidedBy?.rule).toBe(1);
  });

  it('asks a pure match once', () => {
    const found = trace(
      host(filter('-A INPUT -m string --string x --algo bm -j ACCEPT', '-A INPUT -m string --string x --algo bm -j REJECT')),
      {},
    );
    expect(found.dependsOn).toHaveLength(1);
    expect(found.outcomes.map(({ verdict }) => verdict)).toEqual(['DROP', 'ACCEPT']);
  });

  it('asks a stateful match anew when the packet meets its rule again', () => {
    const rules = filter(
      ':A - [0:0]',
      '-A INPUT -j A',
      '-A INPUT -p tcp -j A',
      '-A INPUT -j ACCEPT',
      '-A A -m limit --limit 1/sec -j RETURN',
      '-A A -j DROP',
    );
    const found = trace(host(rules), {});
    expect(found.outcomes.map(({ verdict }) => verdict)).toEqual(['DROP', 'DROP', 'ACCEPT']);
    expect(found.dependsOn).toEqual(['-m limit --limit 1/sec (A rule 1, time 1)', '-m limit --limit 1/sec (A rule 1, time 2)']);
  });

  it('names only the matches that matter', () => {
    const found = trace(host(filter('-A INPUT -m limit --limit 1/min -j DROP', '-A INPUT -m limit --limit 2/min -j ACCEPT')), {});
    expect(found.dependsOn).toEqual(['-m limit --limit 1/min', '-m limit --limit 2/min']);
    const idle = trace(
      host(
        filter(':A - [0:0]', '-A INPUT -m limit --limit 1/min -j A', '-A INPUT -m limit --limit 2/min -j ACCEPT', '-A A -p udp'),
      ),
      {},
    );
    expect(idle.dependsOn).toEqual(['-m limit --limit 2/min']);
    expect(idle.decidedBy?.rule).toBe(2);
  });

  it('is certain when every ending is the same', () => {
    const found = trace(host(filter('-A INPUT -m limit --limit 1/min -j DROP', '-A INPUT -j DROP')), {});
    expect(found).toMatchObject({ verdict: 'DROP', dependsOn: [], outcomes: [], decidedBy: { rule: 2 } });
  });

  it('is false when another match of the rule is', () => {
    expect(trace(host(filter('-A INPUT -m limit --limit 1/min -p udp -j ACCEPT')), {}).verdict).toBe('DROP');
  });

  it('knows that a full hashlimit table drops by itself', () => {
    const rules = filter('-A INPUT -m hashlimit --hashlimit-upto 5/sec --hashlimit-name x -j ACCEPT', '-A INPUT -j ACCEPT');
    const found = trace(host(rules), {});
    expect(found.dependsOn.join()).toContain('(drops the packet itself)');
    expect(found.outcomes.map(({ verdict }) => verdict)).toEqual(['ACCEPT', 'DROP']);
  });

  it('does not come to a match that may drop when another before it has said no', () => {
    const rules = filter(
      '-A INPUT -p udp -m hashlimit --hashlimit-upto 5/sec --hashlimit-name x -j ACCEPT',
      '-A INPUT -j ACCEPT',
    );
    expect(shown(trace(host(rules), {}))).toEqual(['filter INPUT:2 ACCEPT']);
    const log = filter('-A INPUT -p tcp -m hashlimit --hashlimit-upto 5/sec --hashlimit-name x -j LOG', '-A INPUT -j ACCEPT');
    expect(trace(host(log), {}).outcomes.map(({ verdict }) => verdict)).toEqual(['ACCEPT', 'DROP']);
  });

  it('does not guess what an unknown match says', () => {
    const found = trace(host(filter('-A INPUT -m foo --bar 1 -j ACCEPT')), {});
    expect(found).toMatchObject({
      verdict: 'DEPENDS',
      dependsOn: ['-m foo --bar 1 (drops the packet itself)', '-m foo --bar 1'],
    });
    expect(trace(host(filter('-A INPUT -p udp -m foo --bar 1 -j ACCEPT')), {})).toMatchObject({ verdict: 'DROP', dependsOn: [] });
  });

  it('does not guess what an unknown target does', () => {
    const found = trace(host(filter('-A INPUT -j FOO --bar 1')), {});
    expect(found).toMatchObject({ verdict: 'DEPENDS', decidedBy: { rule: 1 } });
    expect(found.dependsOn[0]).toBe('-j FOO --bar 1');
    expect(new Set(found.outcomes.map(({ verdict }) => verdict))).toEqual(new Set(['DROP', 'ACCEPT']));
  });

  it('gives up beyond a thousand endings', () => {
    const rules = Array.from(
      { length: 11 },
      (_, index) => `-A INPUT -m limit --limit ${index + 1}/min -j MARK --set-xmark ${index}/0xff`,
    );
    expect(trace(host(['*mangle', ':INPUT ACCEPT [0:0]', ...rules, 'COMMIT', ''].join('\n')), {})).toMatchObject({
      verdict: 'UNDECIDED',
      outcomes: [],
    });
  });
});

describe('facts', () => {
  const local = filter('-A INPUT -m addrtype --dst-type LOCAL -j ACCEPT');

  it('depends on addrtype while the addresses are unknown', () => {
    expect(trace(host(local, { facts: null }), {}).dependsOn).toEqual(['-m addrtype --dst-type LOCAL']);
    expect(trace(host(local), {}).verdict).toBe('ACCEPT');
    expect(trace(host(local), { dst: '198.51.100.2' }).verdict).toBe('DROP');
    expect(trace(host(local, { facts: null }), { dst: '127.0.0.1' }).verdict).toBe('ACCEPT');
  });

  it('depends on a set while it is unknown, and says when its members come and go', () => {
    const rules = filter('-A INPUT -m set --match-set admins src -j ACCEPT');
    expect(trace(host(rules), {}).dependsOn).toEqual(['-m set --match-set admins src']);
    expect(trace(host(rules, { sets: 'create other hash:ip\n' }), {}).verdict).toBe('DEPENDS');
    const known = trace(host(rules, { sets: 'create admins hash:ip timeout 60\nadd admins 203.0.113.9 timeout 30\n' }), {});
    expect(known.verdict).toBe('ACCEPT');
    expect(known.assumed.join()).toContain('admins');
  });

  it('depends on a MAC address that nobody said', () => {
    const rules = filter('-A INPUT -m mac --mac-source 02:00:00:00:00:01 -j ACCEPT');
    expect(trace(host(rules), {}).dependsOn).toEqual(['-m mac --mac-source 02:00:00:00:00:01']);
    expect(trace(host(rules), { mac: '02:00:00:00:00:01' }).verdict).toBe('ACCEPT');
    expect(trace(host(rules), { in: 'lo' }).verdict).toBe('DROP');
  });
});
