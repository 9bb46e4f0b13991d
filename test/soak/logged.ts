/**
 * `npm run soak -- logged [--packets N]`: packets of all kinds through LOG rules with every option on the running kernel; what palisade reads of the kernel's lines must be
 * what was sent. Lines of namespaces come into the kernel's log only while the host's `net.netfilter.nf_log_all_netns` is 1, which whoever runs this sets, and
 * sets back: a setting of the host is nothing for a test to change.
 */
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { createKernel, type Namespace } from '../../src/kernel/index.ts';
import { frame, openSender } from '../../src/kernel/packets.ts';
import type { Packet } from '../../src/model/packet/index.ts';
import { Batch, carriers, formatLoggedPacket, LineClock, type LoggedPacket, packetAt } from '../../src/watch/events/index.ts';
import { parseKernelLine } from '../../src/watch/events/line.fixture.ts';
import { shown } from '../../src/watch/events/scanned.fixture.ts';
import { createHolding } from './holding.ts';

const { values } = parseArgs({ options: { packets: { type: 'string', default: '500' } } });
const { say, holds, end } = createHolding();
/** What one packet is logged by: each rule, with the options that change what the kernel writes. */
const rules = [
  ['pal-plain ', []],
  ['pal-SRC=9.9.9.9 IN=x ', ['--log-tcp-options', '--log-ip-options']],
  ['pal-mac[INVALID] ', ['--log-macdecode', '--log-tcp-sequence']],
  ['pal-12345678901234567890123', ['--log-uid', '--log-tcp-sequence', '--log-tcp-options']],
] as const;

const packets: fc.Arbitrary<Packet> = fc
  .record({
    family: fc.constantFrom(4 as const, 6 as const),
    src: fc.bigInt({ min: 0x0b000001n, max: 0x0bfffffen }),
    dst: fc.bigInt({ min: 0x0c000001n, max: 0x0cfffffen }),
    proto: fc.constantFrom(1, 6, 6, 6, 17, 17, 47, 50, 51, 132, 136, 253),
    isFragment: fc.nat(9).map((value) => value === 0),
    a: fc.nat(65_535),
    b: fc.nat(65_535),
    flags: fc.nat(63),
    length: fc.integer({ min: 48, max: 1400 }),
    ttl: fc.integer({ min: 1, max: 255 }),
  })
  .map(({ family, src, dst, proto, isFragment, a, b, flags, length, ttl }) => {
    const isIcmp = proto === 1;
    const ported = [6, 17, 132, 136].includes(proto);
    return {
      family,
      hook: 'input' as const,
      in: 'eth0',
      out: null,
      src: (family === 4 ? 0n : 0x20010db8n << 96n) | src,
      dst: (family === 4 ? 0n : 0x20010db8n << 96n) | dst,
      // AH is passed over in IPv6, and the kernel tells what is behind it.
      proto: family === 6 ? (isIcmp ? 58 : proto === 51 ? 253 : proto) : proto,
      sport: ported ? a : null,
      dport: ported ? b : null,
      // The kernel says more of some types, all of which the captured lines have.
      icmpType: isIcmp ? a & 255 : null,
      icmpCode: isIcmp ? b & 255 : null,
      flags: proto === 6 ? flags : 0,
      state: 'NEW' as const,
      status: 0,
      direction: 'original' as const,
      original: null,
      mark: 0,
      connmark: 0,
      length: Math.max(length, family === 6 ? 100 : 48),
      ttl,
      fragment: isFragment,
      mac: null,
    };
  });

await logged();
end();

