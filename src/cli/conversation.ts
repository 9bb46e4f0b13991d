import { createInterface, type Interface } from 'node:readline';

/** With a person at a terminal: a question, one line for an answer. */
export interface Conversation extends Disposable {
  /** `null` when the person ends it (Ctrl-D). Rejects when the command is interrupted. */
  ask(question: string): Promise<string | null>;
}

/**
 * One reader of lines for the whole conversation, so that answers pasted together each find their question. It is opened at the first
 * question: most commands ask nothing.
 */
export function conversation(input: NodeJS.ReadStream, output: NodeJS.WriteStream, signal: AbortSignal): Conversation {
  const answers: string[] = [];
  let reader: Interface | undefined;
  let ended = false;
  let waiting: ((answer: string | null) => void) | undefined;
  const open = (): Interface => {
    const opened = createInterface({ input, output, terminal: true });
    opened.on('line', (line) => {
      if (waiting === undefined) answers.push(line);
      else waiting(line);
    });
    opened.on('close', () => {
      ended = true;
      // Whatever is said next begins a line of its own.
      if (waiting !== undefined) output.write('\n');
      waiting?.(null);
    });
    // The terminal is in raw mode now, and the kernel sends no signal of itself.
    opened.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
    return opened;
  };
  return {
    async ask(question) {
      signal.throwIfAborted();
      reader ??= open();
      const cut = question.lastIndexOf('\n') + 1;
      if (cut > 0) output.write(question.slice(0, cut));
      const ready = answers.shift();
      if (ready !== undefined) output.write(`${question.slice(cut)}${ready}\n`);
      if (ready !== undefined || ended) return ready ?? null;
      reader.setPrompt(question.slice(cut));
      reader.prompt();
      return await new Promise<string | null>((resolve, reject) => {
        const stop = (): void => {
          waiting = undefined;
          output.write('\n');
          reject(signal.reason);
        };
        signal.addEventListener('abort', stop, { once: true });
        waiting = (answer) => {
          signal.removeEventListener('abort', stop);
          waiting = undefined;
          resolve(answer);
        };
      });
    },
    [Symbol.dispose]: () => reader?.close(),
  };
}
