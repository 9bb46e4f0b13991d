import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Backend, tool } from '../changing.fixture.ts';
import { guardsOf, signalGuards } from '../faults/guards.ts';
import { appears } from '../faults/judge.ts';
import { makePlace, type Place } from '../faults/place.ts';
import type { Trial } from '../faults/trial.ts';
import { launcher, palisadeIn } from '../palisade.fixture.ts';
import { type Seen, seen, unlike } from './seen.ts';

/** Two hosts that have as little in common as can be, with sets of the same names: other members, another type, in lists, with a time. */
const hosts = {
  old: {
    sets: `create bans hash:ip timeout 3600 counters comment
add bans 203.0.113.7 timeout 3000 packets 4 bytes 400 comment "a ban"
add bans 203.0.113.8 timeout 0
create office hash:net
add office 192.0.2.0/24
create 0123456789012345678901234567890 hash:ip
add 0123456789012345678901234567890 192.0.2.9
create both list:set
add both office
add both 0123456789012345678901234567890
create unasked hash:ip skbinfo
add unasked 192.0.2.1 skbmark 0x1/0xff
create goes bitmap:port range 1-100
add goes 22
create same hash:net
add same 10.0.0.0/8
`,
    4: `*mangle
:PREROUTING ACCEPT [1:40]
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
[5:200] -A PREROUTING -m set --match-set bans src -j MARK --set-xmark 0x1/0xffffffff
COMMIT
*filter
:INPUT DROP [7:280]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:MINE - [0:0]
[3:120] -A INPUT -i lo -j ACCEPT
[2:80] -A INPUT -m set --match-set both src -j ACCEPT
[1:40] -A INPUT -p tcp -m tcp --dport 22 -m set --match-set goes dst -j MINE
[0:0] -A INPUT -m set --match-set same src -j ACCEPT
[9:360] -A MINE -m comment --comment "old \\"words\\"" -j ACCEPT
COMMIT
`,
    6: `*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
[6:240] -A INPUT -p ipv6-icmp -j ACCEPT
COMMIT
`,
  },
  now: {
    sets: `create bans hash:net timeout 600
add bans 198.51.100.0/24 timeout 500
create office hash:net
add office 198.51.100.0/25
create 0123456789012345678901234567890 hash:ip
add 0123456789012345678901234567890 198.51.100.9
create both list:set
add both office
add both 0123456789012345678901234567890
create unasked hash:ip skbinfo
add unasked 192.0.2.2 skbmark 0x2/0xff
create comes hash:ip
add comes 192.0.2.3
create same hash:net
add same 10.0.0.0/8
`,
    4: `*nat
:PREROUTING ACCEPT [2:80]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
[8:320] -A POSTROUTING -m set --match-set comes src -j MASQUERADE
COMMIT
*filter
:INPUT ACCEPT [1:40]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:OURS - [0:0]
[4:160] -A INPUT -m set --match-set bans src -j DROP
[4:160] -A INPUT -m set --match-set both src -j OURS
[0:0] -A INPUT -m set --match-set same src -j ACCEPT
[4:160] -A OURS -p tcp -m tcp --dport 443 -j ACCEPT
COMMIT
`,
    6: `*raw
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
[2:80] -A PREROUTING -p udp -m udp --dport 53 -j CT --notrack
COMMIT
`,
  },
} as const;

/** Makes a place one of the hosts. */
async function lay({ ns, backend }: Place, which: keyof typeof hosts): Promise<void> {
  await tool(ns, ['ipset', 'restore'], hosts[which].sets);
  for (const family of [4, 6] as const)
    await tool(ns, [`${family === 4 ? 'iptables' : 'ip6tables'}-${backend}-restore`, '-c'], hosts[which][family]);
}

/** The snapshot of the second host, and what it shows. */
interface Taken {
  readonly bytes: Buffer;
  readonly shows: Seen;
}
const taken = new Map<Backend, Promise<Taken>>();

async function take(backend: Backend): Promise<Taken> {
  await using place = await makePlace(backend, {}, true);
  await lay(place, 'now');
  const said = await place.run('backup', { input: { what: 'create', names: [] } });
  if (said.exit !== 0) throw new Error(said.text);
  const [file = ''] = readdirSync(join(place.state, 'backups'));
  return { bytes: readFileSync(join(place.state, 'backups', file)), shows: await seen(place.ns) };
}

function snapshotOf(backend: Backend): Promise<Taken> {
  const known = taken.get(backend) ?? take(backend);
  taken.set(backend, known);
  return known;
}

export interface Killed {
  /** What the firewall was when it was killed. */
  readonly met: 'before' | 'between' | 'after';
  /** What is wrong with what is left; empty if all is as it was. */
  readonly wrong: readonly string[];
}

/** Who is killed: palisade alone, palisade and who would undo it, the script that writes, or who would undo it alone. */
export type Victim = 'palisade' | 'both' | 'script' | 'guard';

/**
 * Restores the second host over the first, kills (-9) so many milliseconds after the start or after somebody stands ready to undo it, has
 * whoever is left undo it, or, where nobody is, the next palisade, and looks.
 */
