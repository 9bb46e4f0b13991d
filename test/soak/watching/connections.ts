import { readFileSync } from 'node:fs';
import { createKernel } from '../../../src/kernel/index.ts';
import type { WatchPart } from '../../../src/verbs/watch-shape.ts';
import { run } from '../../watching/program.fixture.ts';
import { watchedHost } from '../../watching/watched.fixture.ts';
import type { Given } from './readers.ts';

/** More than a table may hold takes too much of this machine's memory. */
const most = 400_000;
const atOnce = 5000;

/** A table of connections as full as the machine allows, which is the same for each namespace, and packets that find no room in it. */
export async function soakConnections({ holding }: Given): Promise<void> {
  const limit = Number(readFileSync('/proc/sys/net/netfilter/nf_conntrack_max', 'latin1'));
  if (limit > most) {
    holding.say(`    passed over: this machine's tables hold ${limit} connections`);
    return;
  }
  await using host = await watchedHost();
  const told = (...argv: [string, ...string[]]) => host.firewall.run({ argv });
  await told('ip', 'link', 'set', 'lo', 'up');
  await told('iptables', '-A', 'INPUT', '-m', 'conntrack', '--ctstate', 'INVALID', '-j', 'DROP');
  const kernel = createKernel();
  for (let from = 0; from < limit; from += atOnce) {
    const some = Array.from({ length: Math.min(atOnce, limit - from) }, (_, index) => ({
      from: { family: 4 as const, value: 0x0b000000n + BigInt(from + index) },
      fromPort: 1000,
      to: { family: 4 as const, value: 0xc6336401n },
      toPort: 22,
    }));
    // The last ones may find no room: the host speaks for itself, too.
    kernel.track(some, host.firewall);
  }
  await using watching = run<WatchPart>(host, 'watch');
  const { heard, until } = watching;
  const reasons = () =>
    heard.flatMap((part) => (part.kind === 'incident' && part.detector === 'conntrack-full' ? [part.why] : []));
  await until('it is seen', () => reasons().length > 0);
  await told('ping', '-c', '3', '-i', '0.1', '-W', '1', '127.0.0.1');
  await until('the drops are seen', () => reasons().some((why) => why.startsWith('The kernel has dropped 3 packets')));
  for (const why of new Set(reasons())) holding.say(`    said: ${why}`);
  const found = heard.filter((part) => part.kind === 'incident');
  holding.holds('it is one incident', new Set(found.map(({ id }) => id)).size === 1, JSON.stringify(found));
  holding.holds('and critical', found.at(-1)?.severity === 'critical', JSON.stringify(found.at(-1)));
  await watching.end();
}
