import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Backend, tool } from '../changing.fixture.ts';
import { signalGuards } from './guards.ts';
import { appears, judge, policies, settled, waits } from './judge.ts';
import type { Place } from './place.ts';
import type { Trials } from './trial.ts';

const ban = { line: '-A f2b-sshd -s 203.0.113.9/32 -j DROP', family: 4 } as const;

/** As fail2ban would, in the middle of it. */
async function bans({ ns, backend }: Place): Promise<void> {
  await tool(ns, [`iptables-${backend}`, '-w', '5', '-I', 'f2b-sshd', '1', '-s', '203.0.113.9', '-j', 'DROP']);
}

/** Whoever would undo a change is killed, so long after he stands ready; palisade sees it, and undoes. */
async function guardKilled(backend: Backend, afterMs: number, yes: boolean): Promise<readonly string[]> {
  await using place = await settled(backend);
  const applied = place.run('apply', { policy: policies.now, ...(yes ? {} : { waits: 1 }) });
  await appears(join(place.state, 'pending/armed'));
  await sleep(afterMs);
  signalGuards(place.state, 'SIGKILL');
  await bans(place);
  const said = await applied;
  return await judge(place, { said, added: [ban], ...(yes ? {} : { is: 'old' as const }) });
}

/** Killed while it undoes, with nobody left but who comes next. */
async function bothKilled(backend: Backend, afterMs: number, next: 'apply' | 'confirm'): Promise<readonly string[]> {
  await using place = await settled(backend);
  const child = spawnPalisade(place, policies.now, 'apply');
  const ended = once(child, 'exit');
  await waits(place);
  signalGuards(place.state, 'SIGUSR1');
  if (!(await appears(join(place.state, 'pending/reverting')))) return ['nobody began to undo the change'];
  child.kill('SIGKILL');
  await sleep(afterMs);
  signalGuards(place.state, 'SIGKILL');
  await ended;
  await bans(place);
  const [status] = (await once(spawnPalisade(place, policies.old, next), 'exit')) as [number];
  const wrong = await judge(place, { is: 'old', added: [ban], leftSets: true });
  // It was killed at its end, and had nothing left to do, or the next one undid it and says so.
  return status === 4 || next === 'apply' ? wrong : [...wrong, `${next} ended with ${status}`];
}

/** A process of its own, which can be killed. */
function spawnPalisade({ ns, state, folder, backend }: Place, text: string, verb: string, ...flags: string[]) {
  const policy = join(folder, 'spawned.yaml');
  writeFileSync(policy, text);
  const launcher = join(import.meta.dirname, '../../../bin/palisade');
  const [enter, ...args] = [...ns.enter, launcher, '--state', state, '--policy', policy, '--backend', backend, verb, ...flags];
  return spawn(enter, args, { stdio: 'ignore', env: { ...process.env, ...ns.env } });
}

/** Who would undo it is stopped when it is confirmed, and goes on later: what the user was told is what becomes of it. */
async function guardStopped(backend: Backend): Promise<readonly string[]> {
  await using place = await settled(backend);
  const applied = place.run('apply', { policy: policies.now, waits: 7 });
  await waits(place);
  signalGuards(place.state, 'SIGSTOP');
  const said = await place.run('confirm');
  signalGuards(place.state, 'SIGCONT');
  const ended = await applied;
  const wrong = await judge(place, { is: 'old', said });
  return ended.exit === 4 ? wrong : [...wrong, `apply says ${ended.exit}: ${ended.text}`];
}

/** palisade is stopped (Ctrl-Z) in the middle of a change: it is undone, and palisade finds that out when it goes on. */
async function palisadeStopped(backend: Backend): Promise<readonly string[]> {
  await using place = await settled(backend);
  const child = spawnPalisade(place, policies.now, 'apply', '--yes');
  const ended = once(child, 'exit');
  await appears(join(place.state, 'pending/armed'));
  child.kill('SIGSTOP');
  await appears(join(place.state, 'pending/reverted'), 25_000);
  const wrong = await judge(place, { is: 'old', leftSets: true });
  child.kill('SIGCONT');
  const [status] = (await ended) as [number];
  return [...wrong, ...(await judge(place, { is: 'old', said: { exit: status, text: '' } }))];
}

