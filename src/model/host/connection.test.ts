import { describe, expect, it } from 'vitest';
import { ctStatus } from '../packet/index.ts';
import { parseOpenSockets, parseTracked } from './connection.ts';

/** Lines of the kernel 6.18 and, with counters, of conntrack-tools 1.4.7. */
const lines = `ipv4     2 tcp      6 432000 ESTABLISHED src=203.0.113.9 dst=198.51.100.10 sport=49316 dport=80 src=10.0.0.5 dst=203.0.113.9 sport=8080 dport=49316 [ASSURED] mark=7 zone=0 use=2
ipv4     2 udp      17 30 src=198.51.100.10 dst=192.0.2.53 sport=39943 dport=53 packets=1 bytes=60 [UNREPLIED] src=192.0.2.53 dst=198.51.100.10 sport=53 dport=39943 packets=0 bytes=0 mark=0 use=2
ipv6     10 tcp      6 60 SYN_SENT2 src=2001:0db8:0000:0000:0000:0000:0000:0009 dst=2001:0db8:0000:0000:0000:0000:0000:0010 sport=1 dport=2 [UNREPLIED] src=2001:0db8:0000:0000:0000:0000:0000:0010 dst=2001:0db8:0000:0000:0000:0000:0000:0009 sport=2 dport=1 mark=0 use=2
ipv4     2 icmp     1 29 src=10.0.0.5 dst=192.0.2.1 type=8 code=0 id=77 src=192.0.2.1 dst=198.51.100.10 type=0 code=0 id=77 mark=0 use=1
ipv4     2 unknown  47 590 src=10.0.0.5 dst=192.0.2.1 src=192.0.2.1 dst=10.0.0.5 mark=0 use=1
bridge   7 tcp      6 9 ESTABLISHED whatever
`;

describe('connections that are tracked', () => {
  const found = parseTracked(lines) ?? [];
  const { SEEN_REPLY, ASSURED, CONFIRMED, SNAT, DNAT } = ctStatus;

  it('have both tuples, a state and what was translated', () => {
    expect(found.map(({ proto, state, status, mark }) => [proto, state, status, mark])).toEqual([
      [6, 'ESTABLISHED', SEEN_REPLY | ASSURED | CONFIRMED | DNAT, 7],
      [17, null, CONFIRMED, 0],
      [6, 'SYN_SENT2', CONFIRMED, 0],
      [1, null, SEEN_REPLY | CONFIRMED | SNAT, 0],
      [47, null, SEEN_REPLY | CONFIRMED, 0],
    ]);
    expect(found[0]).toMatchObject({
      original: { dst: 0xc633640an, sport: 49316, dport: 80 },
      reply: { src: 0x0a000005n, sport: 8080, dport: 49316 },
    });
    expect(found[2]?.original.src).toBe(0x20010db8000000000000000000000009n);
    expect(found[3]).toMatchObject({ icmpType: 8, original: { sport: null } });
  });

  it.each(['nonsense', 'ipv4 2 tcp 6 9 ESTABLISHED src=1.2.3.4 dst=here', 'ipv4 2 tcp 6 9 src=1.2.3.4 dst=1.2.3.5'])(
    'are not guessed from %s',
    (line) => {
      expect(parseTracked(`${line}\n`)).toBeUndefined();
    },
  );

  it('may be none', () => {
    expect(parseTracked('')).toEqual([]);
  });
});

describe('open sockets', () => {
  const text = `udp 0      0               127.0.0.1:39943          127.0.0.1:53    users:(("named",pid=1,fd=6))
tcp 0      36     [::ffff:198.51.100.10]:22     [::ffff:203.0.113.9]:37530 users:(("sshd",pid=7,fd=4),("sshd",pid=6,fd=4))
tcp 0      0        [fe80::1]%eth0:2223                [fe80::2]:1
`;
  it('have both ends and a process', () => {
    expect(
      parseOpenSockets(text)?.map(({ proto, local, localPort, peerPort, process }) => [
        proto,
        local.family,
        localPort,
        peerPort,
        process,
      ]),
    ).toEqual([
      ['udp', 4, 39943, 53, 'named'],
      ['tcp', 4, 22, 37530, 'sshd'],
      ['tcp', 6, 2223, 1, null],
    ]);
  });
  it('are not guessed', () => {
    expect(parseOpenSockets('tcp LISTEN 0 0 *:22 *:*')).toBeUndefined();
  });
});
