import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Run } from '../../kernel/index.ts';
import { banSetNames } from '../../kernel/index.ts';
import type { Problem } from '../../result.ts';
import { unwritable } from '../history/unwritable.ts';
import { moveWhole } from '../history/whole-file.ts';

const fileIn = (stateFolder: string): string => join(stateFolder, 'bans-remembered');

/**
 * Writes who is in the kernel's sets, for the next start of the machine: a file that {@link banScript} reads, without Node. Whom lists name is not in it:
 * they are many, and `palisade up` has them.
 *
 * @param now epoch milliseconds
 * @returns what kept it from being written: then there is none, lest somebody be shut out again who was let in
 */
export async function rememberBans(run: Run, stateFolder: string, now: number): Promise<Problem | null> {
  const saves: string[] = [];
  for (const name of [banSetNames.never, banSetNames.new, banSetNames.all].flatMap((names) => Object.values(names))) {
    const saved = await run({ argv: ['ipset', 'save', name], timeoutMs: 60_000 });
    if (saved.kind === 'exited' && saved.status === 0) saves.push(saved.stdout);
  }
  const file = fileIn(stateFolder);
  // Whoever watches and a person may both write it at once.
  const own = `${file}.${process.pid}`;
  try {
    writeFileSync(own, rememberedBans(saves.join(''), Math.floor(now / 1000)), { mode: 0o600, flush: true });
    moveWhole(own, file);
    return null;
  } catch (error) {
    const problem = unwritable(stateFolder, error);
    if (problem === null) throw error;
    try {
      rmSync(own, { force: true });
      forgetBans(stateFolder);
    } catch (second) {
      if (unwritable(stateFolder, second) === null) throw second;
    }
    return { ...problem, message: `who is shut out is not kept for the start of the machine: ${problem.message}` };
  }
}

/** @param second of the epoch, when the sets were saved */
function rememberedBans(saved: string, second: number): string {
  const members = saved.matchAll(/^add (\S+) (\S+)(?: timeout (\d+))?/gm);
  const lines = Array.from(members, ([, set, network, left = '0']) => {
    const until = left === '0' ? 0 : second + Number(left);
    return `${set} ${network} ${until}\n`;
  });
  return `at ${second}\n${lines.join('')}`;
}

export function forgetBans(stateFolder: string): void {
  rmSync(fileIn(stateFolder), { force: true });
}
