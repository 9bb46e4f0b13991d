import { expect, test } from 'vitest';
import { parseAddress } from '../model/net/index.ts';
import { open, serve } from './connection.fixture.ts';
import { createKernel } from './kernel.ts';
import { trackConnections } from './track.ts';

/** Rules under which a connection that tracking has not seen begin is lost, whichever side speaks next. */
const strict = `*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT DROP [0:0]
-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT
-A OUTPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT
-A INPUT -p ipv6-icmp -j ACCEPT
-A OUTPUT -p ipv6-icmp -j ACCEPT
COMMIT
`;

test.each(['192.0.2', '2001:db8::'])(
  'a connection over %s that was there before tracking goes on once the kernel is told of it',
  async (net) => {
    const [there, here] = net.includes(':') ? [`${net}2`, `${net}1`] : [`${net}.2`, `${net}.1`];
    const length = net.includes(':') ? 64 : 24;
    const kernel = createKernel();
    await using client = await kernel.namespace();
    await using server = await kernel.namespace({
      beside: client,
      links: [
        {
          name: 's0',
          addresses: [`${here}/${length}`],
          peer: { namespace: client, name: 'c0', addresses: [`${there}/${length}`] },
        },
      ],
    });
    await using _echo = await serve(server, 22);
    await using told = await open(client, here, 22);
    await using untold = await open(client, here, 22);
    const address = (text: string) => parseAddress(text) ?? { family: 4 as const, value: 0n };
    const connection = { from: address(there), fromPort: told?.port ?? 0, to: address(here), toPort: 22 };
    expect(trackConnections([connection, connection], server.pid)).toEqual({ ok: true, value: undefined });
    const tool = net.includes(':') ? 'ip6tables-nft-restore' : 'iptables-nft-restore';
    expect(await server.run({ argv: [tool], input: strict })).toMatchObject({ kind: 'exited', status: 0 });
    expect(await told?.ask(5000)).toBe('alive');
    expect(await untold?.ask(300)).toBe('stalled');
  },
);
