import { start } from '../../kernel/index.ts';
import type { Backend } from '../../model/host/index.ts';
import { failed, ok, type Result } from '../../result.ts';
import { lockSeconds } from './tools.ts';

/** Nobody else of iptables-legacy writes while it is held. */
export interface XtablesLock extends AsyncDisposable {
  /** The process that holds it, and ends with it; `null` where there is none. */
  readonly holder: number | null;
  /** What our own tools are told, so that they do not wait for it too. */
  readonly env: Readonly<Record<string, string>>;
  /** Lets others write; more than once does nothing. */
  release(): Promise<void>;
}

const free: XtablesLock = {
  holder: null,
  env: {},
  release: () => Promise.resolve(),
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

/**
 * Takes the lock of iptables-legacy, so that nobody holds it between two tables of one change, or writes between what is read and what is
 * written: a legacy tool replaces a table whole. iptables-nft has none, since the kernel itself keeps its writers apart.
 *
 * @param file which one the tools of this host share (XTABLES_LOCKFILE of iptables(8), else /run/xtables.lock).
 * @param own a file that our own tools lock instead.
 */
export async function holdXtablesLock(backend: Backend, file: string, own: string): Promise<Result<XtablesLock>> {
  if (backend !== 'legacy') return ok(free);
  // flock(1) waits, and holds the lock until the standard input of what it runs closes: also when we are killed.
  const holder = start({ argv: ['flock', '-o', '-w', String(lockSeconds), file, 'sh', '-c', 'echo held; exec cat'] });
  const first = await holder.lines[Symbol.asyncIterator]().next();
  if (first.value !== 'held') {
    const { stderr } = await holder.ended;
    const message =
      stderr.trim() === ''
        ? `another program has held the lock of iptables, ${file}, for ${lockSeconds} seconds`
        : `the lock of iptables, ${file}, cannot be taken: ${stderr.trim()}`;
    return failed({
      code: 'restore-refused',
      message,
      hint: `nothing is changed; see who holds it (fuser ${file}), and try again`,
    });
  }
  let isHeld = true;
  const release = async (): Promise<void> => {
    if (isHeld) await holder[Symbol.asyncDispose]();
    isHeld = false;
  };
  return ok({ holder: holder.pid, env: { XTABLES_LOCKFILE: own }, release, [Symbol.asyncDispose]: release });
}
