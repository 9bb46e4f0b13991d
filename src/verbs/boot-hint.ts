import { resolve } from 'node:path';
import { bootInstalled, hasBoot } from '../change/index.ts';

/** What whoever has confirmed a change must know of the next start; `null`: nothing. */
export function bootHint(stateFolder: string): string | null {
  const state = resolve(stateFolder);
  if (!hasBoot(state) || bootInstalled(state) === 'installed') return null;
  return 'These rules are gone when the machine starts anew, until palisade boot-restore --install is run once.';
}
