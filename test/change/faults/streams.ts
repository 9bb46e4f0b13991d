/**
 * Three streams of packets at a steady rate, from the other end of the wire, until standard input ends; then how many of each were sent.
 * A process of its own: palisade, which works beside it, must not slow it down.
 */
import { createSocket } from 'node:dgram';
import { frame, openSender } from '../../../src/kernel/index.ts';
import type { Packet } from '../../../src/model/packet/index.ts';
import { ends, packetOf, syn } from './joined.ts';

const macs = { source: 0x0200_0000_0002, destination: 0x0200_0000_0001 };
const perMs = Number(process.argv[2]) / 1000;
/** After a pause of this machine it catches up, but never by more than the receiving side can queue (net.core.netdev_max_backlog). */
const mostAtOnce = 100;

const opened = openSender({ link: 'c0' });
if (!opened.ok) throw new Error(opened.problems[0]?.message);
const sender = opened.value;
const udp = (sport: number, dport: number): Packet =>
  packetOf(4, ends.there[4], ends.here[4], { proto: 17, sport, dport, length: 60 });
const fixed = { established: frame(udp(5000, 5001), macs, 1), forbidden: frame(udp(7000, 6666), macs, 2) };
const sent = { established: 0, fresh: 0, forbidden: 0 };
// Whoever is spoken to first is known to tracking, and says nothing.
createSocket('udp4').bind(5000, ends.there[4], () => process.stdout.write('ready\n'));

const began = performance.now();
const timer = setInterval(() => {
  const due = Math.floor((performance.now() - began) * perMs);
  for (let left = mostAtOnce; left > 0 && sent.fresh < due; left -= 1) {
    sender.send(fixed.established);
    sent.established += 1;
    const sport = 10_000 + (sent.fresh % 50_000);
    sender.send(frame(packetOf(4, ends.there[4], ends.here[4], { ...syn, sport, dport: 80, length: 60 }), macs, sent.fresh + 1));
    sent.fresh += 1;
    sender.send(fixed.forbidden);
    sent.forbidden += 1;
  }
}, 1);
process.stdin.resume().on('end', () => {
  clearInterval(timer);
  process.stdout.write(`${JSON.stringify(sent)}\n`);
  setTimeout(() => process.exit(), 50);
});
