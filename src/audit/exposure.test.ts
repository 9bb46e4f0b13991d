import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sliceOf } from '../../test/slice.ts';
import { createEvaluator } from '../analysis/index.ts';
import type { Trace } from '../model/packet/index.ts';
import { checks } from './checks/index.ts';
import { exampleHost } from './example-host.ts';
import { empty, guide, hardened4, hardened6, inverted, oneLink } from './examples.ts';
import { audit, type Finding, type Report } from './index.ts';
import { ofRules } from './of-rules.fixture.ts';
import { subjectOf } from './subject.ts';

/** The machine of the guide: SSH, web, a database and a name server, reachable over both families. */
const facts = {
  ...oneLink,
  routes: [
    { to: 'default', via: '198.51.100.1', link: 'eth0' },
    { to: '198.51.100.0/24', link: 'eth0' },
    { to: 'default', via: '2001:db8::1', link: 'eth0', family: 6 },
    { to: '2001:db8::/64', link: 'eth0' },
    { to: '198.51.100.10', type: 'local', table: 'local', link: 'eth0' },
    { to: '127.0.0.0/8', type: 'local', table: 'local', link: 'lo' },
    { to: '2001:db8::10', type: 'local', table: 'local', link: 'eth0' },
    { to: '::1', type: 'local', table: 'local', link: 'lo' },
  ],
  listeners: [
    { proto: 'tcp', port: 22, process: 'sshd' },
    { proto: 'tcp', port: 80, process: 'nginx' },
    { proto: 'tcp', port: 3306, process: 'mysqld' },
    { proto: 'udp', port: 53, process: 'named' },
  ],
  sysctls: {
    'net.ipv4.ip_forward': '0',
    'net.ipv6.conf.all.forwarding': '0',
    'net.ipv4.conf.all.rp_filter': '0',
    'net.ipv4.conf.eth0.rp_filter': '0',
  },
};
const withoutFirstRule = guide.replace(/-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n/, '');

function said({ findings }: Pick<Report, 'findings'>): string[] {
  return findings.map(({ severity, id, family }) => `${severity} ${id} ${family}`);
}

function grave(report: Report): string[] {
  return said(report).filter((line) => /^(critical|high)/.test(line));
}

describe('the guide', () => {
  const report = audit(exampleHost({ v4: guide, v6: empty, facts }));
  const of = (id: string, family: number): Finding | undefined =>
    report.findings.find((finding) => finding.id === id && finding.family === family);

  it('is told what it opens, drops and forgets', () => {
    expect(said(report)).toEqual(
      expect.arrayContaining([
        'high FW-EXP-02 4', // G1
        'critical FW-V6-01 6', // G4
        'high FW-V6-03 6', // G4
        'critical FW-EXP-03 6', // G4
        'high FW-ICMP-01 4', // G9
        'low FW-ICMP-03 4', // G10
        'medium FW-SPOOF-02 4', // G17
        'low FW-EXP-05 4', // G19
        'medium FW-EGR-01 4', // G21
      ]),
    );
    expect(said(report)).not.toContain('high FW-SPOOF-01 4');
    expect(ofRules(report).unknown.filter(({ id }) => id !== 'FW-ANOM-06')).toEqual([]);
  });
  it('has SSH open by its first rule, whatever comes behind', () => {
    expect(of('FW-EXP-02', 4)?.at).toMatchObject([{ chain: 'INPUT', rule: 1 }]);
    expect(of('FW-EXP-02', 4)?.witness?.trace).toMatchObject({ verdict: 'ACCEPT', decidedBy: { rule: 1 } });
  });
  it('has its services named that only IPv6 opens', () => {
    expect(of('FW-V6-03', 6)?.title).toBe('Open to anyone over IPv6, and not over IPv4: 3306/tcp (mysqld) and 53/udp (named)');
  });
  it('accepts HTTPS and offers none', () => {
    expect(of('FW-EXP-05', 4)?.title).toContain('443/tcp');
  });

  it('without its first rule trusts a source that anyone can forge, and shuts SSH to the world', () => {
    const mended = said(audit(exampleHost({ v4: withoutFirstRule, v6: hardened6, facts })));
    expect(mended).toContain('high FW-SPOOF-01 4');
    expect(mended.filter((line) => line.endsWith('FW-EXP-02 4'))).toEqual([]);
  });
});

