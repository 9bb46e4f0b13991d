import { describe, expect, it } from 'vitest';
import { packetFromJson } from '../../model/packet/index.ts';
import { createEvaluator } from './evaluator.ts';
import { filter, host, must, shown, trace } from './small-server.fixture.ts';

describe('the guide that everyone copies', () => {
  const guide = filter(
    '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT',
    '-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT',
    '-A INPUT -p tcp -m tcp --dport 443 -j ACCEPT',
    '-A INPUT -m limit --limit 5/min -j LOG --log-prefix "IPTables-Dropped: "',
    '-A INPUT -p tcp -m tcp --dport 22 -m state --state NEW -m recent --set --name DEFAULT --mask 255.255.255.255 --rsource',
    '-A INPUT -p tcp -m tcp --dport 22 -m state --state NEW -m recent --update --seconds 60 --hitcount 4 --name DEFAULT --mask 255.255.255.255 --rsource -j DROP',
    '-A INPUT -s 192.168.1.50/32 -p tcp -m tcp --dport 22 -j ACCEPT',
    '-A INPUT -p tcp -m tcp --dport 22 -j DROP',
  );

  it('lets everyone in at rule 1, whatever follows', () => {
    const found = trace(host(guide), {});
    expect(found).toMatchObject({ verdict: 'ACCEPT', dependsOn: [], outcomes: [], line: 5 });
    expect(found.decidedBy).toEqual({ family: 4, table: 'filter', chain: 'INPUT', rule: 1 });
    expect(shown(found)).toEqual(['filter INPUT:1 ACCEPT']);
  });

  it('drops the rest by policy, and a limit on a mere LOG changes nothing of that', () => {
    const found = trace(host(guide), { dport: 3306 });
    expect(found).toMatchObject({ verdict: 'DROP', dependsOn: [], decidedBy: { rule: 'policy' }, line: 2 });
    expect(shown(found)).toEqual(['filter INPUT:4 log?', 'filter INPUT:policy DROP']);
  });

  it('depends on recent once rule 1 is gone', () => {
    const found = trace(host(guide.replace(/-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n/, '')), { src: '192.168.1.50' });
    const [recent] = found.dependsOn;
    expect(found).toMatchObject({ verdict: 'DEPENDS', decidedBy: { chain: 'INPUT', rule: 5 } });
    expect(recent).toMatch(/^-m recent --update/);
    expect(found.outcomes.map(({ when, verdict, decidedBy }) => [when, verdict, decidedBy?.rule])).toEqual([
      [{ [recent ?? '']: false }, 'ACCEPT', 6],
      [{ [recent ?? '']: true }, 'DROP', 5],
    ]);
  });
});

describe('chains', () => {
  it('returns from a chain that was gone to into the caller of the one that went', () => {
    const found = trace(
      host(
        filter(
          ':A - [0:0]',
          ':B - [0:0]',
          '-A INPUT -j A',
          '-A INPUT -j ACCEPT',
          '-A A -g B',
          '-A A -j DROP',
          '-A B -p udp -j DROP',
        ),
      ),
      {},
    );
    expect(shown(found)).toEqual(['filter INPUT:1 jump', 'filter A:1 goto', 'filter INPUT:2 ACCEPT']);
  });

  it('ends at the policy when a built-in chain goes to one that returns', () => {
    const found = trace(host(filter(':A - [0:0]', '-A INPUT -g A', '-A INPUT -j ACCEPT', '-A A -j RETURN')), {});
    expect(shown(found)).toEqual(['filter INPUT:1 goto', 'filter A:1 return', 'filter INPUT:policy DROP']);
  });

  it('ends at the policy when a built-in chain returns', () => {
    expect(trace(host(filter('-A INPUT -j RETURN', '-A INPUT -j ACCEPT')), {})).toMatchObject({
      verdict: 'DROP',
      decidedBy: { rule: 'policy' },
    });
  });

  it('falls through to the next rule of the caller at the end of a chain', () => {
    const found = trace(host(filter(':A - [0:0]', '-A INPUT -j A', '-A INPUT -j ACCEPT', '-A A -p udp -j DROP')), {});
    expect(found.decidedBy?.rule).toBe(2);
  });

  it('leaves a circle undecided instead of walking it for ever', () => {
    const found = trace(host(filter(':A - [0:0]', ':B - [0:0]', '-A INPUT -j A', '-A A -g B', '-A B -j A')), {});
    expect(found.verdict).toBe('UNDECIDED');
    expect(found.assumed.join()).toContain('in a circle');
  });
});

describe('tables', () => {
  const marked = [
    '*mangle',
    ':PREROUTING ACCEPT [0:0]',
    '-A PREROUTING -s 203.0.113.0/24 -j MARK --set-xmark 0x5/0xffffffff',
    'COMMIT',
    '',
  ].join('\n');

  it('finds in filter the mark that mangle wrote', () => {
    const rules = `${marked}${filter('-A INPUT -m mark --mark 0x5 -j ACCEPT')}`;
    expect(trace(host(rules), {}).verdict).toBe('ACCEPT');
    expect(trace(host(rules), { src: '192.0.2.1' }).verdict).toBe('DROP');
  });

  it('sees INVALID in raw, where no packet belongs to a connection yet, and UNTRACKED behind NOTRACK', () => {
    const raw = [
      '*raw',
      ':PREROUTING ACCEPT [0:0]',
      '-A PREROUTING -m conntrack --ctstate NEW -j DROP',
      '-A PREROUTING -p tcp -j NOTRACK',
      'COMMIT',
      '',
    ].join('\n');
    const rules = `${raw}${filter('-A INPUT -m conntrack --ctstate UNTRACKED -j ACCEPT')}`;
    expect(trace(host(rules), {}).verdict).toBe('ACCEPT');
    expect(trace(host(rules), { proto: 'udp' }).verdict).toBe('DROP');
  });

  it('accepts, decided by nothing, where there is no table', () => {
    expect(trace(host('*nat\nCOMMIT\n'), {})).toMatchObject({ verdict: 'ACCEPT', decidedBy: null, path: [] });
  });

  it('says that a policy is not said', () => {
    const found = trace(host('*filter\n:INPUT - [0:0]\nCOMMIT\n'), {});
    expect(found.assumed).toEqual(['the policy of filter INPUT is not said; taken as ACCEPT']);
  });

  it('has no answer for a family whose rules are unknown', () => {
    const six = must(
      packetFromJson({ hook: 'input', src: '2001:db8::1', dst: '2001:db8::2', proto: 'tcp', dport: 22 }, { link: 'eth0' }),
    );
    expect(createEvaluator(host(filter())).trace(six)).toBeNull();
  });
});
