import { readdirSync, readFileSync } from 'node:fs';

/** Those who stand ready to undo a change of a state folder, by their process ids. */
export function guardsOf(state: string): readonly number[] {
  return readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const words = readFileSync(`/proc/${entry}/cmdline`, 'latin1').split('\0');
      return words[0] === 'sh' && words.some((word) => word.startsWith(`${state}/`) && word.endsWith('guard.sh'))
        ? [Number(entry)]
        : [];
    } catch {
      // It ended meanwhile.
      return [];
    }
  });
}

/** Sends all of them a signal; one that has come to its end needs none. */
export function signalGuards(state: string, signal: NodeJS.Signals): void {
  for (const guard of guardsOf(state)) {
    try {
      process.kill(guard, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}
