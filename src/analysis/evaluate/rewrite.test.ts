import { describe, expect, it } from 'vitest';
import { facts, filter, host, shown, trace } from './small-server.fixture.ts';

const mangle = (...lines: readonly string[]): string =>
  ['*mangle', ':PREROUTING ACCEPT [0:0]', ':FORWARD ACCEPT [0:0]', ...lines, 'COMMIT', ''].join('\n');
const passing = { hook: 'forward', out: 'eth1', dst: '192.0.2.7' };

describe('the TTL', () => {
  it('is lost by the rule that leaves too little of it for the way to FORWARD', () => {
    const rules = `${mangle('-A PREROUTING -p udp -j ACCEPT', '-A PREROUTING -j TTL --ttl-dec 64')}${filter('-A FORWARD -j ACCEPT')}`;
    const found = trace(host(rules), passing);
    expect(found).toMatchObject({ verdict: 'DROP', decidedBy: { table: 'mangle', chain: 'PREROUTING', rule: 2 }, line: 5 });
    expect(trace(host(rules), { ...passing, ttl: 65 }).verdict).toBe('ACCEPT');
    expect(trace(host(rules), {}).decidedBy?.chain).toBe('INPUT');
  });

  it('goes on from table to table as it was written', () => {
    const rules = `${mangle('-A PREROUTING -j TTL --ttl-set 10', '-A FORWARD -m ttl --ttl-eq 9 -j TTL --ttl-inc 250')}${filter('-A FORWARD -m ttl --ttl-eq 255 -j ACCEPT')}`;
    expect(shown(trace(host(rules), passing))).toEqual([
      'mangle PREROUTING:1 ttl',
      'mangle PREROUTING:policy ACCEPT',
      'mangle FORWARD:1 ttl',
      'mangle FORWARD:policy ACCEPT',
      'filter FORWARD:1 ACCEPT',
    ]);
  });
});

describe('what no field holds', () => {
  it('is asked again behind a rule that may have changed it', () => {
    const asked = '-m string --algo bm --string attack';
    const rules = (between: string): string =>
      `${mangle(`-A PREROUTING ${asked} -j MARK --set-mark 1`, between)}${filter(`-A INPUT -m mark --mark 1 ${asked} -j ACCEPT`)}`;
    // What marks the packet lets it in, if nothing has happened between.
    expect(trace(host(rules('-A PREROUTING -j TRACE')), {}).outcomes).toHaveLength(2);
    expect(
      trace(host(rules('-A PREROUTING -m statistic --mode random --probability 0.5 -j TOS --set-tos 0x8/0x3f')), {}).outcomes,
    ).toHaveLength(3);
  });

  it('does not hold up a packet, whatever its rule asks', () => {
    const many = Array.from({ length: 20 }, (_, n) => `-A PREROUTING -m string --string ${n} --algo bm -j DSCP --set-dscp ${n}`);
    expect(trace(host(`${mangle(...many)}${filter('-A INPUT -j ACCEPT')}`), {})).toMatchObject({
      verdict: 'ACCEPT',
      dependsOn: [],
    });
  });

  it('may make a SYN without data four bytes longer', () => {
    const rules = `${mangle('-A PREROUTING -p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1400')}${filter('-A INPUT -m length --length 44 -j ACCEPT')}`;
    const short = trace(host(rules), { length: 40 });
    expect(short.dependsOn).toEqual(['the packet is 44 bytes long behind mangle PREROUTING rule 1']);
    expect(trace(host(rules), { length: 41 })).toMatchObject({ verdict: 'DROP', dependsOn: [] });
    expect(trace(host(rules), { length: 400 })).toMatchObject({ verdict: 'DROP', dependsOn: [] });
  });
});

describe('TPROXY', () => {
  const rules = `${mangle('-A PREROUTING -p tcp -j TPROXY --on-port 3128 --tproxy-mark 0x1/0x1')}${filter('-A INPUT -m mark --mark 1 -j ACCEPT')}`;
  const listening = (port: number): object => ({ ...facts, listeners: [{ proto: 'tcp', port, address: '0.0.0.0' }] });

  it('drops a SYN where nobody listens', () => {
    const found = trace(host(rules, { facts: listening(22) }), {});
    expect(found).toMatchObject({ verdict: 'DROP', decidedBy: { table: 'mangle' }, dependsOn: [] });
  });

  it.each([
    ['where somebody listens', 3128, {}],
    ['that may be of a connection which a socket has', 22, { flags: ['ACK'] }],
  ])('leaves open a packet %s', (_, port, packet) => {
    const found = trace(host(rules, { facts: listening(port) }), packet);
    expect(found.outcomes.map(({ verdict, decidedBy }) => [verdict, decidedBy?.table])).toEqual([
      ['DROP', 'mangle'],
      ['ACCEPT', 'filter'],
    ]);
  });
});

describe('NETMAP', () => {
  it('tells by its hook which address it changes', () => {
    const nat =
      '*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:all - [0:0]\n-A PREROUTING -j all\n-A INPUT -j all\n-A all -j NETMAP --to 198.51.100.0/24\nCOMMIT\n';
    const found = trace(host(`${nat}${filter('-A INPUT -s 203.0.113.9/32 -d 198.51.100.1/32 -j ACCEPT')}`), {
      dst: '192.0.2.1',
    });
    expect(found.verdict).toBe('ACCEPT');
    expect(shown(found)).toContain('nat all:1 dnat');
    expect(shown(found)).toContain('nat all:1 snat');
  });
});
