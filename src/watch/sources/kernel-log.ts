import type { Clock } from '../../clock.ts';
import { type KmsgOptions, openKmsg } from '../../kernel/kmsg.ts';
import { parseKernelLine } from '../events/index.ts';
import { unavailable, type Watched } from './watched.ts';

/**
 * The packets that LOG rules report to the kernel's log, from now until the signal aborts. Loss counts records of every
 * kind, since nobody can tell what the lost ones were.
 *
 * Only the kernel's own records count (facility 0): processes can write to /dev/kmsg too.
 */
export async function* followKernelLog(
  signal: AbortSignal,
  clock: Clock,
  options: Partial<KmsgOptions> = {},
): AsyncGenerator<Watched> {
  const opened = openKmsg({ from: 'now', ...options });
  if (!opened.ok) {
    yield* unavailable(opened.problems);
    return;
  }
  using kmsg = opened.value;
  for await (const { records, lost } of kmsg.follow(signal)) {
    if (lost > 0) yield { kind: 'lost', count: lost };
    // The kernel's clock drifts from wall time; but the newest record is of just now, and the others stand apart from
    // it by that clock, which is exact over so short a time.
    const now = clock.now();
    const newestUs = records.at(-1)?.sinceBootUs ?? 0;
    for (const record of records) {
      if (record.facility !== 0) continue;
      const event = parseKernelLine(record.text, now - (newestUs - record.sinceBootUs) / 1000);
      if (event !== null) yield { kind: 'event', event };
    }
  }
}
