import { execFileSync } from 'node:child_process';
import { beforeAll, describe, expect, test } from 'vitest';
import { base, base6, drain, firewall, link, open, run, sender } from '../kernel/joined.fixture.ts';
import { frame } from '../kernel/packets.ts';
import { type Host, hostFromFiles } from '../model/host/index.ts';
import type { Packet, RuleRef } from '../model/packet/index.ts';
import type { LoggedPacket } from '../watch/events/index.ts';
import { received } from '../watch/events/received.fixture.ts';
import { createWhy } from './event-rule.ts';

/** Many rules with one prefix: only the packet tells whose line it is. */
const log = '-j NFLOG --nflog-group 9 --nflog-prefix "FW: "';
const rules = `*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:UDP - [0:0]
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -m conntrack --ctstate INVALID ${log}
-A INPUT -m conntrack --ctstate INVALID -j DROP
-A INPUT -p tcp -m tcp --dport 23 ${log}
-A INPUT -p tcp -m tcp --dport 23 -j DROP
-A INPUT -p udp -j UDP
-A INPUT -p tcp -m tcp --dport 80 ${log}
-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT
-A INPUT -p tcp -m tcp --dport 81 -j NFLOG --nflog-group 9 --nflog-prefix "OTHER"
-A INPUT ${log}
-A FORWARD ${log}
-A UDP -m limit --limit 1000/sec --limit-burst 1000 ${log}
-A UDP -j DROP
COMMIT
`;
const facts = {
  links: [
    { name: 'lo', loopback: true, up: true },
    { name: 'f0', up: true },
  ],
  addresses: [
    { link: 'lo', address: '127.0.0.1/8' },
    { link: 'f0', address: '198.51.100.1/24' },
    { link: 'f0', address: '2001:db8:1::1/64' },
  ],
};

function hostOf(...texts: readonly string[]): Host {
  const rulesets = texts.map((text, index) => ({
    file: `rules.${index}`,
    text,
    family: index === 0 ? (4 as const) : (6 as const),
  }));
  const host = hostFromFiles({ rulesets, facts: { file: 'facts', text: JSON.stringify(facts) }, readAt: 0 });
  if (!host.ok) throw new Error(JSON.stringify(host.problems));
  return host.value;
}

function restore(tool: string, text: string): void {
  execFileSync('nsenter', ['-t', String(firewall), '-n', tool], { input: text });
}

