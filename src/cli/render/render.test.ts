import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { AuditJson, FindingJson, RulesetJson, StatusJson, TraceJson, UpPart } from '../../verbs/index.ts';
import { whole as audit } from './audit.ts';
import { whole as show } from './show.ts';
import { whole as status } from './status.ts';
import { part as trace } from './trace.ts';
import { part as up } from './up.ts';
import type { View } from './view.ts';

const view: View = { columns: null, paint: (_, text) => text };
const terminal: View = { columns: 80, paint: (_, text) => text };

const finding: FindingJson = {
  id: 'FW-V6-01',
  severity: 'critical',
  certainty: 'certain',
  title: 'every port is open',
  why: 'IPv6 has no rules, so that whoever reaches this host over IPv6 reaches every service on it.',
  family: 6,
  at: [{ family: 6, table: 'filter', chain: 'INPUT', rule: 'policy', line: null }],
  causedBy: [],
  witness: {
    packet: {
      hook: 'input',
      in: 'eth0',
      out: null,
      src: '2001:db8::9',
      dst: '2001:db8::10',
      proto: 'tcp',
      sport: 40000,
      dport: 3306,
      icmpType: null,
      icmpCode: null,
      flags: ['SYN'],
      state: 'NEW',
      mark: 0,
      length: 60,
      ttl: 64,
    },
    verdict: 'ACCEPT',
    decidedBy: { family: 6, table: 'filter', chain: 'INPUT', rule: 'policy' },
    dependsOn: [],
  },
  proof: null,
  fix: 'Deny what no rule names.\nip6tables -P INPUT DROP',
  refs: ['CIS Debian 12 4.4.3.1'],
};
const possible: FindingJson = {
  ...finding,
  id: 'FW-LOG-01',
  severity: 'low',
  certainty: 'possible',
  title: 'nothing is logged',
  family: 4,
  witness: null,
  at: [],
  refs: [],
};
const counts = { critical: 1, high: 0, medium: 0, low: 1, info: 0 };
const unknown = [
  { id: 'FW-EXP-06', why: 'the listeners could not be read', remedy: 'run it as root' },
  { id: 'FW-BACK-01', why: 'the listeners could not be read', remedy: 'run it as root' },
];
const report: AuditJson = { host: 'web1', readAt: 0, score: 30, confidence: 83, counts, findings: [finding, possible], unknown };
const standing: StatusJson = {
  host: 'web1',
  readAt: 0,
  protected: 'no',
  backends: { 4: 'nft', 6: 'none' },
  rules: { 4: 8, 6: 0 },
  foreign: ['inet firewalld filter_INPUT (filter on input, priority 10, policy accept)'],
  score: 30,
  confidence: 83,
  counts,
  findings: [finding, possible],
  unknown,
  next: ['FW-V6-01: close IPv6\nip6tables -P INPUT DROP', 'run it as root'],
};

const witness = 'tcp 2001:db8::9 → [2001:db8::10]:3306, arriving on eth0: ACCEPT by IPv6 filter INPUT policy';

test('status says the verdict first, then what is wrong, what is unknown and why, and what to do', () => {
  const drawn = status(standing, view);
  expect(drawn).toMatch(/^web1: NOT protected\. 1 critical, 1 low\.\n/);
  expect(drawn).toContain('IPv4 8 rules (nft), IPv6 0 rules; 83 % of the checks answered.');
  expect(drawn).toContain('Also filtering here, not judged: inet firewalld filter_INPUT');
  expect(drawn).toMatch(new RegExp(`critical +FW-V6-01 +IPv6: every port is open\\n +${witness.replace(/[[\]]/g, '\\$&')}`));
  expect(drawn).toContain('and 1 milder: palisade audit');
  expect(drawn).toContain('UNKNOWN  the listeners could not be read; run it as root (FW-EXP-06, FW-BACK-01)');
  expect(drawn).toContain('What to do next\n  1. FW-V6-01: close IPv6\n  2. run it as root\n');
});

test('status never calls a host protected of which something is unknown', () => {
  expect(status({ ...standing, protected: 'unknown', findings: [], counts: { ...counts, critical: 0, low: 0 } }, view)).toMatch(
    /^web1: UNKNOWN whether protected\. No findings\.\n/,
  );
  expect(status({ ...standing, rules: { 4: null, 6: 1 }, backends: { 4: 'unknown', 6: 'legacy' } }, view)).toContain(
    'IPv4 rules unknown, IPv6 1 rule (legacy)',
  );
});

test('audit says everything about each finding', () => {
  const drawn = audit(report, view);
  expect(drawn).toMatch(/^web1: 1 critical, 1 low\.\nScore at most 30 of 100, with 83 % of the checks answered\.\n/);
  expect(drawn).toContain('CRITICAL  FW-V6-01  IPv6: every port is open\n');
  for (const piece of [
    finding.why,
    `witness: ${witness}`,
    'fix: Deny what no rule names.\n    ip6tables -P INPUT DROP\n',
    'see: CIS Debian 12 4.4.3.1',
    'at: IPv6 filter INPUT policy',
  ])
    expect(drawn).toContain(piece);
  expect(drawn).toContain('LOW  FW-LOG-01  IPv4: nothing is logged (possible)\n');
  expect(drawn).toContain('UNKNOWN  the listeners');
});

