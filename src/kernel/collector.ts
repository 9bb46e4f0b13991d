/**
 * A program of its own: reads one NFLOG group of the network namespace that it was started in, and says batches as
 * JSON lines on its standard output ({@link Collected}). For namespaces that the caller cannot enter itself, because
 * they belong to a user namespace: setns(2) asks for rights in the caller's own.
 *
 * Ends when its standard input does. Usage: `node collector.ts GROUP`.
 */
import { once } from 'node:events';
import type { Problem } from '../result.ts';
import { type NflogPacket, openNflog } from './nflog.ts';

/** One line. Payloads are in base64. */
export type Collected =
  | { readonly kind: 'packets'; readonly lost: number; readonly packets: readonly CollectedPacket[] }
  | { readonly kind: 'problem'; readonly problem: Problem };

export type CollectedPacket = Omit<NflogPacket, 'payload'> & { readonly payload: string };

const stop = new AbortController();
process.stdin.on('end', () => stop.abort()).resume();
// The reader is gone: there is nobody left to tell.
process.stdout.on('error', () => stop.abort());

const opened = openNflog({ group: Number(process.argv[2]) });
if (opened.ok) {
  using nflog = opened.value;
  // The group is bound: what is logged from here on is seen.
  await say({ kind: 'packets', lost: 0, packets: [] });
  for await (const { packets, lost } of nflog.follow(stop.signal)) {
    await say({
      kind: 'packets',
      lost,
      packets: packets.map((packet) => ({ ...packet, payload: Buffer.from(packet.payload).toString('base64') })),
    });
  }
} else {
  const [problem] = opened.problems;
  if (problem !== undefined) await say({ kind: 'problem', problem });
}
process.stdin.destroy();

/** Waits when the reader is slow: then packets pile up in the kernel, which counts what it must drop. */
async function say(line: Collected): Promise<void> {
  if (!process.stdout.write(`${JSON.stringify(line)}\n`)) await once(process.stdout, 'drain', { signal: stop.signal });
}
