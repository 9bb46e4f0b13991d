import { setTimeout as sleep } from 'node:timers/promises';
import type { Namespace } from '../../../src/kernel/index.ts';
import { type Backend, tool } from '../changing.fixture.ts';
import { counter, joined, packetOf, send } from './joined.ts';
import type { Trials } from './trial.ts';

const group = 'ff02::1:2';
const [client, server] = ['fe80::1', 'fe80::2'];

async function requestsAt(ns: Namespace): Promise<number> {
  return Number(/^\[(\d+):\d+\] -A PREROUTING/m.exec(await tool(ns, ['ip6tables-nft-save', '-c', '-t', 'raw']))?.[1]);
}

/** A lease is asked for at a multicast address, and granted from a server's own: no answer that tracking would know as one. */
async function renewed(backend: Backend, allowed: boolean): Promise<readonly string[]> {
  await using here = await joined(backend);
  const { ns } = here.place;
  await tool(ns, ['ip', 'address', 'add', `${client}/64`, 'dev', 's0', 'nodad']);
  const policy = `palisade: 1\notherwise: { outgoing: drop }\nincoming:\n  - { allow: ssh }\n${allowed ? '' : 'basics: { dhcp: false }\n'}`;
  const said = await here.place.run('apply', { policy });
  if (said.exit !== 0) return [`apply ended with ${said.exit}: ${said.text}`];
  await tool(here.client, ['ip6tables-nft', '-t', 'raw', '-A', 'PREROUTING', '-p', 'udp', '--dport', '547']);
  // The very first exchange, and the one hours later.
  const wrong: string[] = [];
  for (let turn = 0; turn < 2; turn += 1) {
    const [asked, met] = [await requestsAt(here.client), await counter(ns, '6.Udp6NoPorts')];
    const script = `import { createSocket } from 'node:dgram';
      const socket = createSocket('udp6');
      socket.bind(546, () => socket.send('solicit', 547, '${group}%s0', () => socket.close()));
      socket.on('error', () => socket.close());`;
    await ns.run({ argv: [process.execPath, '--input-type=module', '-e', script] });
    await sleep(30);
    const requests = (await requestsAt(here.client)) - asked;
    send(here.client, [packetOf(6, server, client, { proto: 17, sport: 547, dport: 546 })]);
    await sleep(30);
    const replies = (await counter(ns, '6.Udp6NoPorts')) - met;
    if (allowed !== requests > 0) wrong.push(`${requests} requests went out`);
    if (replies !== (allowed ? 1 : 0)) wrong.push(`${replies} replies came in`);
  }
  return wrong;
}

/** Leases of DHCPv6 are granted under a policy that says nothing of them; and not under one that switches it off, or this shows nothing. */
export const dhcp: Trials = (backend) => [
  { does: 'a lease of DHCPv6 is asked for and granted', quick: backend === 'nft', judge: () => renewed(backend, true) },
  { does: 'none is where the policy says so', judge: () => renewed(backend, false) },
];