test.each([status(standing, terminal), audit(report, terminal)])('nothing is wider than the terminal', (drawn) => {
  for (const line of drawn.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
});

const ruleset: RulesetJson = {
  host: 'web1',
  readAt: 0,
  countedAt: 0,
  families: [
    {
      family: 4,
      source: 'rules.v4',
      backend: 'nft',
      tables: [
        {
          name: 'filter',
          chains: [
            {
              name: 'INPUT',
              policy: 'DROP',
              packets: 12,
              bytes: 720,
              rules: [
                {
                  number: 1,
                  line: 5,
                  packets: 123456,
                  bytes: 7,
                  text: '-A INPUT -i lo -j ACCEPT',
                  comment: null,
                  notUnderstood: [],
                },
                {
                  number: 2,
                  line: 6,
                  packets: 0,
                  bytes: 0,
                  text: '-A INPUT -m foo --bar -j ACCEPT',
                  comment: null,
                  notUnderstood: ['-m foo --bar'],
                },
              ],
            },
            { name: 'mine', policy: null, packets: 0, bytes: 0, rules: [] },
          ],
        },
      ],
    },
    { family: 6, source: 'rules.v6', backend: null, tables: [] },
  ],
  foreign: [],
  unknown: [{ what: 'other nft chains', why: 'nft is missing', remedy: 'install nftables' }],
};

describe('show', () => {
  test('draws a table for every chain, with hits and what was not understood', () => {
    const drawn = show(ruleset, view);
    expect(drawn).toContain('IPv4 (nft) from rules.v4\n\nfilter INPUT, policy DROP, 12 packets by policy\n');
    expect(drawn).toMatch(
      / +# +PACKETS +BYTES +RULE +NOT UNDERSTOOD\n +1 +123\.5k +7 +-i lo -j ACCEPT\n +2 +0 +0 +-m foo --bar -j ACCEPT +-m foo --bar\n/,
    );
    expect(drawn).toContain('filter mine\n  no rules\n');
    expect(drawn).toContain('IPv6 from rules.v6\nno tables: every packet is accepted\n');
    expect(drawn).toContain('UNKNOWN  other nft chains: nft is missing; install nftables\n');
  });

  test('--save gives the bytes that were read', () => {
    const saves = ['*filter\n-A INPUT -m comment --comment "\xfc\x1b[1m"\nCOMMIT\n', '*nat\nCOMMIT\n'];
    expect(show({ ...ruleset, saves }, view)).toEqual(Buffer.from(saves.join(''), 'latin1'));
  });
});

describe('trace', () => {
  const dropped: TraceJson = {
    verdict: 'DROP',
    decidedBy: { family: 4, table: 'filter', chain: 'INPUT', rule: 3 },
    line: 12,
    path: [
      { family: 4, table: 'filter', chain: 'INPUT', rule: 1, line: 10, effect: 'log', maybe: true },
      { family: 4, table: 'filter', chain: 'INPUT', rule: 3, line: 12, effect: 'DROP', maybe: false },
    ],
    dependsOn: [],
    outcomes: [],
    assumed: ['the mark is 0'],
    certainty: 'certain',
    beside: [],
    proof: null,
  };

  test('says verdict and decider, then the way there', () => {
    expect(trace(dropped, view)).toBe(
      [
        'DROP by IPv4 filter INPUT rule 3, line 12',
        '  TABLE   CHAIN  RULE  LINE  EFFECT',
        '  filter  INPUT     1    10  log (if its match holds)',
        '  filter  INPUT     3    12  DROP',
        '  taken for granted: the mark is 0',
        '',
        '',
      ].join('\n'),
    );
  });

  test('says what else sees the packet, and what the kernel did', () => {
    const [one, two] = ['inet guard in (filter, hook input, priority 0, policy accept)', 'the rules in the legacy backend'];
    const beside = { certainty: 'possible' as const, beside: [one, two] };
    const by = { family: 4 as const, table: 'filter', chain: 'INPUT', rule: 3 };
    const proof = { ran: true as const, kernel: 'DROP' as const, decidedBy: by, agrees: true, led: false };
    const drawn = trace({ ...dropped, ...beside, proof }, view);
    expect(drawn).toContain(`\n  only possible: ${one}, ${two} also see the packet and may drop it\n`);
    expect(drawn).toContain('\n  proof: the kernel agrees: DROP by IPv4 filter INPUT rule 3\n');
    const other = { ...dropped, beside: [one], certainty: 'unknown' as const, proof: { ...proof, agrees: false } };
    expect(trace(other, view)).toContain(`\n  unknown: ${one} also sees the packet and may change it before these rules do\n`);
    expect(trace(other, view)).toContain(
      '\n  proof: THE KERNEL DISAGREES: DROP by IPv4 filter INPUT rule 3; a fault of palisade',
    );
    const none = { ...dropped, proof: { ran: false as const, why: 'there is no way' } };
    expect(trace(none, view)).toContain('\n  proof: none: there is no way\n');
  });

  test('says every ending of a packet that a match decides on', () => {
    const depends: TraceJson = {
      ...dropped,
      verdict: 'DEPENDS',
      dependsOn: ['-m limit --limit 5/min'],
      outcomes: [
        {
          when: { '-m limit --limit 5/min': true },
          verdict: 'ACCEPT',
          decidedBy: { family: 4, table: 'filter', chain: 'INPUT', rule: 3 },
          line: 12,
        },
        { when: { '-m limit --limit 5/min': false }, verdict: 'DROP', decidedBy: null, line: null },
      ],
    };
    const drawn = trace(depends, view);
    expect(drawn).toContain('• ACCEPT by IPv4 filter INPUT rule 3 when -m limit --limit 5/min holds\n');
    expect(drawn).toContain('• DROP, there is no rule and no policy when -m limit --limit 5/min does not hold\n');
  });
});

test('a family without tables is open only if nothing of nft stands beside it', () => {
  const families = [{ family: 6 as const, source: 'ip6tables-nft-save', backend: 'nft' as const, tables: [] }];
  expect(show({ ...ruleset, families }, view)).toContain('no tables: every packet is accepted\n');
  const beside = show({ ...ruleset, families, foreign: ['inet guard in'] }, view);
  expect(beside).toContain('no tables: only the chains of nft see packets, and they are not judged\n');
});

describe('forty columns', () => {
  const narrow: View = { columns: 40, paint: (style, text) => (text === '' ? '' : `\u001b[${style.length}m${text}\u001b[0m`) };
  const known = { ...standing, host: 'frankfurt-db-17.example', protected: 'unknown' as const };
  const audited: UpPart = { kind: 'audited', changed: false, at: 0, status: known, audit: report };
  const heads = {
    status: () => status(known, narrow),
    audit: () => audit({ ...report, host: known.host }, narrow),
    up: () => up(audited, narrow),
    'a change': () => up({ ...audited, changed: true }, narrow),
    watching: () => up({ kind: 'watching', sources: ['nflog:5', 'kmsg', '/var/log/kern.log'] }, narrow),
    'a long name': () => status({ ...known, host: 'a'.repeat(50) }, narrow),
  };
  test.each(Object.entries(heads))('%s says its headline in lines that fit', (_, draw) => {
    const lines = stripVTControlCharacters(draw()).split('\n');
    for (const line of lines.slice(0, 8)) expect(line.length, line).toBeLessThanOrEqual(40);
  });
});

describe('up', () => {
  test('begins with the verdict and that nothing was changed', () => {
    const audited: UpPart = { kind: 'audited', changed: false, at: 0, status: standing, audit: report };
    expect(up(audited, view)).toMatch(/^web1: NOT protected\. 1 critical, 1 low\. Nothing was changed\.\n/);
    expect(up({ ...audited, changed: true }, view)).toMatch(/^\d\d:\d\d:\d\d {2}The firewall changed\. web1: NOT protected\./);
  });

  test('says where the page is, and how another machine gets there', () => {
    const drawn = up({ kind: 'serving', url: 'http://127.0.0.1:7272/#t', tunnel: 'ssh -L 7272:127.0.0.1:7272 web1' }, view);
    expect(drawn).toContain('  http://127.0.0.1:7272/#t\n');
    expect(drawn).toContain('ssh -L 7272:127.0.0.1:7272 web1\n');
  });

  test('says a logged packet in one line, whatever its prefix holds, and what was lost', () => {
    const event = {
      at: 0,
      prefix: 'IPTables-Dropped:\nfake',
      in: 'eth0',
      out: null,
      src: '203.0.113.9',
      dst: '198.51.100.1',
      proto: 'tcp',
      sport: 40000,
      dport: 22,
      icmpType: null,
      icmpCode: null,
      flags: ['SYN'],
      length: 60,
      ttl: 64,
      mark: 0,
    };
    expect(up({ kind: 'event', event }, view)).toMatch(
      /^\d\d:\d\d:\d\d {2}IPTables-Dropped:\\nfake tcp 203\.0\.113\.9:40000 → 198\.51\.100\.1:22 {2}SYN, in eth0, 60 bytes\n$/,
    );
    const lost = { kind: 'lost', at: 0, source: 'kmsg', count: 1, of: 'records' } as const;
    expect(up(lost, view)).toContain('1 record lost before they could be read (kmsg)\n');
  });
});

test('commands of a fix can be copied: they are never wrapped, and a here-document ends at the margin', () => {
  const command = `iptables -A INPUT -p tcp -m tcp --dport 22 -m comment --comment "${'long '.repeat(20)}" -j ACCEPT`;
  const drawn = audit(
    { ...report, findings: [{ ...finding, fix: `Load it:\niptables-restore <<'R'\n${command}\nR` }] },
    terminal,
  );
  expect(drawn).toContain(`  fix: Load it:\niptables-restore <<'R'\n${command}\nR\n`);
});
