import { resolve } from 'node:path';
import { pendingFolder, pendingState } from '../../change/guard/pending.ts';

/** Whether a change of palisade's own is under way, so that what stands says nothing. */
export function isChanging(stateFolder: string): boolean {
  return ['waiting', 'reverting', 'confirmed', 'abandoned'].includes(pendingState(pendingFolder(resolve(stateFolder))));
}

/** Whether one was cut short: whoever would have undone it is gone. */
export function isAbandoned(stateFolder: string): boolean {
  return ['confirmed', 'abandoned'].includes(pendingState(pendingFolder(resolve(stateFolder))));
}
