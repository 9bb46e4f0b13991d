import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createKernel, type Namespace } from '../../../src/kernel/index.ts';
import { frame, openSender } from '../../../src/kernel/packets.ts';
import type { Packet } from '../../../src/model/packet/index.ts';
import { createReaders, type Given } from './readers.ts';
import { openTally } from './tally.ts';

const group = 31;
const packet: Packet = {
  family: 4,
  hook: 'input',
  in: 'eth0',
  out: null,
  src: 0xcb007109n,
  dst: 0xc6336401n,
  proto: 6,
  sport: 40_000,
  dport: 22,
  icmpType: null,
  icmpCode: null,
  flags: 2,
  state: 'NEW',
  status: 0,
  direction: 'original',
  original: null,
  mark: 0,
  connmark: 0,
  length: 60,
  ttl: 61,
  fragment: false,
  mac: null,
};

/** Packets through the kernel's own rule, whose counter is the oracle, to a reader that has hardly any room. */
export async function soakNflog({ folder: top, holding, random }: Given): Promise<void> {
  const kernel = createKernel();
  const peer = await kernel.namespace();
  await using _peer = peer;
  await using firewall = await kernel.namespace({
    beside: peer,
    links: [{ name: 'eth0', peer: { namespace: peer, name: 'peer0' } }],
  });
  const rule = ['-i', 'eth0', '-m', 'ttl', '--ttl-eq', '61', '-j', 'NFLOG', '--nflog-group', String(group)];
  const added = await firewall.run({ argv: ['iptables', '-t', 'raw', '-A', 'PREROUTING', ...rule] });
  if (added.kind !== 'exited' || added.status !== 0) throw new Error('iptables');
  const opened = openSender({ link: 'peer0', namespacePid: peer.pid });
  if (!opened.ok) throw new Error(opened.problems[0]?.message);
  using sender = opened.value;
  const bytes = frame(packet, { source: 0x020000000001, destination: 0xffffffffffff }, 1);
  const send = (count: number): void => {
    for (let index = 0; index < count; index += 1) sender.send(bytes);
  };
  for (const room of [undefined, 65_536]) {
    const state = join(top, `nflog-${room ?? 'usual'}`);
    mkdirSync(state, { recursive: true });
    const read = {
      kind: 'nflog',
      group,
      namespacePid: firewall.pid,
      ...(room !== undefined && { receiveBufferBytes: room }),
    } as const;
    const readers = createReaders(state, read);
    using tally = openTally(state);
    let unread = 0;
    let all = 0;
    for (let life = 0; life < 3; life += 1) {
      await readers.start();
      await bound(firewall);
      const before = await counted(firewall);
      for (let volley = 0; volley < 4; volley += 1) {
        send(Math.floor(2000 + random() * 20_000));
        await sleep(random() * 60);
      }
      // The last packet tells of those that were lost before it.
      await sleep(400);
      send(1);
      await sleep(400);
      await readers.kill();
      const after = await counted(firewall);
      all += after - before;
      send(50);
      unread += 50;
    }
    const seen = tally.read();
    holding.say(
      `    ${all} packets with ${room === undefined ? '8 MiB' : '64 KiB'} of room: ${seen.events} read, ${seen.lost} said to be lost; ${unread} more while nobody read`,
    );
    for (const text of new Set(readers.notices)) holding.say(`    said: ${text}`);
    if (room !== undefined) holding.holds('more came than there was room for', seen.lost > 0, 'nothing was lost');
    holding.holds(
      'every packet of the rule’s counter was read or said to be lost',
      seen.events + seen.passed + seen.lost === all,
      `${seen.events} + ${seen.passed} + ${seen.lost} of ${all}`,
    );
    holding.holds('it is said when nobody read', readers.notices.length === 2, readers.notices.join('\n'));
  }
}

async function counted(firewall: Namespace): Promise<number> {
  const listed = await firewall.run({ argv: ['iptables', '-t', 'raw', '-v', '-S', 'PREROUTING'] });
  return Number(/-c (\d+) \d+/.exec(listed.kind === 'exited' ? (listed.stdout.split('\n')[1] ?? '') : '')?.[1]);
}

async function bound(firewall: Namespace): Promise<void> {
  const listed = (): boolean =>
    readFileSync(`/proc/${firewall.pid}/net/netfilter/nfnetlink_log`, 'latin1')
      .split('\n')
      .some((line) => line.trim().split(/ +/)[0] === String(group));
  while (!listed()) await sleep(10);
}
