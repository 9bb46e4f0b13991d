import { describe, expect, it } from 'vitest';
import { type Host, unknown } from '../model/host/index.ts';
import { formatAddress } from '../model/net/index.ts';
import type { Packet } from '../model/packet/index.ts';
import { exampleHost } from './example-host.ts';
import { empty, filter, guide, hardened4, hardened6, oneLink } from './examples.ts';
import { audit, type Finding } from './index.ts';

const text = (packet: Packet | undefined, end: 'src' | 'dst'): string | undefined =>
  packet && formatAddress({ family: packet.family, value: packet[end] });

function found(host: Host, id: string): Finding[] {
  return audit(host).findings.filter((finding) => finding.id === id);
}

describe('a host without an IPv4 address', () => {
  const facts = {
    ...oneLink,
    addresses: [{ link: 'eth0', address: '2001:db8::10/64' }],
    listeners: [{ proto: 'tcp', port: 22, process: 'sshd' }],
  };
  it('is told nothing of services open over IPv4, or of SSH there', () => {
    const report = audit(exampleHost({ v4: empty, v6: empty, facts }));
    const said = report.findings.map(({ id, family }) => `${id} ${family}`);
    expect(said).toEqual(expect.arrayContaining(['FW-EXP-06 6', 'FW-RATE-01 6']));
    expect(said).not.toContain('FW-EXP-06 4');
    expect(said).not.toContain('FW-RATE-01 4');
  });
  it('is told so once it has one, or when nobody knows', () => {
    for (const addresses of [oneLink.addresses, undefined]) {
      const report = audit(exampleHost({ v4: empty, v6: empty, facts: { ...facts, addresses } }));
      expect(report.findings.map(({ id, family }) => `${id} ${family}`)).toContain('FW-EXP-06 4');
    }
  });
});

describe('the witness of an open FORWARD', () => {
  const links = [...oneLink.links, { name: 'eth1', up: true }];
  const way = (v4: string, facts: unknown): (string | null | undefined)[] => {
    const packet = found(exampleHost({ v4, v6: hardened6, facts }), 'FW-BASE-02')[0]?.witness?.packet;
    return [packet?.in, packet?.out];
  };
  const routes = [{ to: 'default', via: '198.51.100.1', link: 'eth0' }];
  it('goes out by another link of the host', () => {
    expect(way(empty, { ...oneLink, links, routes })).toEqual(['eth0', 'eth1']);
  });
  it('goes back by the only link there is', () => {
    expect(way(empty, oneLink)).toEqual(['eth0', 'eth0']);
  });
  it('goes by a link that no rule names, even if there is none', () => {
    const rules = ['-A FORWARD -o eth1 -j DROP', '-A FORWARD -o eth0 -j DROP'];
    expect(way(filter(rules.slice(0, 1), { FORWARD: 'ACCEPT' }), { ...oneLink, links, routes })).toEqual(['eth0', 'eth0']);
    expect(way(filter(rules, { FORWARD: 'ACCEPT' }), { ...oneLink, links, routes })).toEqual(['eth0', 'other1']);
  });
});

describe('a second link that the world can write to, without a default route', () => {
  const host = (v4: string, second: string): Host =>
    exampleHost({
      v4,
      v6: hardened6,
      facts: {
        ...oneLink,
        links: [...oneLink.links, { name: 'eth1', up: true }],
        addresses: [...oneLink.addresses, { link: 'eth1', address: second }],
        routes: [{ to: 'default', via: '198.51.100.1', link: 'eth0' }],
      },
    });
  const open = hardened4.replace('-A INPUT -i lo', '-A INPUT -i eth1 -j ACCEPT\n-A INPUT -i lo');
  it('is looked at: what it lets in is possible, since it may be an inner one', () => {
    const [door] = found(host(open, '203.0.113.10/24'), 'FW-BASE-01');
    expect([door?.certainty, door?.witness?.packet.in]).toEqual(['possible', 'eth1']);
  });
  it('is an inner one when its address is private', () => {
    for (const second of ['192.168.7.1/24', '10.0.0.1/8', '172.31.0.1/16', '100.64.0.1/10', '169.254.3.4/16']) {
      expect(found(host(open, second), 'FW-BASE-01'), second).toEqual([]);
    }
    expect(found(host(open, '172.32.0.1/16'), 'FW-BASE-01')).toHaveLength(1);
  });
  it('counts over IPv6 where the host is no router', () => {
    const six = hardened6.replace('-A INPUT -i lo', '-A INPUT -i eth1 -j ACCEPT\n-A INPUT -i lo');
    const of = (forwards: string): Finding[] =>
      found(
        exampleHost({
          v4: hardened4,
          v6: six,
          facts: {
            ...oneLink,
            links: [...oneLink.links, { name: 'eth1', up: true }],
            addresses: [...oneLink.addresses, { link: 'eth1', address: '2001:db8:1::1/64' }],
            routes: [{ to: 'default', via: '2001:db8::1', link: 'eth0' }],
            sysctls: { 'net.ipv6.conf.all.forwarding': forwards },
          },
        }),
        'FW-V6-01',
      );
    expect(of('0').map(({ certainty }) => certainty)).toEqual(['possible']);
    expect(of('1')).toEqual([]);
  });
});

