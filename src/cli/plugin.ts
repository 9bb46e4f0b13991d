import type { Context } from '../verbs/index.ts';
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

type Kernel = Context['kernel'];

/** A kernel that is loaded once something is asked of it: plugins mostly read what is published, and start every minute. */
export function kernelOnDemand(load: () => Promise<Kernel>): Kernel {
  let loading: Promise<Kernel> | undefined;
  const kernel = (): Promise<Kernel> => {
    loading ??= load();
    return loading;
  };
  return {
    run: async (request) => (await kernel()).run(request),
    read: async (options) => (await kernel()).read(options),
    connections: async (options) => (await kernel()).connections(options),
    generation: async (namespace) => (await kernel()).generation(namespace),
    changes: async (options) => (await kernel()).changes(options),
    namespace: async (options) => (await kernel()).namespace(options),
    rights: async () => (await kernel()).rights(),
    // It answers at once, and changes what no plugin changes.
    track: () => {
      throw new Error('a plugin tells connection tracking of nothing');
    },
  };
}
