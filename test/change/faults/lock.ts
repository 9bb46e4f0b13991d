import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Backend, kernel } from '../changing.fixture.ts';
import { judge, policies, settled, wholeOf } from './judge.ts';
import type { Between, Place } from './place.ts';
import type { Trials } from './trial.ts';

/** Somebody takes the lock of iptables-legacy and keeps it for so long; resolves when he has it. */
async function grab({ ns }: Place, seconds: number): Promise<ChildProcess> {
  const file = ns.env['XTABLES_LOCKFILE'] ?? '';
  const holder = spawn('flock', ['-o', file, 'sh', '-c', `echo held; exec sleep ${seconds}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(holder.stdout as NodeJS.ReadableStream, 'data');
  return holder;
}

/** The first time that rules of a family are to be written, something is done before. */
function whenWriting(name: string, act: () => void): Between {
  let done = false;
  return (run) => (request) => {
    if (!done && request.argv.includes(`${name}-restore`)) {
      done = true;
      act();
    }
    return run(request);
  };
}

async function heldBefore(backend: Backend, seconds: number): Promise<readonly string[]> {
  await using place = await settled(backend);
  const holder = await grab(place, seconds);
  const said = await place.run('apply', { policy: policies.now });
  holder.kill('SIGKILL');
  // iptables-nft has no such lock, and is kept from nothing.
  if (backend === 'nft') return await judge(place, { is: 'now', said });
  const wrong = await judge(place, { is: 'old', said, says: /has held the lock of iptables/ });
  // Whoever comes next finds nothing in the way.
  const next = await place.run('apply', { policy: policies.now });
  return [...wrong, ...(await judge(place, { is: 'now', said: next }))];
}

/** Others who want the lock in the middle get it when the change is whole; and whoever undoes a change waits for them. */
async function wantedBetween(backend: Backend, fails: boolean): Promise<readonly string[]> {
  await using place = await settled(backend);
  let contender: Promise<{ readonly child: ChildProcess; readonly met: string }> | undefined;
  const grabs = whenWriting(`ip6tables-${backend}`, () => {
    contender = grab(place, 2).then(async (child) => ({ child, met: await place.firewall() }));
  });
  const between: Between = (run) => {
    const through = grabs(run);
    return (request) => {
      const isSecond = fails && request.argv.includes(`ip6tables-${backend}-restore`);
      return through(isSecond ? { ...request, input: '*filter\n-A NOBODYS-CHAIN\nCOMMIT\n' } : request);
    };
  };
  const said = await place.run('apply', { policy: policies.now, between });
  let wrong = await judge(place, { is: fails ? 'old' : 'now', said });
  const had = await contender;
  if (had === undefined) return [...wrong, 'nobody wanted the lock'];
  const { child, met } = had;
  // Nobody writes between two tables of a change; iptables-nft needs no lock for that.
  if (backend === 'legacy' && !fails && met !== (await wholeOf(backend)).now.firewall)
    wrong = [...wrong, 'he got it before the change was whole'];
  if (child.exitCode === null) await once(child, 'exit');
  return wrong;
}

/** The real file, /run/xtables.lock, in a mount namespace with a /run of its own: held, and then free. */
async function realFile(backend: Backend): Promise<readonly string[]> {
  await using place = await settled(backend);
  const policy = join(place.folder, 'policy.yaml');
  writeFileSync(policy, policies.now);
  const script = `mount -t tmpfs tmpfs /run || exit 9
flock -o /run/xtables.lock sleep 60 >/dev/null 2>&1 & holder=$!
while flock -n /run/xtables.lock true; do sleep 0.05; done
"$@"; first=$?
kill $holder
"$@"; second=$?
echo "ended with $first and $second"`;
  const launcher = join(import.meta.dirname, '../../../bin/palisade');
  const palisade = [launcher, '--state', place.state, '--policy', policy, '--backend', backend, 'apply', '--yes'];
  const ran = await kernel.run({
    argv: [...place.ns.enter, 'unshare', '-m', 'sh', '-c', script, 'sh', ...palisade],
    timeoutMs: 60_000,
  });
  const text = ran.kind === 'exited' ? ran.stdout + ran.stderr : ran.kind;
  const wrong = await judge(place, { is: 'now' });
  // Without such a lock, iptables-nft is kept from nothing.
  const isTold = backend === 'nft' || text.includes('has held the lock of iptables, /run/xtables.lock,');
  return isTold && text.includes(`ended with ${backend === 'nft' ? 0 : 4} and 0`) ? wrong : [...wrong, text];
}

/** The lock of iptables-legacy is somebody else's: for longer than palisade waits, or as soon as he can get it in the middle of a change. */
export const lock: Trials = (backend) => [
  { does: 'another program holds the lock throughout', judge: () => heldBefore(backend, 60) },
  { does: 'another program holds /run/xtables.lock, and lets it go', judge: () => realFile(backend) },
  {
    does: 'another program wants the lock between the families',
    quick: backend === 'legacy',
    judge: () => wantedBetween(backend, false),
  },
  { does: 'another program gets the lock before the change is undone', judge: () => wantedBetween(backend, true) },
];