describe('a host whose only IPv6 address is link-local', () => {
  const facts = {
    ...oneLink,
    addresses: [
      { link: 'eth0', address: '198.51.100.10/24' },
      { link: 'eth0', address: 'fe80::1/64' },
    ],
    listeners: [{ proto: 'tcp', port: 22, address: '::', process: 'sshd' }],
  };
  it('is shown what a neighbour sends, since nothing else comes there', () => {
    const report = audit(exampleHost({ v4: hardened4, v6: empty, facts }));
    const shown = report.findings.filter(({ family, witness }) => family === 6 && witness?.packet.hook === 'input');
    expect(shown.map(({ id }) => id)).toEqual(['FW-V6-01', 'FW-EXP-02', 'FW-EXP-06', 'FW-RATE-01', 'FW-EXP-07']);
    for (const { witness } of shown) {
      expect([text(witness?.packet, 'src'), text(witness?.packet, 'dst')]).toEqual(['fe80::9', 'fe80::1']);
    }
  });
  it('may trust its neighbours, and may shut them out', () => {
    const trusting = hardened6.replace('-A INPUT -i lo', '-A INPUT -s fe80::/10 -j ACCEPT\n-A INPUT -i lo');
    expect(found(exampleHost({ v4: hardened4, v6: trusting, facts }), 'FW-V6-01')).toEqual([]);
    const shut = filter(['-A INPUT -s fe80::/10 -j DROP'], { INPUT: 'ACCEPT' });
    expect(found(exampleHost({ v4: hardened4, v6: shut, facts }), 'FW-V6-01')).toEqual([]);
  });
});

describe('rules that nft may have made among those of iptables', () => {
  const read = exampleHost({ v4: guide.replace(':INPUT DROP', ':INPUT ACCEPT'), v6: hardened6 });
  const why = 'whether nft made IPv4 rules of its own among those of iptables was not looked for';
  const live: Host = {
    ...read,
    origin: 'live',
    nativeRules: { 4: unknown(why, 'keep them apart'), 6: { known: true, value: [] } },
  };
  it('are unknown in the report', () => {
    expect(audit(live).unknown.filter(({ id }) => id === 'FW-BACK-01')).toEqual([
      { id: 'FW-BACK-01', why, remedy: 'keep them apart' },
    ]);
    expect(audit(read).unknown.filter(({ id }) => id === 'FW-BACK-01')).toEqual([]);
  });
  it('make what is accepted possible only', () => {
    const certainty = (host: Host) => found(host, 'FW-BASE-01').map((finding) => finding.certainty);
    expect([certainty(read), certainty(live)]).toEqual([['certain'], ['possible']]);
  });
});

describe('a type of address that hangs on routes for certain sources', () => {
  it('is unknown, with its reason', () => {
    const host = exampleHost({
      v4: hardened4,
      v6: filter(['-A INPUT -m addrtype --src-type UNREACHABLE -j DROP'], { INPUT: 'ACCEPT' }),
      facts: {
        ...oneLink,
        routes: [
          { to: 'default', via: '2001:db8::1', link: 'eth0' },
          { to: '2001:db8:ffff::/48', from: '2001:db8:9::/48', link: 'eth0', type: 'unreachable' },
        ],
      },
    });
    const report = audit(host);
    expect(report.findings.filter(({ family, severity }) => family === 6 && severity === 'critical')).toEqual([]);
    expect(report.unknown.find(({ id }) => id === 'FW-V6-01')?.why).toMatch(
      /-m addrtype --src-type UNREACHABLE: the routes do not tell the type .* certain sources/,
    );
  });
});
