import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKernel, type Namespace } from '../../kernel/index.ts';
import { libc } from '../../kernel/libc.ts';
import { frame, openSender } from '../../kernel/packets.ts';
import type { Packet } from '../../model/packet/index.ts';
import { type Gathered, gather, quiet } from './gathered.fixture.ts';
import { openCollected, openKmsg, openNflog } from './index.ts';

const clock = { now: () => Date.UTC(2026, 10, 22, 23, 23, 15) };

/** Bytes that wait in a FIFO (ioctl FIONREAD). */
function unread(fifo: number): number {
  const calls = libc();
  const count = Buffer.alloc(4);
  if (!calls.ok || calls.value.ioctl(fifo, 0x541b, count) < 0) throw new Error('FIONREAD');
  return count.readInt32LE();
}

/** Until the kernel lists a reader of the group, however long its process takes to start. */
async function bound(namespace: Namespace, group: number): Promise<void> {
  const listed = (): boolean =>
    readFileSync(`/proc/${namespace.pid}/net/netfilter/nfnetlink_log`, 'latin1')
      .split('\n')
      .some((line) => line.trim().split(' ')[0] === String(group));
  while (!listed()) await sleep(10);
}

describe('the kernel’s log', () => {
  const folder = mkdtempSync(join(tmpdir(), 'palisade-log-'));
  const path = join(folder, 'kmsg');
  execFileSync('mkfifo', [path]);
  const ring = openSync(path, constants.O_RDWR);
  afterAll(() => {
    closeSync(ring);
    rmSync(folder, { recursive: true });
  });
  const line =
    'FW IN=eth0 OUT= SRC=192.0.2.1 DST=192.0.2.2 LEN=40 TOS=0x00 PREC=0x00 TTL=64 ID=1 PROTO=TCP SPT=1 DPT=2 WINDOW=1 RES=0x00 SYN URGP=0 ';

  it('gives events and loss, and passes over what processes wrote and what is no packet', async () => {
    const records = [
      `4,10,1000000,-;${line}`,
      `12,11,1000100,-;${line}`,
      '6,12,1000200,-;eth0: link becomes ready',
      `4,15,1250000,-;${line}`,
    ];
    const said = await gather(
      openKmsg({ clock, path, boot: 'this' }),
      JSON.stringify({ boot: 'this', next: 10 }),
      2,
      async () => {
        // One a read, as the kernel gives them; a FIFO would give all at once.
        for (const record of records) {
          writeSync(ring, `${record}\n`);
          while (unread(ring) > 0) await sleep(5);
        }
      },
    );
    expect(said.events.map(({ prefix }) => prefix)).toEqual(['FW', 'FW']);
    expect(said.lost).toBe(2);
    expect(said.passed).toBe(2);
    expect(said.cursor).toBe(JSON.stringify({ boot: 'this', next: 16 }));
  });

  it('goes on where it was, and says what was overwritten since', async () => {
    for (const [next, lost] of [
      [20, 0],
      [17, 3],
    ]) {
      const said = await gather(openKmsg({ clock, path, boot: 'this' }), JSON.stringify({ boot: 'this', next }), 1, () =>
        writeSync(ring, `4,20,1300000,-;${line}\n`),
      );
      expect([said.events.length, said.lost]).toEqual([1, lost]);
    }
    const said = await gather(openKmsg({ clock, path, boot: 'this' }), JSON.stringify({ boot: 'before', next: 99 }), 1, () =>
      writeSync(ring, `4,0,1300000,-;${line}\n`),
    );
    expect(said.notices).toEqual(['The machine was started anew: what the kernel logged at its end was not read.']);
    expect(said.events.length).toBe(1);
  });

  it('says that it cannot be read', async () => {
    const said = await gather(openKmsg({ clock, path: join(folder, 'none') }), null, 1);
    expect(said.unavailable).toMatchObject({ code: 'unread' });
  });
});

