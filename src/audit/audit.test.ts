import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { exampleHost } from './example-host.ts';
import { empty, filter, guide, guideTwice, hardened4, hardened6, inverted, oneLink } from './examples.ts';
import { audit, checks, type Report } from './index.ts';
import { isOfRules, ofRules } from './of-rules.fixture.ts';

const facts = {
  ...oneLink,
  routes: [
    { to: 'default', via: '198.51.100.1', link: 'eth0' },
    ...['198.51.100.10', '2001:db8::10'].map((to) => ({ to, type: 'local', table: 'local', link: 'eth0' })),
    ...['127.0.0.0/8', '::1'].map((to) => ({ to, type: 'local', table: 'local', link: 'lo' })),
  ],
  listeners: [
    { proto: 'tcp', port: 22, process: 'sshd' },
    { proto: 'tcp', port: 80, process: 'nginx' },
    { proto: 'tcp', port: 3306, process: 'mysqld' },
    { proto: 'udp', port: 53, process: 'named' },
  ],
  sysctls: { 'net.ipv4.ip_forward': '0', 'net.ipv4.conf.all.rp_filter': '1' },
};

function said(report: Report): string[] {
  return ofRules(report).findings.map(({ severity, id, family, certainty }) => `${severity} ${id} ${family} ${certainty}`);
}

/** What is said of the doors themselves; what else of the guide is wrong guide.test.ts says. */
function saidOfDoors(report: Report): string[] {
  return said(report).filter((line) => /FW-(BASE|V6|EXP|RATE-01|SPOOF|ICMP|EGR|FWD|NAT|CTR)/.test(line));
}

/** These texts come without counters, of which one check lives. */
function unknownBut(report: Report): readonly unknown[] {
  return ofRules(report).unknown.filter(({ id }) => id !== 'FW-ANOM-06');
}

