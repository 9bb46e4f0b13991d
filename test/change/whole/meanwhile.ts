import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Backend, tool } from '../changing.fixture.ts';
import { guardsOf } from '../faults/guards.ts';
import { waits } from '../faults/judge.ts';
import { makePlace, type Place } from '../faults/place.ts';
import type { Trial } from '../faults/trial.ts';
import { type Seen, seen, unlike } from './seen.ts';

const host = (port: number, table: string): string => `*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:f2b-sshd - [0:0]
-A INPUT -j f2b-sshd
-A INPUT -i lo -j ACCEPT
-A INPUT -p tcp -m tcp --dport ${port} -m set --match-set office src -j ACCEPT
-A f2b-sshd -j RETURN
COMMIT
*${table}
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A PREROUTING -m set --match-set office src -j ACCEPT
COMMIT
`;

async function lay({ ns, backend }: Place, port: number, table: string): Promise<void> {
  await tool(
    ns,
    ['ipset', '-exist', 'restore'],
    `create office hash:ip\nflush office\nadd office 192.0.2.${port}\ncreate bans hash:ip timeout 600\n`,
  );
  for (const name of ['iptables', 'ip6tables'])
    for (const one of ['filter', 'raw', 'nat']) await ns.run({ argv: [`${name}-${backend}`, '-w', '5', '-t', one, '-F'] });
  await tool(ns, [`iptables-${backend}-restore`], host(port, table));
}

/** Two hosts, and a snapshot of the second; the first stands. */
async function pair(place: Place): Promise<readonly [Seen, Seen]> {
  await lay(place, 22, 'raw');
  const now = await seen(place.ns);
  const said = await place.run('backup', { input: { what: 'create', names: [], tag: 'now' } });
  if (said.exit !== 0) throw new Error(said.text);
  await lay(place, 80, 'nat');
  return [await seen(place.ns), now];
}

/** Somebody bans all the while, by rules and in a set. */
async function bans(backend: Backend): Promise<readonly string[]> {
  await using place = await makePlace(backend, {}, true);
  const [old, now] = await pair(place);
  let banning = true;
  let count = 0;
  const banner = (async () => {
    for (; banning; count += 1) {
      const address = `203.0.113.${count % 250}`;
      await place.ns.run({ argv: [`iptables-${backend}`, '-w', '5', '-I', 'f2b-sshd', '1', '-s', address, '-j', 'DROP'] });
      await place.ns.run({ argv: ['ipset', '-exist', 'add', 'bans', address] });
      await sleep(100);
    }
  })();
  const said = await place.run('backup', { input: { what: 'restore', names: ['now'] } });
  banning = false;
  await banner;
  for (const until = performance.now() + 30_000; guardsOf(place.state).length > 0 && performance.now() < until; ) await sleep(20);
  const found = await seen(place.ns);
  const without: Seen = {
    rules: found.rules.replace(/^\[\d+:\d+\] -A f2b-sshd -s 203\.0\.113\..*\n/gm, ''),
    sets: found.sets.filter((line) => !line.startsWith('add bans ')),
  };
  const wrong = unlike(said.exit === 0 ? now : old, without, null).map(
    (one) => `it ended with ${said.exit}: ${said.text}\n${one}`,
  );
  // Each table is read back behind its writing: who is faster three times keeps it from being done.
  if (said.exit !== 0 && !/not as it was (?:written|made)/.test(said.text))
    wrong.push(`it ended with ${said.exit}: ${said.text}`);
  process.stdout.write(`  ${count} bans meanwhile (${backend}); it ended with ${said.exit}\n`);
  return wrong;
}

/** What would undo it loses its files, and undoes it all the same. */
async function folderGone(backend: Backend): Promise<readonly string[]> {
  await using place = await makePlace(backend, {}, true);
  const [old] = await pair(place);
  const waiting = place.run('backup', { waits: 60, input: { what: 'restore', names: ['now'] } });
  if (!(await waits(place))) return [`it does not wait: ${(await waiting).text}`];
  rmSync(join(place.state, 'pending'), { recursive: true });
  for (const until = performance.now() + 30_000; guardsOf(place.state).length > 0 && performance.now() < until; ) await sleep(20);
  const said = await waiting;
  const wrong = [...unlike(old, await seen(place.ns), null)];
  if (said.exit !== 4) wrong.push(`it ended with ${said.exit}: ${said.text}`);
  return wrong;
}

/** Sets and rules that are changed while it waits are put back all the same. */
async function spoiled(backend: Backend): Promise<readonly string[]> {
  await using place = await makePlace(backend, {}, true);
  const [old] = await pair(place);
  const waiting = place.run('backup', { waits: 60, input: { what: 'restore', names: ['now'] } });
  if (!(await waits(place))) return [`it does not wait: ${(await waiting).text}`];
  await tool(place.ns, [`iptables-${backend}`, '-w', '5', '-F']);
  await tool(place.ns, [`iptables-${backend}`, '-w', '5', '-t', 'raw', '-F']);
  for (let left = 100; left > 0; left -= 1) {
    const gone = await place.ns.run({ argv: ['ipset', 'destroy', 'office'] });
    if (gone.kind === 'exited' && gone.status === 0) break;
    await sleep(20);
  }
  await tool(place.ns, ['ipset', 'create', 'office', 'bitmap:port', 'range', '1-9']);
  await tool(place.ns, [
    `iptables-${backend}`,
    '-w',
    '5',
    '-A',
    'INPUT',
    '-p',
    'tcp',
    '-m',
    'set',
    '--match-set',
    'office',
    'src',
    '-j',
    'ACCEPT',
  ]);
  const undone = await place.run('rollback');
  const said = await waiting;
  const wrong = [...unlike(old, await seen(place.ns), null)];
  if (undone.exit !== 0 || said.exit !== 4) wrong.push(`${undone.exit} ${undone.text}, ${said.exit} ${said.text}`);
  return wrong;
}

/** What others do meanwhile: the host is the one or the other, but for what they wrote last. */
export function meanwhileTrials(backend: Backend, times: number): readonly Trial[] {
  return [
    ...Array.from({ length: times }, () => ({ does: 'somebody bans all the while', judge: () => bans(backend) })),
    { does: 'the files of whoever would undo it are gone', judge: () => folderGone(backend) },
    { does: 'sets and rules are spoiled while it waits', judge: () => spoiled(backend) },
  ];
}