describe('an NFLOG group', () => {
  const link = { source: 0x020000000001, destination: 0x020000000002 };
  const kernel = createKernel();
  let peer: Namespace;
  let firewall: Namespace;
  beforeAll(async () => {
    peer = await kernel.namespace();
    // It shall say nothing of its own: no reports of multicast groups.
    await peer.run({ argv: ['sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1', 'net.ipv6.conf.default.disable_ipv6=1'] });
    firewall = await kernel.namespace({ beside: peer, links: [{ name: 'eth0', peer: { namespace: peer, name: 'peer0' } }] });
    for (const [tool, match] of [
      ['iptables', ['-m', 'ttl', '--ttl-lt', '64']],
      ['ip6tables', ['-m', 'hl', '--hl-lt', '64']],
    ] as const) {
      const done = await firewall.run({
        argv: [
          tool,
          '-t',
          'raw',
          '-A',
          'PREROUTING',
          '-i',
          'eth0',
          ...match,
          '-j',
          'NFLOG',
          '--nflog-group',
          '21',
          '--nflog-prefix',
          'FW: ',
        ],
      });
      expect(done).toMatchObject({ kind: 'exited', status: 0 });
    }
    await firewall.run({ argv: ['ip', 'link', 'set', 'eth0', 'address', '02:00:00:00:00:02'] });
  });
  afterAll(async () => {
    await firewall[Symbol.asyncDispose]();
    await peer[Symbol.asyncDispose]();
  });

  const packets: fc.Arbitrary<Packet> = fc
    .record({
      family: fc.constantFrom(4 as const, 6 as const),
      src: fc.bigInt({ min: 0x0b000001n, max: 0x0bfffffen }),
      dst: fc.bigInt({ min: 0x0c000001n, max: 0x0cfffffen }),
      kind: fc.constantFrom('tcp', 'udp', 'icmp', 'other', 'fragment'),
      a: fc.integer({ min: 0, max: 65535 }),
      b: fc.integer({ min: 0, max: 65535 }),
      flags: fc.integer({ min: 0, max: 63 }),
      length: fc.integer({ min: 80, max: 1500 }),
      ttl: fc.integer({ min: 1, max: 63 }),
    })
    .map(({ family, src, dst, kind, a, b, flags, length, ttl }) => {
      const far = family === 4 ? 0n : 0x20010db8n << 96n;
      const icmp = kind === 'icmp';
      return {
        family,
        hook: 'input' as const,
        in: 'eth0',
        out: null,
        src: far | src,
        dst: far | dst,
        proto: kind === 'tcp' || kind === 'fragment' ? 6 : kind === 'udp' ? 17 : icmp ? (family === 4 ? 1 : 58) : 253,
        sport: kind === 'tcp' || kind === 'udp' ? a : null,
        dport: kind === 'tcp' || kind === 'udp' ? b : null,
        icmpType: icmp ? a & 255 : null,
        icmpCode: icmp ? b & 255 : null,
        flags: kind === 'tcp' ? flags : 0,
        state: 'NEW' as const,
        status: 0,
        direction: 'original' as const,
        original: null,
        mark: 0,
        connmark: 0,
        length,
        ttl,
        fragment: kind === 'fragment',
        mac: null,
      };
    });

  it('gives every packet as it was sent', async () => {
    const sent = fc.sample(packets, { numRuns: 500, seed: 1 });
    const opened = openSender({ link: 'peer0', namespacePid: peer.pid });
    if (!opened.ok) throw new Error(opened.problems[0]?.message);
    using sender = opened.value;
    const said = await gather(openNflog({ group: 21, namespacePid: firewall.pid, clock }), null, sent.length, async () => {
      await bound(firewall, 21);
      for (const [id, packet] of sent.entries()) sender.send(frame(packet, link, id));
    });
    expect(said.lost).toBe(0);
    expect(said.events.map((event) => ({ ...event, at: 0 }))).toEqual(
      sent.map((packet) => ({
        at: 0,
        prefix: 'FW:',
        in: 'eth0',
        out: null,
        src: { family: packet.family, value: packet.src },
        dst: { family: packet.family, value: packet.dst },
        proto: packet.proto,
        sport: packet.sport,
        dport: packet.dport,
        icmpType: packet.icmpType,
        icmpCode: packet.icmpCode,
        flags: packet.proto === 6 && !packet.fragment ? packet.flags : null,
        length: packet.length,
        ttl: packet.ttl,
        mark: 0,
      })),
    );
  });

  it('says the same when a helper process collects it', async () => {
    const sent = fc.sample(packets, { numRuns: 100, seed: 2 });
    const opened = openSender({ link: 'peer0', namespacePid: peer.pid });
    if (!opened.ok) throw new Error(opened.problems[0]?.message);
    using sender = opened.value;
    const said = await gather(openCollected(firewall, 21), null, sent.length, async () => {
      await bound(firewall, 21);
      for (const [id, packet] of sent.entries()) sender.send(frame(packet, link, id));
    });
    expect(said.events.map(({ src }) => src.value)).toEqual(sent.map(({ src }) => src));
  });

  it('says who else reads it', async () => {
    await quiet(openNflog({ group: 22, namespacePid: firewall.pid }), async () => {
      await bound(firewall, 22);
      const said = await gather(openCollected(firewall, 22), null, 1);
      expect(said.unavailable?.message).toContain('NFLOG group 22 is already read by');
    });
  });

  describe('that nobody reads for a while', () => {
    const told = async (...argv: [string, ...string[]]): Promise<string> => {
      const done = await firewall.run({ argv });
      expect(done, argv.join(' ')).toMatchObject({ kind: 'exited', status: 0 });
      return done.kind === 'exited' ? done.stdout : '';
    };
    const logAll = async (tool: string, group: number): Promise<void> => {
      for (const table of ['raw', 'mangle']) {
        const match = table === 'raw' ? ['-i', 'eth0'] : ['-m', 'limit', '--limit', '100/s'];
        const log = ['-j', 'NFLOG', '--nflog-group', String(group), '--nflog-prefix', 'gap'];
        await told(tool, '-t', table, '-A', 'PREROUTING', ...match, ...log);
      }
    };
    /** What the counters of its rules come to, as iptables tells them. */
    const counted = async (backend: string, group: number): Promise<number> => {
      const saved = await Promise.all(['iptables', 'ip6tables'].map((tool) => told(`${tool}-${backend}-save`, '-c')));
      const lines = saved.flatMap((text) => text.split('\n')).filter((line) => line.includes(`--nflog-group ${group}`));
      return lines.reduce((sum, line) => sum + Number(/^\[(\d+):/.exec(line)?.[1]), 0);
    };
    const sent = fc.sample(packets, { numRuns: 100, seed: 3 });
    const send = (count: number): void => {
      const opened = openSender({ link: 'peer0', namespacePid: peer.pid });
      if (!opened.ok) throw new Error(opened.problems[0]?.message);
      using sender = opened.value;
      for (const [id, packet] of sent.slice(0, count).entries()) sender.send(frame(packet, link, id));
    };
    const read = (group: number, after: string | null, enough: (gathered: Gathered) => boolean, act?: () => unknown) =>
      gather(openNflog({ group, namespacePid: firewall.pid, clock }), after, enough, act);
    /** Until it has found out what its counters began at. */
    const begin = (group: number) => read(group, null, ({ cursor }) => cursor?.includes('witnesses') === true);
    const isGapSaid = ({ notices }: Gathered): boolean => notices.length > 0;
    const span = 'between 2026-11-22T23:23:15Z and 2026-11-22T23:23:15Z';

    it.each([
      ['nft', 23],
      ['legacy', 24],
    ] as const)('says how many packets were logged then: %s', async (backend, group) => {
      for (const tool of ['iptables', 'ip6tables']) await logAll(`${tool}-${backend}`, group);
      send(20);
      const first = await begin(group);
      const start = await counted(backend, group);
      send(100);
      const gap = (await counted(backend, group)) - start;
      expect(gap).toBeGreaterThan(100);
      // What comes at once with the reader is read, and not among them.
      const second = await read(
        group,
        first.cursor,
        (gathered) => isGapSaid(gathered) && gathered.events.length >= 50,
        async () => {
          await bound(firewall, group);
          send(50);
        },
      );
      expect([second.lost, second.notices]).toEqual([
        gap,
        [`Nobody read NFLOG group ${group} ${span}: ${gap} packets were logged then, and are lost.`],
      ]);
      const third = await read(group, second.cursor, isGapSaid);
      const unread = (await counted(backend, group)) - start - gap - second.events.length - second.passed;
      expect(third.lost).toBe(unread);
    });

    it.each([
      ['nft', 'loaded anew', 'iptables-nft-restore', 'the rules that log to it were changed or loaded anew meanwhile'],
      ['nft', 'set to zero', 'iptables-nft', 'the counters of its rules were set back meanwhile'],
      ['legacy', 'loaded anew', 'iptables-legacy-restore', 'the counters of its rules were set back meanwhile'],
    ] as const)('says that it cannot be told where rules of %s were %s', async (backend, _, tool, why) => {
      const group = { 'iptables-nft-restore': 25, 'iptables-nft': 26, 'iptables-legacy-restore': 27 }[tool];
      await logAll(`iptables-${backend}`, group);
      send(20);
      const first = await begin(group);
      if (tool === 'iptables-nft') await told(tool, '-t', 'raw', '-Z');
      else {
        const input = await told(`iptables-${backend}-save`);
        expect(await firewall.run({ argv: [tool], input })).toMatchObject({ kind: 'exited', status: 0 });
      }
      // So that its counter is larger than it was before.
      send(100);
      const second = await read(group, first.cursor, isGapSaid);
      expect([second.lost, second.notices]).toEqual([
        0,
        [`Nobody read NFLOG group ${group} ${span}: how many packets were logged then is not known, since ${why}.`],
      ]);
      // From then on it is known again.
      const third = await read(group, second.cursor, isGapSaid);
      expect(third.notices).toEqual([`Nobody read NFLOG group ${group} ${span}: nothing was logged then.`]);
    });

    it('says why nobody counts: a rule of nft has no counter', async () => {
      await told('nft', 'add rule ip raw PREROUTING log group 28');
      const said = await read(28, JSON.stringify(clock.now() - 60_000), isGapSaid);
      expect(said.notices).toEqual([
        'Nobody read NFLOG group 28 between 2026-11-22T23:22:15Z and 2026-11-22T23:23:15Z: how many packets were logged then is not known, since a rule of nft that logs to it has no counter beside "log".',
      ]);
    });
  });
});
