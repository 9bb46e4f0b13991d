import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/** How often to look where nothing tells: whether a file was replaced, which its own changes do not tell. */
const idleMs = 1000;
const waitingMs = 500;
/** Just after a file was renamed. */
const soonMs = 50;
/** Without inotify, as where all of a user's watches are taken. */
const blindMs = 100;
/** For how long a file that was renamed is soon replaced. */
const renamedMs = 5000;
/** Writers that write each line by itself would otherwise have every line looked for by itself. */
const restMs = 5;

/** Tells when there may be something new to read in a file. */
export interface Bell extends Disposable {
  /** From now on the file that has the name is listened to: before it is read, so that nothing comes between. `newest`: which one that is, as far as is known. */
  listen(newest: string): void;
  /** Until something may be new, or the signal aborts. `waiting`: there is no file to listen to. */
  wait(waiting: boolean): Promise<void>;
  /** A moment in which more may come. */
  rest(): Promise<void>;
}

/** `null`: it is not there, or no more can be watched; then it is looked for by time alone. */
function listenTo(path: string, heard: (event: string, name: string | null) => void): FSWatcher | null {
  try {
    return watch(path, heard);
  } catch {
    return null;
  }
}

export function createBell(path: string, signal: AbortSignal): Bell {
  let watcher: FSWatcher | null = null;
  let stale = true;
  let listened = '';
  let rung = false;
  let renamedAt = Number.NEGATIVE_INFINITY;
  let wake: (() => void) | undefined;
  const ring = (): void => {
    rung = true;
    wake?.();
  };
  const close = (): void => {
    watcher?.close();
    watcher = null;
  };
  signal.addEventListener('abort', ring);

  function pause(ms: number, wakes: boolean): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        wake = undefined;
        resolve();
      };
      const timer = setTimeout(end, ms);
      if (wakes) wake = end;
      if (signal.aborted) end();
    });
  }

  return {
    listen(newest) {
      rung = false;
      if (!stale && watcher !== null && listened === newest) return;
      listened = newest;
      close();
      stale = false;
      // By inode: it goes on telling of this file under whatever name.
      watcher = listenTo(path, (event) => {
        if (event === 'rename') {
          renamedAt = performance.now();
          stale = true;
        }
        ring();
      });
      // It is not there: its folder tells when it is.
      const name = basename(path);
      watcher ??= listenTo(dirname(path), (_event, of) => {
        if (of !== name) return;
        stale = true;
        ring();
      });
      watcher?.on('error', () => {
        stale = true;
        ring();
      });
    },
    async wait(waiting) {
      if (rung) return;
      const renamed = performance.now() - renamedAt < renamedMs;
      await pause(renamed ? soonMs : waiting ? waitingMs : watcher === null ? blindMs : idleMs, true);
    },
    rest: () => pause(restMs, false),
    [Symbol.dispose]() {
      signal.removeEventListener('abort', ring);
      close();
    },
  };
}
