import type { Verb } from '../verbs/index.ts';
import type { Terminal } from './terminal.ts';
import { verbNamed } from './understand.ts';

/** Whether what is printed is a value of Zabbix's, whose agent takes standard error for a part of it. */
export function isForZabbix(argv: readonly string[], verbs: readonly Verb[]): boolean {
  if (verbNamed(argv, verbs)?.name !== 'state') return false;
  return argv.some((word, at) => word === '--format=zabbix' || (word === '--format' && argv[at + 1] === 'zabbix'));
}

/** The process around it: what would go to standard error becomes the one line that says that there is no state, and why. */
export function asItems(terminal: Terminal): Terminal {
  // Node itself says on standard error what it thinks of its own features.
  process.removeAllListeners('warning');
  let isSaid = false;
  return {
    ...terminal,
    out: {
      ...terminal.out,
      interactive: false,
      columns: null,
      async write(piece) {
        if (!isSaid) await terminal.out.write(piece);
        isSaid = true;
      },
    },
    err: {
      interactive: false,
      columns: null,
      async write(piece) {
        if (isSaid) return;
        isSaid = true;
        const { itemsWithout } = await import('../verbs/publishing/telling.ts');
        const message = (typeof piece === 'string' ? piece : Buffer.from(piece).toString()).trimEnd().replace(/^palisade: /, '');
        await terminal.out.write(await itemsWithout(message));
      },
    },
    conversation: () => null,
    canvas: () => null,
  };
}