describe('the whole report', () => {
  it('of the guide names what it forgot, and nothing that it did right', () => {
    const report = audit(exampleHost({ v4: guide, v6: empty, facts }));
    expect(saidOfDoors(report)).toEqual([
      'critical FW-EXP-03 6 certain',
      'critical FW-V6-01 6 certain',
      'high FW-BASE-04 4 certain',
      'high FW-BASE-05 4 certain',
      'high FW-EXP-02 4 certain',
      'high FW-EXP-02 6 certain',
      'high FW-EXP-08 6 certain',
      'high FW-ICMP-01 4 certain',
      'high FW-V6-03 6 certain',
      'medium FW-EGR-01 4 certain',
      'medium FW-EGR-01 6 certain',
      'medium FW-EXP-06 6 certain',
      'medium FW-RATE-01 4 certain',
      'medium FW-RATE-01 6 certain',
      'medium FW-SPOOF-02 4 certain',
      'medium FW-SPOOF-02 6 certain',
      'low FW-BASE-03 4 certain',
      'low FW-EXP-05 4 certain',
      'low FW-ICMP-03 4 certain',
      'low FW-SPOOF-04 4 certain',
      'low FW-SPOOF-04 6 certain',
      'info FW-EXP-07 4 certain',
      'info FW-EXP-07 6 certain',
    ]);
    expect(unknownBut(report)).toEqual([]);
    // Nothing was said of the machine.
    expect(report.confidence).toBeLessThan(100);
    expect(report.score).toBeLessThanOrEqual(40);
  });

  it('of the guide blames the SSH rule that comes before the limit', () => {
    const report = audit(exampleHost({ v4: guide, v6: hardened6, facts }));
    const rate = report.findings.find(({ id }) => id === 'FW-RATE-01');
    expect(rate?.at).toEqual([{ family: 4, table: 'filter', chain: 'INPUT', rule: 1, line: 5 }]);
    expect(rate?.witness?.trace).toMatchObject({ verdict: 'ACCEPT', decidedBy: { chain: 'INPUT', rule: 1 } });
  });

  it('of a hardened pair finds nothing high, and what it could do better', () => {
    const report = audit(exampleHost({ v4: hardened4, v6: hardened6, facts }));
    expect(saidOfDoors(report)).toEqual([
      'medium FW-EXP-02 4 possible',
      'medium FW-EXP-02 6 possible',
      'medium FW-SPOOF-02 4 possible',
      'medium FW-SPOOF-02 6 possible',
      'low FW-SPOOF-04 4 certain',
      'low FW-SPOOF-04 6 certain',
      'low FW-EXP-05 4 possible',
      'low FW-EXP-05 6 possible',
      'info FW-EXP-07 4 possible',
      'info FW-EXP-07 6 possible',
    ]);
    expect(unknownBut(report)).toEqual([]);
    expect(report.score).toBeGreaterThanOrEqual(75);
  });

  it('is not taken in by a DROP policy behind two half-space accepts', () => {
    const report = audit(exampleHost({ v4: inverted, v6: hardened6, facts }));
    expect(report.findings.find(({ severity }) => severity === 'critical')).toMatchObject({
      id: 'FW-EXP-01',
      severity: 'critical',
      certainty: 'certain',
    });
    const open = report.findings.find(({ id }) => id === 'FW-BASE-01');
    expect(open).toMatchObject({ severity: 'high', certainty: 'certain' });
    expect(open?.at.map(({ rule }) => rule)).toEqual([1, 2]);
    expect(open?.fix).toContain('iptables -D INPUT 2\niptables -D INPUT 1\n');
  });

  it('of an empty host begins with the missing firewall', () => {
    const report = audit(exampleHost({ facts }));
    expect(said(report).slice(0, 5)).toEqual([
      'critical FW-BASE-06 null certain',
      'critical FW-EXP-03 4 certain',
      'critical FW-EXP-03 6 certain',
      'critical FW-V6-01 6 certain',
      'high FW-BASE-01 4 certain',
    ]);
    expect(report.score).toBeLessThanOrEqual(40);
  });

  it('of the guide run twice names each rule that stands twice, and none of those that count', () => {
    const report = audit(exampleHost({ v4: guideTwice, v6: hardened6, facts }));
    const pairs = report.findings.flatMap(({ id, at, causedBy }) =>
      id === 'FW-ANOM-02' ? [`${causedBy[0]?.rule} ${at[0]?.rule}`] : [],
    );
    expect(pairs).toEqual(['1 9', '2 10', '3 11', '7 15', '8 16']);
  });

  it('of rulesets that were not read is all unknown', () => {
    const { software: _, ...rest } = facts;
    const report = audit(exampleHost({ v4: null, v6: null, facts: { ...rest, kernel: undefined } }));
    expect(said(report)).toEqual([]);
    const ids = checks.map(({ id }) => id).filter(isOfRules);
    expect(new Set(ofRules(report).unknown.map(({ id }) => id))).toEqual(new Set(ids));
    for (const { why, remedy } of report.unknown) expect(why.length * remedy.length).toBeGreaterThan(0);
  });

  it('of packages alone gives no score', () => {
    const report = audit(exampleHost({ v4: null, v6: null, facts }));
    expect(report.score).toBeNull();
    expect(report.confidence).toBeGreaterThan(0);
  });
});

describe('what an accepted packet proves', () => {
  const foreign = (type: string, hook: string) => [
    { family: 'inet', table: 'other', chain: `on_${hook}`, type, hook, priority: 10, policy: 'accept', rules: 3 },
  ];
  const certainties = (foreignChains: unknown): string[] =>
    audit(exampleHost({ v4: empty, v6: hardened6, facts: { ...facts, foreignChains } }))
      .findings.filter(({ id }) => id === 'FW-BASE-01')
      .map(({ certainty }) => certainty);

  it('is certain when nobody else sees it', () => {
    expect(certainties([])).toEqual(['certain']);
  });
  it('is possible when an nft chain on the same way may drop it', () => {
    expect(certainties(foreign('filter', 'input'))).toEqual(['possible']);
  });
  it('is nothing when an nft filter before the rules may mark or untrack', () => {
    expect(certainties(foreign('filter', 'prerouting'))).toEqual([]);
  });
  it('is certain when the nft chain is on another way', () => {
    expect(certainties(foreign('filter', 'output'))).toEqual(['certain']);
    expect(certainties(foreign('nat', 'postrouting'))).toEqual(['certain']);
  });
  it('is nothing when an nft chain rewrites before', () => {
    expect(certainties(foreign('nat', 'prerouting'))).toEqual([]);
  });
  it('is certain that a packet is dropped, whoever else sees it', () => {
    const report = audit(
      exampleHost({ v4: guide, v6: hardened6, facts: { ...facts, foreignChains: foreign('filter', 'input') } }),
    );
    expect(said(report)).toContain('high FW-BASE-04 4 certain');
    expect(said(report)).toContain('high FW-BASE-05 4 certain');
  });
});

