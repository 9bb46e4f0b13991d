import { ipPacket } from '../../../src/kernel/frame.ts';
import { parseNflogMessage } from '../../../src/kernel/nfulnl.ts';
import { packetFromJson } from '../../../src/model/packet/json.ts';
import { received } from '../../../src/watch/events/received.fixture.ts';
import { promise } from '../promises.ts';
import type { Random } from '../random.ts';
import { type Target, withBytesChanged } from '../target.ts';
import { eventHolds } from './kernel-line.ts';

/** Attribute types of a packet (include/uapi/linux/netfilter/nfnetlink_log.h), and one that palisade does not read. */
const attributes = [1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 14, 17];
const PAYLOAD = 9;
const PACKET_MESSAGE = 4 << 8;

/** What one receive of the NFLOG socket brings: netlink messages, each with a packet. */
export const nflog: Target<Uint8Array> = {
  name: 'NFLOG packet',
  make(random) {
    const messages = Array.from({ length: 1 + random.nat(3) }, () => message(random, payload(random)));
    return withBytesChanged(Uint8Array.from(messages.flat()), random);
  },
  makeLarge(random) {
    const one = Uint8Array.from(message(random, payload(random)));
    const many = new Uint8Array(1_000_000);
    // Some full of one message, some full of one byte behind its head.
    if (random.once(2)) for (let at = 0; at + one.length <= many.length; at += one.length) many.set(one, at);
    else many.fill(random.nat(256)).set(one.subarray(0, 24));
    return many;
  },
  check(bytes) {
    let events = 0;
    for (const packet of parseNflogMessage(bytes, (index) => (index === 0 ? '' : `link${index}`.slice(0, 15)))) {
      promise(packet.payload.length <= bytes.length, 'a payload is part of what was received');
      const { prefix, in: from, out: to, mark } = packet;
      const event = received(packet.payload, {
        at: packet.at ?? 0,
        prefix: prefix.slice(0, 128),
        in: from,
        out: to,
        mark,
      });
      if (event === null) continue;
      eventHolds(event);
      events += 1;
    }
    return events > 0;
  },
};

function payload(random: Random): Uint8Array {
  const six = random.once(2);
  const read = packetFromJson(
    {
      hook: 'input',
      src: six ? '2001:db8::1' : '10.0.0.1',
      dst: six ? '2001:db8::2' : '10.0.0.2',
      proto: String(random.pick([0, 1, 6, 17, 33, 41, 43, 44, 47, 50, 51, 58, 60, 132, 136, 255])),
      length: 60 + random.nat(40),
      fragment: random.once(8),
    },
    { link: 'eth0' },
  );
  return withBytesChanged(read.ok ? ipPacket(read.value, random.nat(1 << 30)) : new Uint8Array(random.nat(80)), random);
}

function message(random: Random, payloadBytes: Uint8Array): number[] {
  const body = [random.pick([2, 10, 7]), 0, 0, 7];
  for (const type of attributes) {
    if (type !== PAYLOAD && random.once(3)) continue;
    const value =
      type === PAYLOAD
        ? [...payloadBytes]
        : Array.from({ length: random.once(8) ? random.nat(300) : random.pick([4, 8, 12, 16]) }, () => random.nat(256));
    body.push(...word16(4 + value.length), ...word16(type), ...value);
    while (body.length % 4 !== 0) body.push(0);
  }
  const length = 16 + body.length;
  return [...word16(length & 0xffff), ...word16(length >>> 16), ...word16(PACKET_MESSAGE), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ...body];
}

/** Two bytes, low one first. */
function word16(value: number): [number, number] {
  return [value & 255, (value >>> 8) & 255];
}
