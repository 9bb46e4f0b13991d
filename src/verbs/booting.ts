import { resolve } from 'node:path';
import {
  bootScript,
  hasBoot,
  installBoot,
  keepForBoot,
  lockState,
  readRecord,
  removeBoot,
  writeForBoot,
} from '../change/index.ts';
import type { Problem } from '../result.ts';
import type { BootRestoredJson } from './boot-shape.ts';
import { records } from './changing/index.ts';
import type { Context, Outcome } from './verb.ts';

type Answer = Outcome<BootRestoredJson>;

/** Has the machine restore what is confirmed in the state folder whenever it starts. */
export async function install(context: Context, root: string): Promise<Answer> {
  const state = resolve(context.stateFolder);
  if (root === '/' && !hasBoot(state)) {
    const locked = lockState(state);
    if (!locked.ok) return { kind: 'unchanged', problems: locked.problems };
    const confirmed = readRecord(records(state).confirmed);
    if (confirmed !== null) {
      // Confirmed by a palisade that wrote nothing for the start.
      writeForBoot(state, confirmed);
      keepForBoot(state, confirmed);
    }
    locked.value();
    if (!hasBoot(state)) return unchanged(nothingConfirmed);
  }
  const files = await installBoot(context.kernel.run, state, root);
  if (!files.ok) return { kind: 'unchanged', problems: files.problems };
  return { kind: 'done', value: { kind: 'installed', files: [...files.value], said: [] } };
}

export async function remove(context: Context, root: string): Promise<Answer> {
  const files = await removeBoot(context.kernel.run, root);
  if (!files.ok) return { kind: 'unchanged', problems: files.problems };
  return { kind: 'done', value: { kind: 'removed', files: [...files.value], said: [] } };
}

/** What the units do, by the same script. */
export async function restore(context: Context): Promise<Answer> {
  const state = resolve(context.stateFolder);
  context.progress('restoring the confirmed firewall');
  const ran = await context.kernel.run({ argv: ['sh', '-s', 'restore', state], input: bootScript, timeoutMs: 300_000 });
  if (ran.kind !== 'exited') throw new Error(`sh: ${ran.kind}`);
  const word = ran.stdout.trim().split('\n').at(-1) ?? '';
  const said = ran.stderr
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/^palisade: /, ''));
  if (word === 'restored' || word === 'there') return { kind: 'done', value: { kind: word, files: [], said } };
  if (word === 'emergency') return { kind: 'found', value: { kind: word, files: [], said } };
  return unchanged(problemOf(word, said));
}

function problemOf(word: string, said: readonly string[]): Problem {
  switch (word) {
    case 'nothing':
      return nothingConfirmed;
    case 'waits':
      return {
        code: 'change-waits',
        message: 'another change is being made, or waits to be confirmed',
        hint: 'run palisade confirm or palisade rollback first',
      };
    case 'differs':
      return {
        code: 'boot-refused',
        message: 'palisade’s chains are there, and are not as they were confirmed: they stay as they are',
        hint: 'run palisade plan to see what differs, and palisade apply to mend it',
      };
    default:
      return {
        code: 'boot-refused',
        message: said.join('; ') || 'the confirmed firewall could not be restored',
        hint: 'see palisade status for what is there now',
      };
  }
}

const nothingConfirmed: Problem = {
  code: 'nothing-waits',
  message: 'no firewall was ever confirmed that could be restored',
  hint: 'run palisade apply and palisade confirm first',
};

function unchanged(problem: Problem): Answer {
  return { kind: 'unchanged', problems: [problem] };
}
