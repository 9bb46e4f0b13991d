/**
 * What Nagios is told without asking: passive results, as lines for its command file or as files of its spool, and the objects that expect them.
 *
 * `result` and `objects` make texts; `pipe` and `spool` hand them over and never wait. The reporter and `integrate` call it. How things stand is judged
 * in `checks`.
 */
export { commonObjects, hostObjects, nrpeCommands, nrpeName, objectName, serviceName } from './objects.ts';
export { type Handed, writeToPipe } from './pipe.ts';
export { commandLine, type PassiveResult } from './result.ts';
export { writeToSpool } from './spool.ts';
