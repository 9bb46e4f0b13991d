/**
 * Where every command starts: joins kernel, server and log into the context that verbs are handed, and runs the
 * command line with it. `palisade up` and, later, the unit `palisaded` are the same composition.
 */
import { commandLine } from '../cli/index.ts';

process.exitCode = await commandLine(process.argv.slice(2), {
  kernel: async () => (await import('../kernel/index.ts')).createKernel(),
  serve: async (...request) => (await import('../server/index.ts')).serve(...request),
});
