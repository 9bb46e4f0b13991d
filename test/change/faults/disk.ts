import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Backend } from '../changing.fixture.ts';
import { judge, policies, settled, waits } from './judge.ts';
import type { Between, Place } from './place.ts';
import type { Trials } from './trial.ts';

/** A small disk of its own, in a mount namespace that holds it; seen by whoever knows its holder. */
interface Disk extends AsyncDisposable {
  readonly path: string;
  fill(): void;
  empty(): void;
  /** Lets nobody write, or everybody again. */
  seal(sealed: boolean): Promise<void>;
}

export async function makeDisk(): Promise<Disk> {
  const holder = spawn(
    'unshare',
    ['-m', 'sh', '-c', 'mount -t tmpfs -o size=512k,mode=700 tmpfs /mnt && echo made && exec cat'],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  await once(holder.stdout as NodeJS.ReadableStream, 'data');
  const path = `/proc/${holder.pid}/root/mnt`;
  const filler = join(path, 'filler');
  return {
    path,
    fill() {
      const file = openSync(filler, 'a');
      try {
        for (;;) writeSync(file, Buffer.alloc(4096));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      } finally {
        closeSync(file);
      }
    },
    empty: () => rmSync(filler, { force: true }),
    async seal(sealed) {
      const [child] = [
        spawn('nsenter', ['-m', '-t', String(holder.pid), 'mount', '-o', `remount,${sealed ? 'ro' : 'rw'}`, '/mnt'], {
          stdio: 'inherit',
        }),
      ] as [ChildProcess];
      const [status] = await once(child, 'exit');
      if (status !== 0) throw new Error('the disk could not be sealed');
    },
    async [Symbol.asyncDispose]() {
      holder.stdin?.end();
      if (holder.exitCode === null) await once(holder, 'exit');
    },
  };
}

async function onDisk(
  backend: Backend,
  act: (place: Place, disk: Disk) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  await using disk = await makeDisk();
  await using place = await settled(backend);
  // The first change was made elsewhere; what is known of it is taken along.
  const there = join(disk.path, 'state');
  await place.ns.run({ argv: ['cp', '-a', place.state, there] });
  place.state = there;
  return await act(place, disk);
}

/** How many programs palisade runs until it has come to something. */
const steps = 40;

/** The disk takes nothing from the step on at which palisade has run so many programs. */
async function fullFrom(backend: Backend, step: number, sealed: boolean): Promise<readonly string[]> {
  return onDisk(backend, async (place, disk) => {
    let count = 0;
    const between: Between = (run) => async (request) => {
      count += 1;
      if (count === step) await (sealed ? disk.seal(true) : disk.fill());
      return run(request);
    };
    if (step === 0) await (sealed ? disk.seal(true) : disk.fill());
    const said = await place.run('apply', { policy: policies.now, between });
    let wrong = await judge(place, { said });
    if (said.exit === 4 && !/state folder|could not be started|undone/.test(said.text))
      wrong = wrong.concat(`it does not say why: ${said.text}`);
    await disk.seal(false);
    disk.empty();
    // Once there is room again, the next one finds its way.
    let next = await place.run('apply', { policy: policies.now });
    if (/undone now|waits/.test(next.text)) next = await place.run('apply', { policy: policies.now });
    return [...wrong, ...(await judge(place, { is: 'now', said: next }))];
  });
}

/** The disk takes nothing when a change that waits is confirmed, or undone. */
async function fullAtConfirm(backend: Backend, sealed: boolean, verb: 'confirm' | 'rollback'): Promise<readonly string[]> {
  return onDisk(backend, async (place, disk) => {
    const waiting = place.run('apply', { policy: policies.now, waits: 6 });
    if (!(await waits(place))) return [`apply does not wait: ${(await waiting).text}`];
    if (sealed) await disk.seal(true);
    else disk.fill();
    const said = await place.run(verb);
    const ended = await waiting;
    let wrong = await judge(
      place,
      sealed ? { is: 'old', said: { ...said, exit: 4 } } : verb === 'confirm' ? { is: 'now', said } : { is: 'old' },
    );
    if (sealed && said.exit !== 4) wrong = wrong.concat(`on a disk that takes nothing, ${verb} says ${said.exit}: ${said.text}`);
    if (!sealed && said.exit !== 0) return [...wrong, `on a full disk, ${verb} says ${said.exit}: ${said.text}`];
    if (ended.exit !== (!sealed && verb === 'confirm' ? 0 : 4))
      return [...wrong, `apply ended with ${ended.exit}: ${ended.text}`];
    return wrong;
  });
}

/** The disk that holds palisade's state is full, or may only be read: from the start, from any step on, or when it is confirmed. */
export const disk: Trials = (backend, times, random) => [
  ...[false, true].flatMap((sealed) => [
    { does: `the disk ${sealed ? 'may only be read' : 'is full'} from the start`, judge: () => fullFrom(backend, 0, sealed) },
    ...Array.from({ length: times }, () => random.below(steps)).map((step) => ({
      does: `the disk ${sealed ? 'may only be read' : 'is full'} from step ${step} on`,
      judge: () => fullFrom(backend, step, sealed),
    })),
  ]),
  { does: 'the disk is full at confirm', quick: backend === 'legacy', judge: () => fullAtConfirm(backend, false, 'confirm') },
  { does: 'the disk may only be read at confirm', judge: () => fullAtConfirm(backend, true, 'confirm') },
  { does: 'the disk is full at rollback', judge: () => fullAtConfirm(backend, false, 'rollback') },
];
