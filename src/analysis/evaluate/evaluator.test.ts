import { describe, expect, it } from 'vitest';
import { type Host, hostFromFiles } from '../../model/host/index.ts';
import { packetFromJson, type Trace } from '../../model/packet/index.ts';
import type { Result } from '../../result.ts';
import { createEvaluator } from './evaluator.ts';

function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.problems.map(({ message, hint }) => `${message}; ${hint}`).join('\n'));
  return result.value;
}

/** Facts of a small server; each may be left out, and is unknown then. */
const facts = {
  links: [
    { name: 'lo', loopback: true, up: true },
    { name: 'eth0', up: true },
  ],
  addresses: [
    { link: 'lo', address: '127.0.0.1/8' },
    { link: 'eth0', address: '198.51.100.1/24' },
  ],
};

function host(text: string, more: { facts?: object | null; sets?: string } = {}): Host {
  const said = more.facts === undefined ? facts : more.facts;
  return must(
    hostFromFiles({
      rulesets: [{ file: 'rules', text, family: 4 }],
      ...(said === null ? {} : { facts: { file: 'facts', text: JSON.stringify(said) } }),
      ...(more.sets === undefined ? {} : { sets: { file: 'sets', text: more.sets } }),
      readAt: 0,
    }),
  );
}

function trace(on: Host, packet: object): Trace {
  const json = { hook: 'input', src: '203.0.113.9', dst: '198.51.100.1', proto: 'tcp', dport: 22, in: 'eth0', ...packet };
  const found = createEvaluator(on).trace(must(packetFromJson(json, { link: 'eth0' })));
  if (found === null) throw new Error('the rules are unknown');
  return found;
}

const filter = (...lines: readonly string[]): string =>
  ['*filter', ':INPUT DROP [0:0]', ':FORWARD DROP [0:0]', ':OUTPUT ACCEPT [0:0]', ...lines, 'COMMIT', ''].join('\n');

/** Every path as `chain:rule effect`, with `?` where the rule may have matched. */
const shown = ({ path }: Trace): readonly string[] =>
  path.map((step) => `${step.table} ${step.chain}:${step.rule} ${step.effect}${step.maybe ? '?' : ''}`);

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

describe('nat', () => {
  const dnat = (to: string): string =>
    ['*nat', ':PREROUTING ACCEPT [0:0]', `-A PREROUTING -p tcp -m tcp --dport 8080 -j ${to}`, 'COMMIT', ''].join('\n');

  it('shows filter the new destination, and connection tracking the old one', () => {
    const rules = `${dnat('DNAT --to-destination 198.51.100.1:80')}${filter('-A INPUT -p tcp -m tcp --dport 80 -m conntrack --ctstate DNAT --ctorigdstport 8080 -j ACCEPT')}`;
    expect(shown(trace(host(rules), { dport: 8080 }))).toEqual(['nat PREROUTING:1 dnat', 'filter INPUT:1 ACCEPT']);
    expect(trace(host(rules), { dport: 80 }).verdict).toBe('DROP');
  });

  it.each([
    ['an established', { state: 'ESTABLISHED' }],
    ['an untracked', { state: 'UNTRACKED' }],
    ['an invalid', { state: 'INVALID' }],
    ['a loopback', { in: 'lo' }],
  ])('is not met by %s packet', (_, packet) => {
    const rules = `${dnat('DNAT --to-destination 198.51.100.1:80')}${filter('-A INPUT -p tcp -m tcp --dport 8080 -j ACCEPT')}`;
    expect(trace(host(rules), { dport: 8080, ...packet }).verdict).toBe('ACCEPT');
  });

  it('says what it took for granted when the new destination is another host', () => {
    const rules = `${dnat('DNAT --to-destination 192.0.2.7')}${filter()}`;
    expect(trace(host(rules), { dport: 8080 }).assumed.join()).toContain('192.0.2.7, taken to be this host');
  });

  it('leaves open which of several destinations is taken, but not what all of them have in common', () => {
    const rules = `${dnat('DNAT --to-destination 198.51.100.1-198.51.100.4')}${filter('-A INPUT -d 198.51.100.1/32 -j ACCEPT', '-A INPUT -d 198.51.100.2/31 -j REJECT', '-A INPUT -d 198.51.100.4/32 -j ACCEPT', '-A INPUT -j DROP')}`;
    const own = [1, 2, 3, 4].map((last) => ({ link: 'eth0', address: `198.51.100.${last}/24` }));
    const there = { facts: { ...facts, addresses: own } };
    const found = trace(host(rules, there), { dport: 8080 });
    expect(found.verdict).toBe('DEPENDS');
    // Rule 4 is out of reach: the answers to rules 1 to 3 use up all destinations.
    expect(found.outcomes.map(({ verdict, decidedBy }) => `${verdict} ${decidedBy?.rule}`).sort()).toEqual([
      'ACCEPT 1',
      'ACCEPT 3',
      'REJECT 2',
    ]);
    const certain = `${dnat('DNAT --to-destination 198.51.100.1-198.51.100.4')}${filter('-A INPUT -d 198.51.100.0/29 -j ACCEPT')}`;
    expect(trace(host(certain, there), { dport: 8080 })).toMatchObject({ verdict: 'ACCEPT', dependsOn: [] });
  });

  it('says nothing of INPUT for a packet that is known to go to another host', () => {
    const rules = `${dnat('DNAT --to-destination 172.17.0.2:5432')}${filter('-A FORWARD -d 172.17.0.2/32 -j ACCEPT')}`;
    const found = trace(host(rules), { dport: 8080 });
    expect(found).toMatchObject({ verdict: 'UNDECIDED', decidedBy: null });
    expect(found.assumed[0]).toContain('ask what FORWARD does with it');
    expect(trace(host(rules), { hook: 'forward', out: 'docker0', dport: 8080 }).verdict).toBe('ACCEPT');
    // Whose address it is was not read: then the way that was asked about is taken for granted, and said so.
    expect(trace(host(rules, { facts: null }), { dport: 8080 })).toMatchObject({ verdict: 'DROP' });
  });

  it('redirects to the address of the arriving link', () => {
    const rules = `${dnat('REDIRECT --to-ports 80')}${filter('-A INPUT -d 198.51.100.1/32 -p tcp -m tcp --dport 80 -j ACCEPT')}`;
    expect(trace(host(rules), { dst: '198.51.100.99', dport: 8080 }).verdict).toBe('ACCEPT');
  });
});

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
