/**
 * Where every command starts: joins kernel, server and log into the context that verbs are handed, and runs the
 * command line with it. `palisade up` and, later, the unit `palisaded` are the same composition.
 */
import { commandLine } from '../cli/index.ts';
import type { Verb } from '../verbs/index.ts';

const argv = process.argv.slice(2);

process.exitCode = await commandLine(argv, {
  // A monitoring system starts it every minute, on many machines: nothing is loaded that it has no use for.
  ...(argv[0] === 'check' && { verbs: [(await import('../verbs/check.ts')).check as unknown as Verb] }),
  kernel: async () => (await import('../kernel/index.ts')).createKernel(),
  serve: async (...request) => (await import('../server/index.ts')).serve(...request),
});
