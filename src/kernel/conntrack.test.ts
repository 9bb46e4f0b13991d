import { beforeAll, describe, expect, it } from 'vitest';
import type { Packet } from '../model/packet/index.ts';
import { base, base6, drain, firewall, kinds, link, open, run, sender } from './joined.fixture.ts';
import { frame } from './packets.ts';

describe('connection tracking', () => {
  const known = [
    ...kinds.flatMap(([name, part]): [string, Packet][] => [
      [`${name} over IPv4`, { ...base, ...part }],
      [`${name} over IPv6`, { ...base6, ...part }],
    ]),
    ['echo over IPv4', { ...base, proto: 1, flags: 0, icmpType: 8, icmpCode: 0 }],
    ['echo over IPv6', { ...base6, proto: 58, flags: 0, icmpType: 128, icmpCode: 0 }],
  ] as [string, Packet][];
  const checked = known.filter(([name]) => /^(tcp|udp|sctp|echo) /.test(name));

  beforeAll(() => {
    for (const tool of ['iptables', 'ip6tables']) {
      for (const state of ['NEW', 'INVALID']) {
        run(firewall, `${tool} -A INPUT -i f0 -m conntrack --ctstate ${state} -j NFLOG --nflog-group 10 --nflog-prefix ${state}`);
      }
    }
  });

  async function stateOf(bytes: Uint8Array): Promise<string[]> {
    using nflog = open(10);
    using out = sender();
    out.send(bytes);
    return (await drain(nflog)).map((each) => each.prefix);
  }

  // UDP-Lite is right too, but the kernel sums it with UDP's protocol number (net/netfilter/nf_conntrack_proto_udp.c,
  // udplite_error), so with checksums on it takes only wrong sums.
  it.each(known)('takes as NEW, with its checksums on where it knows them: %s', async (name, packet) => {
    run(firewall, `sysctl -qw net.netfilter.nf_conntrack_checksum=${name.startsWith('udplite') ? 0 : 1}`);
    expect(await stateOf(frame(packet, link, 78))).toEqual(['NEW']);
  });

  it.each(checked)('would notice a wrong checksum: %s', async (_name, packet) => {
    run(firewall, 'sysctl -qw net.netfilter.nf_conntrack_checksum=1');
    const bytes = frame(packet, link, 79);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    expect(await stateOf(bytes)).toEqual(['INVALID']);
  });
});
