import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { whole } from '../cli/render/reach.ts';
import { reach } from './reach.ts';
import { type ReachJson, reachReport } from './reach-shape.ts';
import type { Context } from './verb.ts';

const folder = mkdtempSync(join(tmpdir(), 'palisade-reach-'));
afterAll(() => rmSync(folder, { recursive: true }));

const context = {
  clock: { now: () => 0 },
  progress: () => undefined,
  signal: new AbortController().signal,
  stdin: async () => new Uint8Array(),
} as unknown as Context;

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const filter = (...rules: readonly string[]): string =>
  `*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n${rules.join('\n')}\nCOMMIT\n`;

async function asked(four: string, six: string | null = null, facts: object = server): Promise<ReachJson> {
  const ruleset = [`4:${file('four', four)}`, ...(six === null ? [] : [`6:${file('six', six)}`])];
  const outcome = await reach.run(context, reach.input.parse({ ruleset, facts: file('facts', JSON.stringify(facts)) }));
  return reachReport.parse('value' in outcome ? outcome.value : outcome);
}

function drawn(report: ReachJson): string {
  return whole(report, { columns: null, paint: (_, text) => text }).replace(/ +/g, ' ');
}

const local = (to: string, link: string): object => ({ to, type: 'local', table: 'local', link });
const server = {
  links: [{ name: 'eth0' }, { name: 'wg0' }],
  addresses: [
    { link: 'eth0', address: '198.51.100.10/24' },
    { link: 'eth0', address: '2001:db8::10/64' },
    { link: 'wg0', address: '10.7.0.1/24' },
  ],
  routes: [
    { to: 'default', via: '198.51.100.1', link: 'eth0' },
    { to: '198.51.100.0/24', link: 'eth0' },
    { to: '10.7.0.0/24', link: 'wg0' },
    local('198.51.100.10', 'eth0'),
    local('10.7.0.1', 'wg0'),
    local('127.0.0.0/8', 'lo'),
    { to: 'default', via: '2001:db8::1', link: 'eth0' },
    { to: '2001:db8::/64', link: 'eth0' },
    local('2001:db8::10', 'eth0'),
  ],
  routingRules: [
    { priority: 0, table: 'local' },
    { priority: 32766, table: 'main' },
    { priority: 0, table: 'local', family: 6 },
    { priority: 32766, table: 'main', family: 6 },
  ],
  listeners: [
    { proto: 'tcp', port: 22, process: 'sshd' },
    { proto: 'tcp', port: 6379, address: '127.0.0.1', process: 'redis' },
  ],
  foreignChains: [],
  sysctls: {
    'net.ipv4.ip_forward': '0',
    'net.ipv4.conf.all.rp_filter': '0',
    'net.ipv4.conf.wg0.rp_filter': '1',
    'net.ipv6.conf.all.forwarding': '0',
  },
};

