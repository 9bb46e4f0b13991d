/**
 * A program for plain.test.ts: rehearses with packets as whoever it is, and says what became of each. With `hold` it says
 * so after the first and waits to be ended.
 */
import { readlinkSync } from 'node:fs';
import { createKernel, type Observed, rehearse } from '../../src/kernel/index.ts';
import { rehearsalOf, rehearsedPackets } from './example.ts';

/** Its lines. */
export interface Said {
  readonly backend: 'nft' | 'legacy';
  /** As `readlink /proc/PID/ns/net` says it. */
  readonly namespace: string;
  readonly seen: readonly Observed[];
}

const packets = rehearsedPackets.map(([, packet]) => packet);
for (const backend of ['nft', 'legacy'] as const) {
  const rehearsed = await rehearse(createKernel(), rehearsalOf(backend));
  if (!rehearsed.ok) throw new Error(JSON.stringify(rehearsed.problems));
  await using rehearsal = rehearsed.value;
  const sent = await rehearsal.send(packets, { rules: true });
  if (!sent.ok) throw new Error(JSON.stringify(sent.problems));
  const said: Said = { backend, namespace: readlinkSync(`/proc/${rehearsal.namespace.pid}/ns/net`), seen: sent.value };
  process.stdout.write(`${JSON.stringify(said)}\n`);
  if (process.argv[2] === 'hold') await new Promise((resolve) => setTimeout(resolve, 60_000));
}
