import type { Output } from './terminal.ts';

/** Says what is being done, to a person who has waited for a second. */
export interface Progress extends Disposable {
  doing(what: string): void;
  /** Takes the line away, before anything else is written. */
  clear(): void;
}

const patienceMs = 1000;

/** On a terminal one line that is overwritten; anywhere else nothing. */
export function progressLine(err: Output, quiet: boolean): Progress {
  let what = '';
  let shown = false;
  let impatient = false;
  const draw = (): void => {
    if (what === '') return;
    shown = true;
    // A reader that went away misses nothing: progress is not an answer.
    err.write(`\r\u001b[2K${what}…`).catch(() => undefined);
  };
  const clear = (): void => {
    what = '';
    if (shown) err.write('\r\u001b[2K').catch(() => undefined);
    shown = false;
  };
  if (!err.interactive || quiet) return { doing: () => undefined, clear: () => undefined, [Symbol.dispose]: () => undefined };
  const timer = setTimeout(() => {
    impatient = true;
    draw();
  }, patienceMs);
  timer.unref();
  return {
    doing(next) {
      what = next;
      if (impatient) draw();
    },
    clear,
    [Symbol.dispose]() {
      clearTimeout(timer);
      clear();
    },
  };
}