export async function killRestore(backend: Backend, afterMs: number, since: 'start' | 'armed', victim: Victim): Promise<Killed> {
  const { bytes, shows } = await snapshotOf(backend);
  await using place = await makePlace(backend, {}, true);
  const { ns, state, folder } = place;
  await lay(place, 'old');
  const before = await seen(ns);
  const file = join(folder, 'now.snapshot');
  writeFileSync(file, bytes, { mode: 0o600 });
  const [enter, ...args] = [...ns.enter, launcher, '--state', state, 'backup', 'restore', file, '--timeout', '5'];
  const began = performance.now();
  const child = spawn(enter as string, args, { stdio: 'ignore', env: { ...process.env, ...ns.env } });
  const ended = once(child, 'exit');
  if (since === 'armed') await appears(join(state, 'pending/armed'));
  await sleep(afterMs);
  if (victim === 'palisade' || victim === 'both') child.kill('SIGKILL');
  if (victim === 'both' || victim === 'guard') signalGuards(state, 'SIGKILL');
  if (victim === 'script') killScripts(state);
  const then = await seen(ns);
  await ended;
  const wrong: string[] = [];
  // Nobody is left who would undo it: whoever comes next finds that, and does.
  if (victim === 'both') {
    const next = await palisadeIn(ns, '--state', state, 'confirm');
    if (next.status !== 4) wrong.push(`the next palisade says ${next.status}: ${next.said}`);
  } else if (victim !== 'palisade' && child.exitCode !== 4) wrong.push(`palisade ended with ${child.exitCode}`);
  for (const until = performance.now() + 60_000; guardsOf(state).length > 0 && performance.now() < until; ) await sleep(20);
  if (guardsOf(state).length > 0) wrong.push('somebody still tries to undo it');
  // A script that lost its palisade comes to its end by itself.
  for (const until = performance.now() + 20_000; scriptsOf(state).length > 0 && performance.now() < until; ) await sleep(20);
  const after = await seen(ns);
  const seconds = Math.ceil((performance.now() - began) / 1000);
  wrong.push(...unlike(before, after, seconds).map((one) => `${one}\n(killed after ${afterMs} ms)`));
  if (after.sets.some((line) => / PAL-/.test(line)))
    wrong.push(`a stand-in is left: ${after.sets.find((line) => / PAL-/.test(line))}`);
  const met = then.rules === before.rules ? 'before' : unlike(shows, then, null).length === 0 ? 'after' : 'between';
  return { met, wrong };
}

/** Processes of the script that writes, in the pending folder or in a rehearsal. */
function scriptsOf(state: string): readonly number[] {
  return readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const words = readFileSync(`/proc/${entry}/cmdline`, 'latin1').split('\0');
      return words[0] === 'sh' && words[1]?.startsWith(`${state}/`) && words[1].endsWith('/restore.sh') ? [Number(entry)] : [];
    } catch {
      // It ended meanwhile.
      return [];
    }
  });
}

function killScripts(state: string): void {
  for (const pid of scriptsOf(state)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

/** The guard is killed while it undoes, with palisade dead already; the next palisade finds it half undone. */
export async function killUndo(backend: Backend, afterMs: number): Promise<Killed> {
  const { bytes, shows } = await snapshotOf(backend);
  await using place = await makePlace(backend, {}, true);
  const { ns, state, folder } = place;
  await lay(place, 'old');
  const before = await seen(ns);
  const file = join(folder, 'now.snapshot');
  writeFileSync(file, bytes, { mode: 0o600 });
  const [enter, ...args] = [...ns.enter, launcher, '--state', state, 'backup', 'restore', file, '--timeout', '60'];
  const began = performance.now();
  const child = spawn(enter as string, args, { stdio: 'ignore', env: { ...process.env, ...ns.env } });
  const ended = once(child, 'exit');
  const committing = join(state, 'pending/committing');
  await appears(join(state, 'pending/armed'));
  while (existsSync(committing)) await sleep(5);
  child.kill('SIGKILL');
  await ended;
  signalGuards(state, 'SIGUSR1');
  await appears(join(state, 'pending/reverting'));
  await sleep(afterMs);
  signalGuards(state, 'SIGKILL');
  const then = await seen(ns);
  const next = await palisadeIn(ns, '--state', state, 'confirm');
  const after = await seen(ns);
  const wrong = next.status === 4 ? [] : [`the next palisade says ${next.status}: ${next.said}`];
  wrong.push(...unlike(before, after, Math.ceil((performance.now() - began) / 1000)));
  if (after.sets.some((line) => / PAL-/.test(line))) wrong.push('a stand-in is left');
  const met = then.rules === before.rules ? 'before' : unlike(shows, then, null).length === 0 ? 'after' : 'between';
  return { met, wrong };
}

/** kill -9 at so many moments of each kind; what was met is told to `meets`. */
export function killTrials(
  backend: Backend,
  times: number,
  below: (most: number) => number,
  meets: (met: Killed['met']) => void,
): readonly Trial[] {
  const victims: readonly Victim[] = ['palisade', 'both', 'palisade', 'script', 'both', 'guard'];
  const trials = Array.from({ length: times }, (_, turn): Trial => {
    const victim = victims[turn % victims.length] ?? 'palisade';
    const since = turn % 4 === 0 && victim === 'palisade' ? 'start' : 'armed';
    const afterMs = below(since === 'start' ? 4000 : 700);
    return {
      does: `${victim} killed ${afterMs} ms after ${since === 'start' ? 'the start' : 'somebody stands ready'}`,
      async judge() {
        const { met, wrong } = await killRestore(backend, afterMs, since, victim);
        meets(met);
        return wrong;
      },
    };
  });
  const undos = Array.from({ length: Math.ceil(times / 4) }, (): Trial => {
    const afterMs = below(600);
    return {
      does: `whoever undoes it killed ${afterMs} ms after he began, palisade before`,
      async judge() {
        const { met, wrong } = await killUndo(backend, afterMs);
        meets(met);
        return wrong;
      },
    };
  });
  return [...trials, ...undos];
}
