/**
 * How palisade is asked for in a terminal: understands a command line, runs the verb, draws its answer, says its exit code.
 *
 * It knows nothing of firewalls. Flags, help, man pages and completion are made from the verb objects; `render/<verb>.ts`
 * only draws; `docs/` writes what is generated. The daemon's `main.ts` calls `commandLine` for every command.
 */
export { commandLine, type Pieces } from './command-line.ts';
export type { Output, Terminal } from './terminal.ts';
