import { describe, expect, it } from 'vitest';
import { type Connections, known, unknown } from '../../model/host/index.ts';
import { formatAddress, parseAddress } from '../../model/net/index.ts';
import { exampleHost } from '../example-host.ts';
import { type Flow, flowsOf } from './flow.ts';

const own = '198.51.100.10';
const peer = '203.0.113.9';
const facts = {
  links: [{ name: 'eth0' }],
  addresses: [{ link: 'eth0', address: `${own}/24` }],
  listeners: [
    { proto: 'tcp', port: 22, process: 'sshd' },
    { proto: 'udp', port: 53, process: 'named' },
  ],
};

type End = readonly [address: string, port: number];

function value(text: string): bigint {
  return parseAddress(text)?.value ?? 0n;
}

function tracked([src, sport]: End, [dst, dport]: End, more: object = {}) {
  const original = { src: value(src), dst: value(dst), sport, dport };
  const reply = { src: value(dst), dst: value(src), sport: dport, dport: sport };
  return { family: 4 as const, proto: 6, state: 'ESTABLISHED', original, reply, icmpType: null, status: 2 | 8, mark: 0, ...more };
}

function socket([local, localPort]: End, [to, peerPort]: End, process: string | null = null) {
  const address = (text: string) => parseAddress(text) ?? { family: 4 as const, value: 0n };
  return { proto: 'tcp' as const, local: address(local), localPort, peer: address(to), peerPort, process };
}

function said({ direction, first, turned, tracked: entry, process }: Flow): string {
  const at = (address: bigint, port: number | null): string => `${formatAddress({ family: 4, value: address })}:${port}`;
  const how = entry === null ? 'untracked' : turned ? 'turned' : 'tracked';
  return `${direction} ${at(first.src, first.sport)} > ${at(first.dst, first.dport)} ${how} ${process}`;
}

function found(connections: Partial<Connections>, of: object = facts): readonly string[] {
  const { flows, unplaced } = flowsOf(exampleHost({ facts: of }), { sockets: known([]), tracked: known([]), ...connections });
  return [...flows.map(said), ...unplaced.map(({ what }) => `unknown: ${what}`)];
}

describe('flows', () => {
  it('are one for a socket and what is tracked of it', () => {
    const sockets = known([socket([own, 22], [peer, 50_000], 'sshd')]);
    expect(found({ sockets, tracked: known([tracked([peer, 50_000], [own, 22])]) })).toEqual([
      `inbound ${peer}:50000 > ${own}:22 tracked sshd`,
    ]);
    expect(found({ sockets })).toEqual([`inbound ${peer}:50000 > ${own}:22 untracked sshd`]);
  });

  it('are the right way round where tracking saw them first in their middle', () => {
    expect(found({ tracked: known([tracked([own, 22], [peer, 50_000])]) })).toEqual([
      `inbound ${peer}:50000 > ${own}:22 turned sshd`,
    ]);
    expect(found({ tracked: known([tracked([peer, 443], [own, 40_000])]) })).toEqual([
      `outbound ${own}:40000 > ${peer}:443 turned null`,
    ]);
  });

  it('stay as tracked where nobody knows who listens', () => {
    const { listeners: _, ...rest } = facts;
    expect(found({ tracked: known([tracked([own, 22], [peer, 50_000])]) }, rest)).toEqual([
      `outbound ${own}:22 > ${peer}:50000 tracked null`,
    ]);
    expect(found({ sockets: known([socket([own, 22], [peer, 50_000])]) }, rest)).toEqual([
      'unknown: who opened the connections that are not tracked',
    ]);
  });

  it('within the host are one, though both ends have a socket', () => {
    const sockets = known([
      socket(['127.0.0.1', 40_000], ['127.0.0.1', 22], 'ssh'),
      socket(['127.0.0.1', 22], ['127.0.0.1', 40_000], 'sshd'),
    ]);
    expect(found({ sockets })).toEqual(['loopback 127.0.0.1:40000 > 127.0.0.1:22 untracked sshd']);
    expect(found({ sockets, tracked: known([tracked(['127.0.0.1', 40_000], ['127.0.0.1', 22])]) })).toEqual([
      'loopback 127.0.0.1:40000 > 127.0.0.1:22 tracked sshd',
    ]);
  });

  it('of datagrams have the process that listens', () => {
    const entry = tracked([peer, 5000], [own, 53], { proto: 17, state: null });
    expect(found({ tracked: known([entry]) })).toEqual([`inbound ${peer}:5000 > ${own}:53 tracked named`]);
  });

  it('through the host, or over', () => {
    expect(found({ tracked: known([tracked([peer, 1], ['10.0.0.5', 80])]) })).toEqual([
      `forwarded ${peer}:1 > 10.0.0.5:80 tracked null`,
    ]);
    expect(found({ tracked: known([tracked([peer, 1], [own, 22], { state: 'TIME_WAIT' })]) })).toEqual([]);
  });

  it('are not placed where the own addresses are unknown', () => {
    const { addresses: _, ...rest } = facts;
    expect(found({ tracked: known([tracked([peer, 1], [own, 22])]) }, rest)).toEqual([
      'unknown: which connections are for this host',
    ]);
    expect(found({ tracked: unknown('why', 'remedy') })).toEqual([]);
  });
});
