import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { failed, ok, type Result } from '../result.ts';
import type { Namespace } from './namespace.ts';
import type { Sighting, Wire, WireOptions } from './wire.ts';
import type { Asked } from './wire-holder.ts';

/** Opens wires where we cannot: in namespaces of a user namespace. One at a time; the next takes the place of the last. */
export interface WireProxy extends Disposable {
  open(options: WireOptions): Promise<Result<Wire>>;
}

/** True if only programs that are started inside have rights there. */
export const isBeyond = ({ enter }: Pick<Namespace, 'enter'>): boolean => enter.some((word) => word.startsWith('--user='));

/** Starts the helper in the namespace (wire-holder.ts). It ends with its disposal, or with us: then its channel closes. */
export function startWireProxy({ enter, env }: Pick<Namespace, 'enter' | 'env'>): WireProxy {
  const [tool, ...args] = enter;
  const child = spawn(tool, [...args, process.execPath, '--no-warnings', program()], {
    cwd: '/',
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', ...env },
    // Bytes as bytes, not as lists of numbers in JSON.
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let said = '';
  child.stderr?.on('data', (piece: Buffer) => {
    said = (said + piece.toString('latin1')).slice(-4096);
  });
  const ended = new Promise<Result<never>>((resolve) => {
    const end = (why: string): void => resolve(failed(gone(why)));
    child.once('error', (error) => end(error.message));
    child.once('close', () => end(said));
  });
  // Neither the helper nor its channel keeps us alive but while an answer is awaited.
  child.unref();
  child.channel?.unref();

  async function ask<T>(asked: Asked): Promise<Result<T>> {
    if (!child.connected) return ended;
    child.channel?.ref();
    try {
      const answered = new Promise<Result<T>>((resolve) => {
        child.once('message', (answer) => resolve(answer as Result<T>));
      });
      child.send(asked, () => undefined);
      return await Promise.race([answered, ended]);
    } finally {
      child.removeAllListeners('message');
      child.channel?.unref();
    }
  }

  return {
    async open(options) {
      const opened = await ask<null>({ kind: 'open', options });
      if (!opened.ok) return opened;
      return ok({
        volley: (shots, epoch) => ask<Sighting[]>({ kind: 'volley', shots, epoch }),
        // Its sockets are closed by the next opening or with the helper.
        [Symbol.dispose]: () => undefined,
      });
    },
    [Symbol.dispose]: () => {
      child.kill('SIGKILL');
    },
  };
}

/** Beside this file, as source or as built. */
function program(): string {
  const name = import.meta.url.endsWith('.ts') ? './wire-holder.ts' : './wire-holder.js';
  return fileURLToPath(new URL(name, import.meta.url));
}

function gone(why: string) {
  const reason = why.trim().split('\n').at(-1) || 'no reason given';
  return {
    code: 'unread',
    message: `packets cannot be sent in the namespace, because the helper in it ended (${reason})`,
    hint: 'see that plain users may read the folder that palisade is installed in, or run it as root',
  } as const;
}