/** palisade is stopped while it waits; somebody undoes its change, makes another and keeps it; then it goes on. */
async function overtaken(backend: Backend): Promise<readonly string[]> {
  await using place = await settled(backend);
  const child = spawnPalisade(place, policies.now, 'apply');
  const ended = once(child, 'exit');
  await waits(place);
  child.kill('SIGSTOP');
  const undone = await place.run('rollback');
  const other = place.run('apply', { policy: policies.now, waits: 60 });
  await waits(place);
  child.kill('SIGCONT');
  await sleep(100);
  // As Ctrl-C would.
  child.kill('SIGINT');
  const [status] = (await ended) as [number | null];
  const said = await place.run('confirm');
  const last = await other;
  const wrong = [...(await judge(place, { is: 'now', said }))];
  if (undone.exit !== 0) wrong.push(`rollback says ${undone.exit}: ${undone.text}`);
  if (last.exit !== 0) wrong.push(`the second apply says ${last.exit}: ${last.text}`);
  // It may have been on its way out when it was interrupted: then the signal itself ended it.
  return status === 4 || status === null ? wrong : [...wrong, `the first apply ended with ${status}`];
}

/** The rules that a change was planned from are others when it comes to write: another palisade was faster. */
async function planned(backend: Backend): Promise<readonly string[]> {
  await using place = await settled(backend);
  let done = false;
  const said = await place.run('apply', {
    policy: policies.now,
    between: (run) => async (request) => {
      // With another state folder, nothing keeps the two apart; new sets are made before the lock is taken.
      if (!done && request.argv[0] === 'ipset') {
        done = true;
        await tool(place.ns, [`iptables-${backend}`, '-A', 'PAL-IN', '-s', '192.0.2.99', '-j', 'DROP']);
      }
      return run(request);
    },
  });
  await tool(place.ns, [`iptables-${backend}`, '-D', 'PAL-IN', '-s', '192.0.2.99', '-j', 'DROP']);
  return await judge(place, { is: 'old', said, says: /changed while this change was planned/ });
}

/** kill -9, and being stopped, of palisade and of whoever would undo its change. palisade killed alone: see killed.ts. */
export const kills: Trials = (backend, times, random) => [
  ...Array.from({ length: times }, (_, turn) => {
    // Waiting, and from the deadline on undoing.
    const afterMs = turn % 2 === 0 ? random.below(300) : 1000 + random.below(1200);
    return {
      does: `whoever would undo the change is killed after ${afterMs} ms`,
      quick: turn === 0 && backend === 'legacy',
      judge: () => guardKilled(backend, afterMs, false),
    };
  }),
  ...Array.from({ length: times }, () => random.below(150)).map((afterMs) => ({
    does: `whoever would undo a change with --yes is killed after ${afterMs} ms`,
    judge: () => guardKilled(backend, afterMs, true),
  })),
  ...Array.from({ length: times }, (_, turn) => [random.below(400), turn % 2 === 0 ? 'apply' : 'confirm'] as const).map(
    ([afterMs, next]) => ({
      does: `palisade, and whoever undoes its change, are killed ${afterMs} ms after he began; next comes ${next}`,
      judge: () => bothKilled(backend, afterMs, next),
    }),
  ),
  { does: 'whoever would undo the change is stopped at confirm', judge: () => guardStopped(backend) },
  { does: 'palisade is stopped in the middle of a change', judge: () => palisadeStopped(backend) },
  { does: 'palisade is stopped while it waits, and overtaken', judge: () => overtaken(backend) },
  { does: 'the rules change between plan and change', quick: backend === 'legacy', judge: () => planned(backend) },
];