describe('reach', () => {
  it('stands both families side by side, with who listens', async () => {
    const four = filter('-A INPUT -s 203.0.113.0/24 -p tcp -m tcp --dport 22 -j ACCEPT');
    const six = filter('-A INPUT -i eth0 -p tcp -m tcp --dport 22 -j ACCEPT');
    const report = await asked(four, six);
    expect(report).toMatchObject({ outward: ['eth0'], strict: ['wg0'], assumed: [], unknown: [] });
    expect(drawn(report)).toBe(
      'Arriving on eth0 (to the world)\nSERVICE TO FROM (IPv4) FROM (IPv6) VERDICT LISTENING\n' +
        '22/tcp this host 203.0.113.0/24 anyone ACCEPT sshd 22/tcp\n\n' +
        'IPv4, everything else on eth0, wg0: DROP\nIPv6, everything else on eth0, wg0: DROP\n' +
        'wg0: IPv4 packets are taken only from sources that are routed there (rp_filter).\n',
    );
  });

  it('follows translations to where they lead', async () => {
    const nat =
      '*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -d 198.51.100.10 -i eth0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.7.0.5:80\nCOMMIT\n';
    const rules = filter(
      '-A FORWARD -d 10.7.0.5 -o wg0 -p tcp -m tcp --dport 80 -j ACCEPT',
      '-A INPUT -i wg0 -p tcp -m tcp --dport 8080 -j ACCEPT',
    );
    const closed = await asked(nat + rules);
    expect(closed.rows.map(({ links, goals }) => [links, goals])).toEqual([
      [['wg0'], [{ kind: 'host', address: null, port: null, link: null }]],
    ]);
    const open = await asked(nat + rules, null, { ...server, sysctls: { ...server.sysctls, 'net.ipv4.ip_forward': '1' } });
    expect(drawn(open)).toContain('8080/tcp 198.51.100.10 → 10.7.0.5:80 (wg0) anyone ACCEPT');
    expect(drawn(open)).toContain('80/tcp 10.7.0.5, sent on by wg0 anyone ACCEPT');
  });

  it('says what acceptance hangs on', async () => {
    const report = await asked(
      filter(
        '-A INPUT -p tcp -m tcp --dport 22 -m limit --limit 3/min -j ACCEPT',
        '-A INPUT -p udp -m udp --sport 53 --dport 1024:65535 -j ACCEPT',
        '-A INPUT -p icmp -m icmp --icmp-type 8 -j ACCEPT',
      ),
    );
    expect(report.rows.map(({ services, verdict, conditions }) => [services.list, verdict, conditions])).toEqual([
      [['ping'], 'ACCEPT', []],
      [['22/tcp'], 'DEPENDS', ['-m limit --limit 3/min']],
      [['1024-65535/udp'], 'DEPENDS', ['source port 53']],
    ]);
  });

  it('names sets, and exceptions where they are shorter', async () => {
    const sets = file('sets', 'create vpn hash:net family inet\nadd vpn 192.0.2.0/25\nadd vpn 203.0.113.64/26\n');
    const rules = filter(
      '-A INPUT -p tcp -m tcp --dport 22 -m set --match-set vpn src -j ACCEPT',
      '-A INPUT -p tcp -m tcp --dport 443 -m set ! --match-set vpn src -j ACCEPT',
      '-A INPUT ! -s 203.0.113.0/24 -p tcp -m tcp --dport 80 -j ACCEPT',
    );
    const input = reach.input.parse({
      ruleset: [`4:${file('four', rules)}`],
      sets,
      facts: file('facts', JSON.stringify(server)),
    });
    const outcome = await reach.run(context, input);
    const { rows } = reachReport.parse('value' in outcome && outcome.value);
    const outer = rows.filter(({ links }) => links.includes('eth0'));
    expect(outer.map(({ services, sources }) => [services.list.join(), sources[4]])).toEqual([
      ['22/tcp', { except: false, list: ['set vpn'] }],
      ['80/tcp', { except: true, list: ['203.0.113.0/24'] }],
      ['443/tcp', { except: true, list: ['set vpn'] }],
    ]);
  });

  it('calls nothing open that others may drop, nor anything that others may rewrite', async () => {
    const rules = filter('-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT');
    const chain = { family: 'inet', table: 'other', chain: 'in', type: 'filter', hook: 'input', priority: 10, rules: 3 };
    const dropping = await asked(rules, null, { ...server, foreignChains: [chain] });
    expect(dropping.rows.map(({ verdict, conditions }) => [verdict, conditions.length])).toEqual([['DEPENDS', 1]]);
    const rewriting = await asked(rules, null, { ...server, foreignChains: [{ ...chain, hook: 'prerouting', type: 'nat' }] });
    expect(rewriting.rows).toEqual([]);
    expect(rewriting.unknown.map(({ what }) => what)).toContain('who can reach this host over IPv4');
  });

  it('names what sees packets before the rules and is not followed', async () => {
    const facts = {
      ...server,
      links: [{ name: 'eth0', xdp: [{ mode: 'driver', id: 7, name: 'x' }] }, { name: 'wg0' }],
      traffic: [{ link: 'wg0', at: 'ingress', kind: 'bpf', preference: 1 }],
    };
    const { assumed } = await asked(filter('-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT'), null, facts);
    expect(assumed.map(({ sentence }) => sentence)).toEqual([
      'an XDP program sees packets on eth0 before all rules; taken to let them through',
      'filters of traffic control see packets on wg0 before all rules; taken to let them through unchanged',
    ]);
  });

  it('has no answer where no rules could be read, and says what it took for granted without facts', async () => {
    const rules = filter('-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT');
    const outcome = await reach.run(context, reach.input.parse({ ruleset: [`4:${file('four', rules)}`] }));
    const report = reachReport.parse('value' in outcome && outcome.value);
    expect(outcome.kind).toBe('done');
    expect(report.assumed.map(({ sentence }) => sentence)).toContain(
      'whether the host forwards packets is unknown; taken as yes',
    );
    expect(drawn(report)).toContain('22/tcp this host anyone ACCEPT');
  });

  it('puts what both families allow on one row, and what only one does on its own', async () => {
    const shared = '-A INPUT -i eth0 -p tcp -m multiport --dports 80,443 -j ACCEPT';
    const report = await asked(filter(shared, '-A INPUT -i eth0 -p icmp -m icmp --icmp-type 8 -j ACCEPT'), filter(shared));
    expect(
      report.rows.map(({ services, sources, witness }) => [services.list, sources[4], sources[6], witness?.packet.proto]),
    ).toEqual([
      [['80/tcp', '443/tcp'], anyone, anyone, 'tcp'],
      // Its packet spoke of another service of the row that it was.
      [['ping'], anyone, null, undefined],
    ]);
  });
});

const anyone = { except: true, list: [] };
