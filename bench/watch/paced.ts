/**
 * Sends packets at an even pace, from one source after another: `node paced.ts MAC RUNS COUNT RATE`, in the namespace of the sender. Prints for each
 * run, as a line of JSON, its source and when each of its packets was sent, in milliseconds of one clock.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { frame, openSender } from '../../src/kernel/index.ts';
import { TCP } from '../../src/model/net/index.ts';

const [mac = '', runs, count, rate] = process.argv.slice(2);
const [most, many, apartMs] = [Number(runs), Number(count), 1000 / Number(rate)];
const nobody = new Int32Array(new SharedArrayBuffer(4));
const opened = openSender({ link: 'eth0' });
if (!opened.ok) throw new Error(opened.problems[0]?.message);
using sender = opened.value;
const ethernet = { source: 0x02_00_00_00_00_02, destination: Number.parseInt(mac.replaceAll(':', ''), 16) };
for (let run = 0; run < most; run += 1) {
  const source = 0x0a42_6409n + BigInt(run << 8);
  const frames = Array.from({ length: many }, (_, index) =>
    frame(
      {
        family: 4,
        src: source,
        dst: 0x0a42_0001n,
        proto: TCP,
        sport: 40_000 + (index % 1000),
        dport: 1000 + index,
        flags: 2,
        icmpType: null,
        icmpCode: null,
        length: 60,
        ttl: 60,
      } as unknown as Parameters<typeof frame>[0],
      ethernet,
      index,
    ),
  );
  const times: number[] = [];
  const began = performance.now();
  for (const [index, bytes] of frames.entries()) {
    const due = began + index * apartMs;
    // An attacker is elsewhere: what he sends takes nothing of this machine but what it does with it.
    for (let left = due - performance.now(); left > 0; left = due - performance.now()) Atomics.wait(nobody, 0, 0, left);
    times.push(performance.now());
    sender.send(bytes);
  }
  process.stdout.write(`${JSON.stringify({ source: `10.66.${100 + run}.9`, times })}\n`);
  await sleep(100);
}
