import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { openKmsg as openRing } from '../../kernel/index.ts';
import { type SourceFacts, usualFiles } from './choose.ts';

/** Which sources this machine has. @param nflogGroups those that its rules name. */
export function lookForSources(nflogGroups: readonly number[]): SourceFacts {
  const ring = openRing({ from: 'start' });
  if (ring.ok) ring.value[Symbol.dispose]();
  const program = ['/usr/bin/journalctl', '/bin/journalctl'].some((path) => existsSync(path));
  return {
    nflogGroups,
    kmsg: ring.ok,
    journal: program && ['/var/log/journal', '/run/log/journal'].some(holdsSomething),
    files: usualFiles.filter(isReadable),
  };
}

function holdsSomething(folder: string): boolean {
  try {
    return readdirSync(folder).length > 0;
  } catch {
    // Not there, or not to be seen.
    return false;
  }
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
