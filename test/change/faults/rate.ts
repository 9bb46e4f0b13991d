import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend } from '../changing.fixture.ts';
import { counter, ends, type Joined, joined, packetOf, send, syn } from './joined.ts';
import type { Trials } from './trial.ts';

const attempts = 20;
let port = 20_000;

/** How many of so many new connections get an answer: nobody listens, and the host says so by a reset. */
async function answered({ place, client }: Joined, family: 4 | 6): Promise<number> {
  const before = await counter(place.ns, 'Tcp.OutRsts');
  port += attempts;
  send(
    client,
    Array.from({ length: attempts }, (_, index) =>
      packetOf(family, ends.there[family], ends.here[family], { ...syn, sport: port + index, dport: 22 }),
    ),
  );
  await sleep(50);
  return (await counter(place.ns, 'Tcp.OutRsts')) - before;
}

/** Datagrams that come through to a port where nobody listens. */
async function delivered({ place, client }: Joined): Promise<number> {
  const before = await counter(place.ns, 'Udp.NoPorts');
  port += attempts;
  send(
    client,
    Array.from({ length: attempts }, (_, index) =>
      packetOf(4, ends.there[4], ends.here[4], { proto: 17, sport: port + index, dport: 5353 }),
    ),
  );
  await sleep(50);
  return (await counter(place.ns, 'Udp.NoPorts')) - before;
}

/** A limit is changed on a live firewall, and back: what the kernel lets through is counted each time. */
async function changed(backend: Backend): Promise<readonly string[]> {
  await using here = await joined(backend);
  const wrong: string[] = [];
  for (const most of [3, 10, 3]) {
    const policy = `palisade: 1
incoming:
  - { allow: ssh, at-most: { new: ${most}, within: 10m } }
  - { allow: 5353/udp, rate: { packets: ${most}/h } }
`;
    const said = await here.place.run('apply', { policy });
    if (said.exit !== 0) wrong.push(`apply ended with ${said.exit}: ${said.text}`);
    for (const family of [4, 6] as const) {
      const count = await answered(here, family);
      if (count !== most)
        wrong.push(`of ${attempts} new connections over IPv${family}, ${count} came through where at most ${most} may`);
    }
    const count = await delivered(here);
    if (count !== most) wrong.push(`of ${attempts} datagrams, ${count} came through where ${most} may`);
  }
  return wrong;
}

/** The kernel goes on with an old limit under an old name, and prints the new one. */
export const rate: Trials = (backend) => [
  { does: 'limits are changed from 3 to 10, and back', quick: backend === 'nft', judge: () => changed(backend) },
];
