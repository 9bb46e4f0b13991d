import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createKernel, type Namespace } from '../../../src/kernel/index.ts';
import { frame, openSender } from '../../../src/kernel/packets.ts';
import type { Packet } from '../../../src/model/packet/index.ts';
import { createReaders, type Given, type Readers } from './readers.ts';
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
const packet6: Packet = { ...packet, family: 6, src: 0x20010db8n << 96n, dst: (0x20010db8n << 96n) | 1n, length: 80 };
const link = { source: 0x020000000001, destination: 0xffffffffffff };
const frames = [frame(packet, link, 1), frame(packet6, link, 2)];
const prefix = '--nflog-prefix=soak';

/** Packets through the kernel's own rules, whose counters are the oracle, to readers that are killed in the middle of them and begun again. */
export async function soakNflog(given: Given): Promise<void> {
  for (const backend of ['nft', 'legacy'] as const) {
    for (const room of [undefined, 65_536]) await volleys(given, backend, room);
    await stream(given, backend);
  }
}

interface Trial extends AsyncDisposable {
  readonly firewall: Namespace;
  readonly state: string;
  /** So many of either family in turn. */
  send(count: number): void;
  /** What the counters say, as iptables-save tells them. */
  counted(): Promise<number>;
}

/** Rules of both families and two tables log to the group: one without limit, one with, so that a packet is logged twice at times. */
async function trial({ folder }: Given, backend: 'nft' | 'legacy', name: string): Promise<Trial> {
  const kernel = createKernel();
  const peer = await kernel.namespace();
  await peer.run({ argv: ['sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1', 'net.ipv6.conf.default.disable_ipv6=1'] });
  const firewall = await kernel.namespace({ beside: peer, links: [{ name: 'eth0', peer: { namespace: peer, name: 'peer0' } }] });
  const told = async (...argv: [string, ...string[]]): Promise<string> => {
    const done = await firewall.run({ argv });
    if (done.kind !== 'exited' || done.status !== 0) throw new Error(`${argv.join(' ')}: ${JSON.stringify(done)}`);
    return done.stdout;
  };
  const logs = ['-j', 'NFLOG', '--nflog-group', String(group), prefix];
  for (const tool of ['iptables', 'ip6tables']) {
    const own = `${tool}-${backend}`;
    await told(own, '-t', 'raw', '-A', 'PREROUTING', '-i', 'eth0', '-p', 'tcp', ...logs);
    await told(own, '-t', 'mangle', '-A', 'PREROUTING', '-p', 'tcp', '-m', 'limit', '--limit', '1000/s', ...logs);
    await told(own, '-t', 'mangle', '-A', 'PREROUTING', '-p', 'tcp', '-j', 'NFLOG', '--nflog-group', String(group + 1), prefix);
  }
  const opened = openSender({ link: 'peer0', namespacePid: peer.pid });
  if (!opened.ok) throw new Error(opened.problems[0]?.message);
  const sender = opened.value;
  const state = join(folder, name);
  mkdirSync(state, { recursive: true });
  let turn = 0;
  return {
    firewall,
    state,
    send(count) {
      for (let index = 0; index < count; index += 1) {
        sender.send(frames[turn] as Uint8Array);
        turn = 1 - turn;
      }
    },
    async counted() {
      const saved = await Promise.all(['iptables', 'ip6tables'].map((tool) => told(`${tool}-${backend}-save`, '-c')));
      const lines = saved.join('\n').split('\n');
      return lines
        .filter((line) => new RegExp(`--nflog-group ${group}( |$)`).test(line))
        .reduce((sum, line) => sum + Number(/^\[(\d+):/.exec(line)?.[1]), 0);
    },
    async [Symbol.asyncDispose]() {
      sender[Symbol.dispose]();
      await firewall[Symbol.asyncDispose]();
      await peer[Symbol.asyncDispose]();
    },
  };
}

/** More at once than there is room for, and more while nobody reads. */
async function volleys(given: Given, backend: 'nft' | 'legacy', room: number | undefined): Promise<void> {
  const { holding, random } = given;
  await using on = await trial(given, backend, `nflog-${backend}-${room ?? 'usual'}`);
  const bytes = room === undefined ? {} : { receiveBufferBytes: room };
  const readers = createReaders(on.state, { kind: 'nflog', group, namespacePid: on.firewall.pid, ...bytes });
  using tally = openTally(on.state);
  let unread = 0;
  for (let life = 0; life < 3; life += 1) {
    if (life === 0) await readers.begun();
    else await readers.start();
    await bound(on.firewall);
    const lostBefore = tally.read().lost - unread;
    for (let volley = 0; volley < 4; volley += 1) {
      on.send(Math.floor(2000 + random() * 20_000));
      await sleep(random() * 60);
    }
    // The last packet tells of those that were lost before it.
    await sleep(400);
    on.send(1);
    await sleep(400);
    if (room !== undefined && life === 0)
      holding.holds('more came than there was room for', tally.read().lost > lostBefore, 'nothing was lost');
    await readers.kill();
    const before = await on.counted();
    on.send(Math.floor(50 + random() * 5000));
    unread += (await on.counted()) - before;
  }
  await readers.start();
  await told(readers, 3);
  await readers.end();
  const what = `${backend}, ${room === undefined ? '8 MiB' : '64 KiB'} of room`;
  await balance(given, on, readers, tally.read(), what, `${unread} of them while nobody read`);
}

/** A stream that never stops, while readers die at any moment, also before they have found out what was before them. */
async function stream(given: Given, backend: 'nft' | 'legacy'): Promise<void> {
  const { rate, random, seconds } = given;
  await using on = await trial(given, backend, `nflog-${backend}-stream`);
  const readers = createReaders(on.state, { kind: 'nflog', group, namespacePid: on.firewall.pid });
  using tally = openTally(on.state);
  await readers.begun();
  let isOver = false;
  const flowing = (async () => {
    for (const began = performance.now(), sent = { count: 0 }; !isOver; await sleep(1)) {
      const due = Math.floor(((performance.now() - began) / 1000) * rate) - sent.count;
      on.send(due);
      sent.count += due;
    }
  })();
  for (const end = performance.now() + seconds * 1000; performance.now() < end; ) {
    // However long it takes to start on a busy machine.
    await bound(on.firewall);
    await sleep(random() < 0.3 ? random() * 100 : 300 + random() * 1500);
    await readers.kill();
    await sleep(random() * 600);
    await readers.start();
  }
  await sleep(3000);
  isOver = true;
  await flowing;
  await sleep(12_000);
  on.send(1);
  await sleep(300);
  await readers.end();
  await balance(
    given,
    on,
    readers,
    tally.read(),
    `${backend}, ${rate} a second`,
    `${readers.kills} readers killed in the middle`,
  );
}

async function balance(
  { holding }: Given,
  on: Trial,
  readers: Readers,
  seen: { readonly events: number; readonly passed: number; readonly lost: number },
  what: string,
  more: string,
): Promise<void> {
  const all = await on.counted();
  holding.say(`    ${what}: ${all} packets, ${more}: ${seen.events} read, ${seen.lost} said to be lost`);
  const gaps = readers.notices.filter((text) => text.startsWith('Nobody read'));
  const inexact = gaps.filter((text) => !/: (nothing was|one packet was|\d+ packets were) logged then/.test(text));
  holding.say(`    ${gaps.length} gaps said, such as: ${gaps.at(-1)}`);
  holding.holds('the size of each gap is said exactly', gaps.length > 0 && inexact.length === 0, inexact.join('\n'));
  holding.holds(
    'every packet of the rules’ counters was read or said to be lost',
    seen.events + seen.passed + seen.lost === all,
    `${seen.events} + ${seen.passed} + ${seen.lost} of ${all}\n${readers.notices.join('\n')}`,
  );
}

async function told(readers: Readers, gaps: number): Promise<void> {
  for (let turn = 0; turn < 100 && readers.notices.filter((text) => text.startsWith('Nobody read')).length < gaps; turn += 1)
    await sleep(100);
  await sleep(100);
}

async function bound(firewall: Namespace): Promise<void> {
  const listed = (): boolean =>
    readFileSync(`/proc/${firewall.pid}/net/netfilter/nfnetlink_log`, 'latin1')
      .split('\n')
      .some((line) => line.trim().split(/ +/)[0] === String(group));
  while (!listed()) await sleep(10);
}
