/** What a disk may do in the middle of things: the process dies with it, or it takes no more. */
export interface Disk {
  /** Calls that write and still go well. */
  left: number;
  /** `die`: that call is done by half, and none is done after it. `full`: from then on each call that needs room fails by half. */
  fails: 'die' | 'full';
  dead: boolean;
}

type Fs = typeof import('node:fs');
const calls = ['writeFileSync', 'writeSync', 'fsyncSync', 'ftruncateSync', 'renameSync', 'openSync', 'rmSync'] as const;

/** `node:fs` as such a disk offers it. */
export function dying(fs: Fs, disk: Disk): Fs {
  const wrapped = calls.map((name) => {
    const real = fs[name] as (...args: unknown[]) => unknown;
    return [
      name,
      (...args: unknown[]) => {
        if (disk.dead) throw new Error('nobody lives to do this');
        const needsRoom = name === 'writeFileSync' || name === 'writeSync';
        if (disk.fails === 'full' && !needsRoom) return real(...args);
        disk.left -= 1;
        if (disk.left >= 0) return real(...args);
        if (name === 'writeFileSync') real(args[0], String(args[1]).slice(0, String(args[1]).length / 2), { mode: 0o600 });
        if (disk.fails === 'full') throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
        disk.dead = true;
        throw new Error('killed');
      },
    ] as const;
  });
  return { ...fs, ...(Object.fromEntries(wrapped) as unknown as Partial<Fs>) };
}
