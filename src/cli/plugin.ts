import type { Terminal } from './terminal.ts';

/**
 * The process around a command that a monitoring system calls as its plugin. Whoever calls it reads standard output alone, and some take
 * whatever stands on standard error for the answer: what would go there is said as UNKNOWN, by the plugins' grammar. Nobody sits there.
 */
export function asPlugin(terminal: Terminal): Terminal {
  // Node itself says on standard error what it thinks of its own features.
  process.removeAllListeners('warning');
  let isSaid = false;
  return {
    ...terminal,
    out: { ...terminal.out, interactive: false, columns: null, write: (piece) => terminal.out.write(piece) },
    err: {
      interactive: false,
      columns: null,
      async write(piece) {
        const { plainLine } = await import('../verbs/checking/index.ts');
        const text = typeof piece === 'string' ? piece : Buffer.from(piece).toString();
        const first = `PALISADE UNKNOWN - ${text.trimEnd().replace(/^palisade: /, '')}`;
        await terminal.out.write(`${plainLine(isSaid ? text : first)}\n`);
        isSaid = true;
      },
    },
    conversation: () => null,
    canvas: () => null,
  };
}