it('two half-space accepts behind a DROP policy are everything, and the score says so', () => {
  const report = audit(exampleHost({ v4: inverted, v6: hardened6, facts }));
  expect(report.findings.find(({ id }) => id === 'FW-EXP-01')).toMatchObject({
    severity: 'critical',
    certainty: 'certain',
    title: 'INPUT: everything is accepted from everyone, by rules',
    at: [{ rule: 1 }, { rule: 2 }],
  });
  expect(report.score).toBeLessThanOrEqual(40);
});

/** What the CIS benchmark for Debian 12 has one type, with the services accepted that listen: web alone. */
const cis = (tool: 4 | 6, more: readonly string[] = []): string =>
  [
    '*filter',
    ...['INPUT', 'FORWARD', 'OUTPUT'].map((chain) => `:${chain} DROP [0:0]`),
    '-A INPUT -i lo -j ACCEPT',
    `-A INPUT -s ${tool === 4 ? '127.0.0.0/8' : '::1/128'} -j DROP`,
    ...more,
    ...['tcp', 'udp', 'icmp'].map((proto) => `-A INPUT -p ${proto} -m state --state ESTABLISHED -j ACCEPT`),
    ...[80, 443].map((port) => `-A INPUT -p tcp -m tcp --dport ${port} -m state --state NEW -j ACCEPT`),
    '-A OUTPUT -o lo -j ACCEPT',
    ...['tcp', 'udp', 'icmp'].map((proto) => `-A OUTPUT -p ${proto} -m state --state NEW,ESTABLISHED -j ACCEPT`),
    ...(more.length > 0 ? ['-A OUTPUT -p ipv6-icmp -j ACCEPT'] : []),
    'COMMIT',
    '',
  ].join('\n');

describe('a firewall that is in order has nothing high or critical', () => {
  const web = { ...facts, listeners: [22, 80, 443].map((port) => ({ proto: 'tcp', port })) };
  it('a hardened pair', () => {
    expect(grave(audit(exampleHost({ v4: hardened4, v6: hardened6, facts: web })))).toEqual([]);
  });
  it('the benchmark’s text keeps strangers out, and ICMP errors and IPv6’s neighbours with them', () => {
    // Both are true: errors are RELATED and its rules ask for ESTABLISHED; -p icmp is IPv4's own ICMP, and discovery is UNTRACKED.
    const report = audit(exampleHost({ v4: cis(4), v6: cis(6), facts: web }));
    expect(grave(report)).toEqual(['high FW-ICMP-01 4', 'high FW-V6-04 6']);
  });
  it('the benchmark’s text with RELATED, and ICMPv6 as IPv6 needs it', () => {
    const related = ['-A INPUT -m state --state RELATED -j ACCEPT'];
    const v4 = cis(4).replace('-A INPUT -p tcp', `${related[0]}\n-A INPUT -p tcp`);
    const v6 = cis(6, [...related, '-A INPUT -p ipv6-icmp -j ACCEPT']);
    expect(grave(audit(exampleHost({ v4, v6, facts: web })))).toEqual([]);
  });
  it.each(['shorewall-one-interface', 'ufw', 'debian-11-ufw', 'debian-13-ufw'])('what %s has for a web server', (name) => {
    const { v4, v6 } = saved(name, 'nft');
    const private4 = { ...web, sysctls: { ...web.sysctls, 'net.ipv4.conf.all.rp_filter': '1' } };
    // Those of ufw were told to let SSH in from anywhere.
    const open = name.endsWith('ufw') ? ['high FW-EXP-02 4', 'high FW-EXP-02 6'] : [];
    expect(grave(audit(exampleHost({ v4, v6, facts: private4 })))).toEqual(open);
  });
});

