import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { listSnapshots, readSnapshot } from '../../../src/change/snapshots/index.ts';
import { type Backend, tool } from '../changing.fixture.ts';
import { makeDisk } from '../faults/disk.ts';
import { guardsOf } from '../faults/guards.ts';
import { type Between, makePlace } from '../faults/place.ts';
import type { Trial } from '../faults/trial.ts';
import { seen, unlike } from './seen.ts';

const [old, now] = ['192.0.2.0/24', '198.51.100.0/24'].map(
  (network) =>
    `*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -i lo -j ACCEPT\n-A INPUT -s ${network} -m set --match-set office src -j ACCEPT\nCOMMIT\n`,
) as [string, string];

/** How many programs palisade runs until it has come to something. */
const steps = 45;

/** The disk that holds palisade's state takes nothing from the step on at which palisade has run so many programs. */
async function fullFrom(backend: Backend, step: number, sealed: boolean): Promise<readonly string[]> {
  await using disk = await makeDisk();
  await using place = await makePlace(backend, {}, true);
  const lay = async (rules: string, member: string): Promise<void> => {
    await tool(place.ns, ['ipset', '-exist', 'restore'], `create office hash:ip\nflush office\nadd office ${member}\n`);
    await tool(place.ns, [`iptables-${backend}-restore`], rules);
  };
  await lay(now, '198.51.100.7');
  const after = await seen(place.ns);
  const taken = await place.run('backup', { input: { what: 'create', names: [] } });
  if (taken.exit !== 0) return [taken.text];
  await lay(old, '192.0.2.7');
  const before = await seen(place.ns);
  const there = join(disk.path, 'state');
  const backups = join(place.state, 'backups');
  mkdirSync(join(there, 'backups'), { recursive: true, mode: 0o700 });
  for (const name of readdirSync(backups)) copyFileSync(join(backups, name), join(there, 'backups', name));
  place.state = there;
  let count = 0;
  const between: Between = (run) => async (request) => {
    count += 1;
    if (count === step) await (sealed ? disk.seal(true) : disk.fill());
    return run(request);
  };
  if (step === 0) await (sealed ? disk.seal(true) : disk.fill());
  const said = await place.run('backup', { between, input: { what: 'restore', names: ['latest'] } });
  for (const until = performance.now() + 30_000; guardsOf(there).length > 0 && performance.now() < until; ) await sleep(20);
  const found = await seen(place.ns);
  const wrong = unlike(said.exit === 0 ? after : before, found, null).map(
    (one) => `it ended with ${said.exit}: ${said.text}\n${one}`,
  );
  if (said.exit !== 0 && said.exit !== 4) wrong.push(`it ended with ${said.exit}: ${said.text}`);
  await disk.seal(false);
  disk.empty();
  const store = listSnapshots(join(there, 'backups'));
  const damaged = store.ok ? [...store.value.strange, ...store.value.kept.filter(({ path }) => !readSnapshot(path).ok)] : [store];
  if (damaged.length > 0) wrong.push('a snapshot is damaged');
  // Once there is room again, the next one finds its way.
  const next = async () =>
    await place.run('backup', { input: { what: 'restore', names: [store.ok ? (store.value.kept.at(-1)?.id ?? '') : ''] } });
  let last = await next();
  if (/undone now|waits/.test(last.text)) last = await next();
  if (last.exit !== 0) wrong.push(`with room again: ${last.exit} ${last.text}`);
  return [...wrong, ...unlike(after, await seen(place.ns), null).map((one) => `with room again: ${one}`)];
}

/** The disk that holds palisade's state is full, or may only be read, from the start or from any step on: the host is the old or the new one. */
export function diskTrials(backend: Backend, times: number, below: (most: number) => number): readonly Trial[] {
  return [false, true].flatMap((sealed) =>
    [0, ...Array.from({ length: times }, () => 1 + below(steps))].map((step) => ({
      does: `the disk ${sealed ? 'may only be read' : 'is full'} from step ${step} on`,
      judge: () => fullFrom(backend, step, sealed),
    })),
  );
}