async function logged(): Promise<void> {
  const kernel = createKernel();
  await using peer = await kernel.namespace();
  await peer.run({ argv: ['sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1', 'net.ipv6.conf.default.disable_ipv6=1'] });
  await using firewall = await kernel.namespace({
    beside: peer,
    links: [{ name: 'eth0', peer: { namespace: peer, name: 'peer0' } }],
  });
  await firewall.run({ argv: ['ip', 'link', 'set', 'eth0', 'address', '02:00:00:00:00:02'] });
  await logAll(firewall);
  const opened = openSender({ link: 'peer0', namespacePid: peer.pid });
  if (!opened.ok) throw new Error(opened.problems[0]?.message);
  using sender = opened.value;
  const log = openSync('/dev/kmsg', constants.O_RDONLY | constants.O_NONBLOCK);
  const held = Buffer.alloc(8192);
  read(log, held);
  const sent = fc.sample(packets, { numRuns: Number(values.packets), seed: 5 });
  const records: string[] = [];
  // The kernel's ring holds a few hundred lines.
  for (let from = 0; from < sent.length; from += 50) {
    for (const [index, packet] of sent.slice(from, from + 50).entries())
      sender.send(frame(packet, { source: 0x020000000001, destination: 0x020000000002 }, from + index));
    await sleep(60);
    records.push(...read(log, held).filter((record) => record.includes(';pal-')));
  }
  closeSync(log);
  say(`${sent.length} packets, ${records.length} lines of the kernel's`);
  if (records.length === 0) say('none has come: is net.netfilter.nf_log_all_netns of the host 1?');
  holds('each packet was logged by each rule', records.length === sent.length * rules.length, records.slice(0, 5).join('\n'));
  const wrong: string[] = [];
  for (const [number, record] of records.entries()) {
    const packet = sent[Math.floor(number / rules.length)] as Packet;
    const event = eventOf(record);
    const slow = parseKernelLine(Buffer.from(record.slice(record.indexOf(';') + 1), 'latin1'), 0);
    if (shown(event) !== shown(slow)) wrong.push(`both readings: ${record}\n${shown(event)}\n${shown(slow)}`);
    const expected = wanted(packet, rules[number % rules.length]?.[0] ?? '');
    if (event === null || shown({ ...event }) !== shown(expected))
      wrong.push(`${record}\n${event === null ? 'none' : `${formatLoggedPacket(event)} ${shown(event)}`}\n${shown(expected)}`);
  }
  holds('each line says what was sent', wrong.length === 0, `${wrong.length} wrong, such as\n${wrong.slice(0, 5).join('\n')}`);
}

async function logAll(firewall: Namespace): Promise<void> {
  for (const tool of ['iptables', 'ip6tables'])
    for (const [prefix, options] of rules) {
      const own = tool === 'ip6tables' ? options.filter((option) => option !== '--log-ip-options') : options;
      const argv = [tool, '-t', 'raw', '-A', 'PREROUTING', '-i', 'eth0', '-j', 'LOG', '--log-prefix', prefix, ...own] as const;
      const done = await firewall.run({ argv: [...argv] });
      if (done.kind !== 'exited' || done.status !== 0) throw new Error(`${argv.join(' ')}: ${JSON.stringify(done)}`);
    }
}

/** All records that are there. */
function read(log: number, held: Buffer): string[] {
  const records: string[] = [];
  for (;;) {
    try {
      const length = readSync(log, held, 0, held.length, null);
      records.push(held.toString('latin1', 0, length).split('\n')[0] ?? '');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EAGAIN') return records;
      if (code !== 'EPIPE') throw error;
    }
  }
}

function eventOf(record: string): LoggedPacket | null {
  const batch = new Batch(1);
  const bytes = Buffer.from(record, 'latin1');
  const isRead = carriers.kmsg.read(bytes, 0, bytes.length, batch, new LineClock(0));
  return isRead ? { ...packetAt(batch, 0), at: 0 } : null;
}

/** As the kernel's lines can tell it: no ports of SCTP, of a later fragment no transport, and of AH in such a fragment and of ESP in IPv6 not even the protocol. */
function wanted(packet: Packet, prefix: string): LoggedPacket {
  const hasPorts = [6, 17, 136].includes(packet.proto) && !packet.fragment;
  const hasIcmp = [1, 58].includes(packet.proto) && !packet.fragment;
  const isUnsaid = (packet.proto === 51 && packet.fragment) || (packet.proto === 50 && packet.family === 6);
  return {
    at: 0,
    prefix: prefix.trimEnd(),
    in: 'eth0',
    out: null,
    src: { family: packet.family, value: packet.src },
    dst: { family: packet.family, value: packet.dst },
    proto: isUnsaid ? null : packet.proto,
    sport: hasPorts ? packet.sport : null,
    dport: hasPorts ? packet.dport : null,
    icmpType: hasIcmp ? packet.icmpType : null,
    icmpCode: hasIcmp ? packet.icmpCode : null,
    flags: packet.proto === 6 && !packet.fragment ? packet.flags : null,
    length: packet.length,
    ttl: packet.ttl,
    mark: 0,
  };
}
