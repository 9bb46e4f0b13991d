/**
 * Where logged packets come from: the kernel's log, NFLOG groups, the journal, log files and what rotation made of them, standard input.
 *
 * Each source is an async iterable of batches, of what was lost, and of where reading came to, so that it goes on there. None filters,
 * and none remembers anything itself. Called by `verbs`; it is the only room of `watch` that touches the machine.
 */
export { type Choice, type Chosen, chooseSources, type SourceFacts } from './choose.ts';
export { openCollected } from './collected.ts';
export { type FileSettings, openFile, readHistory } from './file.ts';
export { packingOf } from './files/generations.ts';
export { Held } from './files/held.ts';
export { type JournalSettings, openJournal } from './journal.ts';
export { type KmsgSettings, openKmsg } from './kmsg.ts';
export { localZone } from './local-zone.ts';
export { lookForSources } from './look.ts';
export { type NflogSettings, openNflog } from './nflog.ts';
export { type OpenSettings, openSource } from './open.ts';
export type { Said, Source } from './source.ts';
export { openStdin } from './stdin.ts';