const root = join(import.meta.dirname, '../../testdata/rulesets');

function saved(name: string, backend: string): { readonly v4: string; readonly v6: string; readonly sets?: string } {
  const read = (file: string): string | null => {
    const path = join(root, name, `${file}.save`);
    return existsSync(path) ? readFileSync(path, 'latin1') : null;
  };
  const sets = read('sets');
  return { v4: read(`${backend}-v4`) ?? empty, v6: read(`${backend}-v6`) ?? empty, ...(sets === null ? {} : { sets }) };
}

/** The checks that read the engine. */
const mine = checks.filter(({ id }) => /^FW-(EXP|V6|ICMP|EGR|FWD|NAT|CTR|SPOOF)-/.test(id));
const origins = readdirSync(root, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
const two = {
  ...facts,
  links: [...oneLink.links, { name: 'eth1' }, { name: 'docker0', kind: 'bridge' }],
  addresses: [
    { link: 'eth0', address: '198.51.100.2/24' },
    { link: 'eth1', address: '192.168.1.2/24' },
    { link: 'docker0', address: '172.17.0.1/16' },
    { link: 'eth0', address: '2001:db8::2/64' },
  ],
  routes: [
    ...facts.routes,
    { to: '192.168.1.0/24', link: 'eth1' },
    { to: '172.17.0.0/16', link: 'docker0' },
    ...['198.51.100.2', '192.168.1.2', '2001:db8::2'].map((to) => ({
      to,
      type: 'local',
      table: 'local',
      link: to.startsWith('192') ? 'eth1' : 'eth0',
    })),
    { to: '172.17.0.1', type: 'local', table: 'local', link: 'docker0' },
    { to: '127.0.0.0/8', type: 'local', table: 'local', link: 'lo' },
  ],
  sysctls: { ...facts.sysctls, 'net.ipv4.ip_forward': '1' },
};

describe.each(sliceOf(origins, 3, 1))('what %s left in a kernel', (name) => {
  it('shows every grave finding by a packet that the interpreter follows to the same end', () => {
    // Each backend once, with the machine known and by rules alone.
    for (const [backend, known] of [
      ['nft', two],
      ['legacy', {}],
    ] as const) {
      const files = ['v4', 'v6'].filter((family) => existsSync(join(root, name, `${backend}-${family}.save`)));
      if (files.length === 0) continue;
      const host = exampleHost({ ...saved(name, backend), facts: known });
      const subject = subjectOf(host);
      const judge = createEvaluator(host);
      for (const check of mine) {
        const { findings, unknown } = check.run(subject);
        for (const { why, remedy } of unknown) expect(why.length * remedy.length, check.id).toBeGreaterThan(0);
        for (const { severity, witness, title, certainty, why } of findings) {
          if (severity !== 'critical' && severity !== 'high') continue;
          const note = `${name} ${backend} ${check.id}: ${title}`;
          if (witness === null) throw new Error(`${note}: no packet`);
          expect(judge.trace(witness.packet), note).toEqual(witness.trace);
          const isDropped = /\b(is|are|may be) dropped by /.test(why);
          const endings = endingsOf(witness.trace);
          const wanted = endings.filter((verdict) => isDropped === (verdict === 'DROP' || verdict === 'REJECT'));
          expect(wanted.length, note).toBeGreaterThan(0);
          if (certainty === 'certain' && witness.trace.verdict !== 'DEPENDS') expect(wanted, note).toEqual(endings);
        }
      }
    }
  });
});

function endingsOf({ verdict, outcomes }: Trace): readonly string[] {
  return verdict === 'DEPENDS' ? outcomes.map((ending) => ending.verdict) : [verdict];
}