/** Every rule and policy of filter with how many packets it has met. */
function counters(tool: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  const numbers = new Map<string, number>();
  for (const line of run(firewall, `${tool} -c -t filter`).split('\n')) {
    const policy = /^:(\S+) \S+ \[(\d+):/.exec(line);
    if (policy !== null) found.set(`${policy[1]} policy`, Number(policy[2]));
    const rule = /^\[(\d+):\d+\] -A (\S+)/.exec(line);
    if (rule === null) continue;
    const [, packets, chain = ''] = rule;
    const number = (numbers.get(chain) ?? 0) + 1;
    numbers.set(chain, number);
    found.set(`${chain} ${number}`, Number(packets));
  }
  return found;
}

beforeAll(() => {
  run(firewall, 'sysctl -qw net.ipv4.ip_forward=1 net.netfilter.nf_conntrack_tcp_loose=0');
  restore('iptables-restore', rules);
  restore('ip6tables-restore', rules);
});

const FIN = 1;
const SYN = 2;
const packets: readonly (readonly [what: string, packet: Packet, rules: readonly string[], verdict: string, by: string])[] = [
  ['a SYN that no rule names', base, ['INPUT 10'], 'DROP', 'INPUT policy'],
  ['one to a port with a rule of its own', { ...base, dport: 23 }, ['INPUT 4'], 'DROP', 'INPUT 5'],
  ['one that is let in and logged', { ...base, dport: 80 }, ['INPUT 7'], 'ACCEPT', 'INPUT 8'],
  ['one behind a rule with another prefix', { ...base, dport: 81 }, ['INPUT 10'], 'DROP', 'INPUT policy'],
  ['a FIN without a connection', { ...base, flags: FIN, dport: 24 }, ['INPUT 2'], 'DROP', 'INPUT 3'],
  ['UDP, behind a limit', { ...base, proto: 17, flags: 0, dport: 53 }, ['UDP 1'], 'DROP', 'UDP 2'],
  [
    'one that is to be routed on',
    { ...base, hook: 'forward', out: 'f0', dst: 0xcb00714dn },
    ['FORWARD 1'],
    'DROP',
    'FORWARD policy',
  ],
  ['a SYN of IPv6', { ...base6, dport: 23, flags: SYN }, ['INPUT 4'], 'DROP', 'INPUT 5'],
];

describe('whose line a logged packet is, as the kernel’s counters say', () => {
  test.each(packets)('%s', async (_, packet, logged, verdict, by) => {
    using nflog = open(9);
    using out = sender();
    const tool = packet.family === 4 ? 'iptables-save' : 'ip6tables-save';
    const before = counters(tool);
    out.send(frame(packet, link, 1));
    // Neighbours ask for one another too.
    const seen = (await drain(nflog))
      .filter(({ prefix }) => prefix === 'FW: ')
      .map(({ payload, prefix, in: from, out: to, mark }) => received(payload, { at: 0, prefix, in: from, out: to, mark }))
      .filter((one) => one?.src.value === packet.src);
    expect(seen).toHaveLength(1);
    const [event] = seen;
    if (event == null) throw new Error('no event');
    const risen = [...counters(tool)].filter(([name, count]) => count > (before.get(name) ?? 0)).map(([name]) => name);
    for (const name of [...logged, by]) expect(risen).toContain(name);
    const why = createWhy(hostOf(rules, rules))(event);
    expect(why).toMatchObject({ verdict, dependsOn: [], unknown: null });
    expect(why.rules.map(short)).toEqual(logged);
    expect(why.decidedBy === null ? null : short(why.decidedBy)).toBe(by);
    expect(why.rules[0]?.text).toContain('FW: ');
  });
});

describe('what the log does not tell', () => {
  const event: LoggedPacket = {
    ...{ at: 0, prefix: 'P', in: 'f0', out: null, src: { family: 4, value: base.src }, dst: { family: 4, value: base.dst } },
    ...{ proto: 6, sport: 40_000, dport: 22, icmpType: null, icmpCode: null, flags: SYN, length: 60, ttl: 61, mark: 0 },
  };
  const of = (more: Partial<LoggedPacket>, ...lines: readonly string[]) =>
    createWhy(
      hostOf(['*filter', ':INPUT DROP [0:0]', ':FORWARD DROP [0:0]', ':OUTPUT ACCEPT [0:0]', ...lines, 'COMMIT', ''].join('\n')),
    )({
      ...event,
      ...more,
    });

  test('no rule of now logs it so, or in that direction', () => {
    expect(of({}, '-A INPUT -j LOG --log-prefix "Q"')).toMatchObject({ rules: [], verdict: null });
    expect(of({}, '-A OUTPUT -j LOG --log-prefix "P"')).toMatchObject({ rules: [] });
    expect(of({ in: null }, '-A INPUT -j LOG --log-prefix "P"').unknown).toContain('link');
  });

  test('a packet may be of two kinds of connections', () => {
    const why = of({ flags: 16 }, '-A INPUT -j LOG --log-prefix "P"', '-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT');
    expect(why).toMatchObject({
      verdict: 'DEPENDS',
      decidedBy: null,
      dependsOn: ['its connection (ESTABLISHED or NEW or INVALID)'],
    });
  });

  test('that it was logged tells what a match must have said', () => {
    const why = of(
      {},
      '-N R',
      '-A INPUT -m recent --rcheck --name bad -j R',
      '-A INPUT -j ACCEPT',
      '-A R -j LOG --log-prefix "P "',
      '-A R -j DROP',
    );
    expect(why).toMatchObject({ verdict: 'DROP', decidedBy: { chain: 'R', rule: 2 }, dependsOn: [] });
  });

  test('two rules may each have written it', () => {
    const why = of({}, '-A INPUT -j LOG --log-prefix "P"', '-A INPUT -p tcp -j LOG --log-prefix "P"');
    expect(why.rules.map(short)).toEqual(['INPUT 1', 'INPUT 2']);
  });
});

function short({ chain, rule }: RuleRef): string {
  return `${chain} ${rule}`;
}