describe('what hangs on a match that decides for itself', () => {
  const certainty = (id: string, v4: string): string[] =>
    audit(exampleHost({ v4, v6: hardened6, facts }))
      .findings.filter((finding) => finding.id === id)
      .map((finding) => `${finding.certainty} ${finding.witness?.trace.verdict}`);

  it('is possible', () => {
    expect(certainty('FW-BASE-01', filter(['-A INPUT -m limit --limit 10/sec -j ACCEPT']))).toEqual(['possible DEPENDS']);
    expect(certainty('FW-BASE-04', filter(['-A INPUT -m limit --limit 10/sec -j DROP', '-A INPUT -i lo -j ACCEPT']))).toEqual([
      'possible DEPENDS',
    ]);
    expect(
      certainty('FW-BASE-05', filter(['-A INPUT -m limit --limit 50/sec -m conntrack --ctstate ESTABLISHED -j ACCEPT'])),
    ).toEqual(['possible DEPENDS']);
    expect(certainty('FW-BASE-03', filter(['-A OUTPUT -m time --timestart 08:00 -j ACCEPT'], { OUTPUT: 'DROP' }))).toEqual([
      'possible DEPENDS',
    ]);
  });
});

describe('what firewall tools write by default', () => {
  const folder = new URL('../../testdata/rulesets/', import.meta.url);
  const text = (tool: string, file: string): string | null => {
    const url = new URL(`${tool}/${file}.save`, folder);
    return existsSync(url) ? readFileSync(url, 'latin1') : null;
  };
  const ssh = ['high FW-EXP-02 4 certain', 'high FW-EXP-02 6 possible'];
  const updates = ['high FW-EGR-03 4 certain', 'high FW-EGR-03 6 certain'];
  /** What of them is high, and true: each let in or kept back what the finding says. */
  const tools: Readonly<Record<string, readonly string[]>> = {
    // It was told to let SSH in from anywhere.
    ufw: ssh,
    firewalld: ssh,
    // Discovery is UNTRACKED, and its rules ask for RELATED.
    'firehol-default': ['high FW-V6-04 6 certain'],
    // Its example opens a name server.
    'arno-iptables-firewall': ['high FW-EXP-08 4 certain', 'high FW-EXP-08 6 possible'],
    'shorewall-one-interface': [],
    // Their examples let the firewall itself ask for names and no more.
    'shorewall-two-interfaces': updates,
    'shorewall-three-interfaces': updates,
  };
  for (const [tool, known] of Object.entries(tools)) {
    for (const backend of ['nft', 'legacy']) {
      it(`${tool}, ${backend}: nothing high or critical but what is so`, () => {
        const v4 = text(tool, `${backend}-v4`);
        const v6 = text(tool, `${backend}-v6`);
        expect([v4, v6]).not.toContain(null);
        const sets = text(tool, 'sets');
        const report = audit(exampleHost({ v4, v6, facts, ...(sets === null ? {} : { sets }) }));
        expect(said(report).filter((line) => /^(critical|high)/.test(line))).toEqual(known);
        expect(unknownBut(report)).toEqual([]);
      });
    }
  }
});

describe('score and confidence', () => {
  it('an unknown family lowers confidence and not the score', () => {
    const whole = audit(exampleHost({ v4: hardened4, v6: hardened6, facts }));
    const half = audit(exampleHost({ v4: hardened4, v6: null, facts }));
    // What is not known of IPv6 costs nothing, and what is known to be so-so there costs a little.
    expect(half.score).toBeGreaterThanOrEqual(whole.score ?? 0);
    expect(half.confidence).toBeLessThan(whole.confidence);
  });

  it('worst first', () => {
    const order = ['critical', 'high', 'medium', 'low', 'info'];
    const ranks = audit(exampleHost({ facts })).findings.map(({ severity }) => order.indexOf(severity));
    expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
  });
});
