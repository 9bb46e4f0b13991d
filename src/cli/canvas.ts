import { emitKeypressEvents, type Key } from 'node:readline';

/** A terminal as a screen: lines that stand until others are shown, and keys. Disposing of it gives the terminal back as it was. */
export interface Canvas extends Disposable {
  size(): { readonly width: number; readonly height: number };
  /** Shows lines from the top; only those that are others than before are written. What a slow terminal did not take is left out for what comes next. */
  show(lines: readonly string[]): void;
  /** A key's name (`up`, `tab`, `enter`, `escape`), or the character itself. */
  onKey(listener: (key: string) => void): void;
  /** It has another size, or must be drawn anew. */
  onChange(listener: () => void): void;
}

const start = '\u001b[';
// Alternate screen, no cursor, no wrapping at the edge; a bracketed paste would come as keys.
const enter = `${start}?1049h${start}?25l${start}?7l${start}2J`;
const leave = `${start}?7h${start}?25h${start}?1049l`;
/** Drawn at once, by terminals that know of it (mode 2026); others pass over it. */
const together = [`${start}?2026h`, `${start}?2026l`] as const;

/** As long as it stands, keys come one by one, and Ctrl-C and Ctrl-Z are ours to hear. */
export function openCanvas(input: NodeJS.ReadStream, output: NodeJS.WriteStream): Canvas {
  let shown: readonly string[] | null = null;
  let isOpen = false;
  let hear: (key: string) => void = () => undefined;
  let changed: () => void = () => undefined;

  const open = (): void => {
    isOpen = true;
    shown = null;
    input.setRawMode(true);
    output.write(enter);
  };
  const close = (): void => {
    if (!isOpen) return;
    isOpen = false;
    output.write(leave);
    // The terminal may be gone, as when its window was closed.
    if (!input.destroyed) input.setRawMode(false);
  };
  const again = (): void => {
    shown = null;
    changed();
  };
  const onPress = (text: string | undefined, key: Key): void => {
    if (key.ctrl === true && key.name === 'c') process.kill(process.pid, 'SIGINT');
    else if (key.ctrl === true && key.name === 'z') {
      close();
      process.kill(process.pid, 'SIGTSTP');
    } else if (key.ctrl === true && key.name === 'l') again();
    else if (key.ctrl !== true) hear(nameOf(text, key));
  };
  const onContinued = (): void => {
    if (isOpen) return;
    open();
    changed();
  };
  const drained = (): void => changed();

  emitKeypressEvents(input);
  open();
  input.on('keypress', onPress).resume();
  output.on('resize', again).on('drain', drained);
  process.on('SIGCONT', onContinued);
  // However it ends, the terminal is given back: before the fault is told, and before the process goes.
  process.on('uncaughtExceptionMonitor', close).on('exit', close);

  return {
    size: () => ({ width: output.columns, height: output.rows }),
    show(lines) {
      if (!isOpen || output.writableNeedDrain) return;
      const text = differences(shown, lines);
      shown = [...lines];
      if (text !== '') output.write(`${together[0]}${text}${together[1]}`);
    },
    onKey(listener) {
      hear = listener;
    },
    onChange(listener) {
      changed = listener;
    },
    [Symbol.dispose]() {
      close();
      input.off('keypress', onPress).pause();
      output.off('resize', again).off('drain', drained);
      process.off('SIGCONT', onContinued).off('uncaughtExceptionMonitor', close).off('exit', close);
    },
  };
}

/** What makes one screen of another. Each line ends by clearing what stood behind it. */
export function differences(before: readonly string[] | null, after: readonly string[]): string {
  const clear = before === null ? `${start}2J` : '';
  const rows = Array.from({ length: Math.max(before?.length ?? 0, after.length) }, (_, at) => {
    const line = after[at] ?? '';
    return before !== null && line === (before[at] ?? '') ? '' : `${start}${at + 1};1H${line}${start}0m${start}K`;
  });
  return clear + rows.join('');
}

const names: Readonly<Record<string, string>> = { return: 'enter' };

function nameOf(text: string | undefined, key: Key): string {
  if (key.name === 'tab' && key.shift === true) return 'backtab';
  const isCharacter = text !== undefined && [...text].length === 1 && text > ' ' && text !== '\u007f';
  if (isCharacter) return text;
  if (text === ' ') return ' ';
  return names[key.name ?? ''] ?? key.name ?? '';
}
