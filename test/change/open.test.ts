import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import type { Namespace } from '../../src/kernel/index.ts';
import type { Context } from '../../src/verbs/index.ts';
import { closeAll, listOpen, openFor } from '../../src/verbs/opening.ts';
import { kernel, saved, tool } from './changing.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'palisade-open-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function contextIn(ns: Namespace): Context {
  return {
    clock: systemClock,
    kernel: { ...kernel, run: ns.run, read: (asked: object) => kernel.read({ ...asked, namespace: ns }) },
    signal: new AbortController().signal,
    env: {},
    stateFolder: mkdtempSync(join(folder, 'state-')),
  } as unknown as Context;
}

const rules = (family: 4 | 6) =>
  `*raw\n:PAL-EARLY - [0:0]\n-A PREROUTING -j PAL-EARLY\n-A PAL-EARLY -p ${family === 4 ? 'udp' : 'tcp'} -j DROP\nCOMMIT\n*filter\n:INPUT DROP [0:0]\n:f2b-sshd - [0:0]\n:PAL-IN - [0:0]\n-A INPUT -j f2b-sshd\n-A INPUT -j PAL-IN\n-A f2b-sshd -s ${family === 4 ? '192.0.2.66/32' : '2001:db8::66/128'} -j DROP\n-A PAL-IN -j DROP\nCOMMIT\n`;

describe.each(['nft', 'legacy'] as const)('%s', (backend) => {
  it('what is opened lets real packets in until its time, and nothing of it is left once it is closed', {
    timeout: 60_000,
  }, async () => {
    await using ns = await kernel.namespace();
    await using far = await kernel.namespace();
    await tool(ns, [
      'sh',
      '-ec',
      `ip link add eth0 type veth peer name eth0 netns /proc/${far.pid}/ns/net; ip addr add 192.0.2.1/24 dev eth0; ip link set eth0 up`,
    ]);
    await tool(far, ['sh', '-ec', 'ip addr add 192.0.2.2/24 dev eth0; ip addr add 192.0.2.3/24 dev eth0; ip link set eth0 up']);
    for (const family of [4, 6] as const)
      await tool(ns, [`${family === 4 ? 'iptables' : 'ip6tables'}-${backend}-restore`], rules(family));
    const before = `${await saved(ns, backend, 4)}${await saved(ns, backend, 6)}`;
    const context = contextIn(ns);
    const send = (from: string): Promise<string> =>
      tool(far, [
        'perl',
        '-e',
        `use IO::Socket::INET; IO::Socket::INET->new(Proto => "udp", LocalAddr => "${from}", PeerAddr => "192.0.2.1", PeerPort => 8443)->send("x")`,
      ]);
    /** Packets that each table's chain of openings let through. */
    const through = async (): Promise<readonly number[]> => {
      const text = await tool(ns, [`iptables-${backend}-save`, '-c']);
      return [...text.matchAll(/^\[(\d+):\d+\] -A PALISADE-OPEN /gm)].map(([, count]) => Number(count));
    };

    const opened = await openFor(context, { service: '8443/udp', from: '192.0.2.2', for: '3s', backend });
    const until = Date.now() + 3000;
    expect(opened).toMatchObject({ kind: 'done', value: { open: [{ family: 4, service: '8443/udp', from: '192.0.2.2' }] } });
    await send('192.0.2.2');
    await send('192.0.2.3');
    await expect.poll(through).toEqual([1, 1]);
    expect(await saved(ns, backend, 4)).toMatch(/-A INPUT -j f2b-sshd\n-A INPUT -j PALISADE-OPEN\n-A INPUT -j PAL-IN\n/);
    await new Promise((resolve) => setTimeout(resolve, until + 1200 - Date.now()));
    await send('192.0.2.2');
    await send('192.0.2.2');
    expect(await through()).toEqual([1, 1]);
    expect(await listOpen(context, backend)).toMatchObject({ value: { open: [] } });

    // What has ended goes when something else is opened; the same opened again takes the place of the first.
    await openFor(context, { service: 'ssh', from: 'anyone', for: '1h', backend });
    const again = await openFor(context, { service: 'ssh', from: 'anyone', for: '2h', backend });
    expect(again).toMatchObject({
      value: {
        open: [
          { family: 4, service: 'ssh' },
          { family: 6, service: 'ssh' },
        ],
      },
    });
    expect(await saved(ns, backend, 4)).not.toContain('8443');
    expect((await saved(ns, backend, 6)).match(/-A PALISADE-OPEN/g)).toHaveLength(2);
    expect(await openFor(context, { service: 'http', from: '192.0.2.66', for: '1h', backend })).toMatchObject({
      kind: 'unchanged',
      problems: [{ message: expect.stringContaining('would still be kept out by IPv4 filter f2b-sshd rule 1') }],
    });
    expect(await closeAll(context, { service: 'http', backend })).toMatchObject({ kind: 'unchanged' });
    // Somebody else leads there too: then it is emptied.
    await tool(ns, [`iptables-${backend}`, '-A', 'FORWARD', '-j', 'PALISADE-OPEN']);
    expect(await closeAll(context, { service: 'ssh', backend })).toMatchObject({ kind: 'done', value: { open: [], closed: 1 } });
    await tool(ns, ['sh', '-ec', `iptables-${backend} -D FORWARD -j PALISADE-OPEN; iptables-${backend} -X PALISADE-OPEN`]);
    expect(`${await saved(ns, backend, 4)}${await saved(ns, backend, 6)}`).toBe(before);
  });
});

it('what cannot be read is said before anything is written', async () => {
  await using ns = await kernel.namespace();
  const context = contextIn(ns);
  for (const [asked, said] of [
    [{ service: 'sssh', from: 'anyone', for: '1h' }, 'did you mean "ssh"?'],
    [{ service: 'ssh', from: 'anyone', for: '8d' }, 'with an owner and an expiry'],
    [{ service: 'ssh', from: 'example', for: '1h' }, 'anyone, or me'],
    [{ service: 'ssh', from: '192.0.2.1-192.0.2.9', for: '1h' }, 'anyone, or me'],
    [{ service: 'icmpv6', from: '192.0.2.1', for: '1h' }, 'which family'],
  ] as const)
    expect(await openFor(context, asked)).toMatchObject({ kind: 'invalid', problems: [{ hint: expect.stringContaining(said) }] });
  expect(await saved(ns, 'nft', 4)).toBe('');
});
