import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Kernel, type Namespace, NamespaceRefused } from '../../kernel/index.ts';
import { failed, ok, type Problem, type Result } from '../../result.ts';
import { readBody } from '../snapshots/index.ts';
import { unlikeState } from './compared.ts';
import { stateFiles, type TablePlace } from './files.ts';
import { restoreScript } from './script.ts';
import { type HostState, hostState } from './state.ts';

/** From what a host is to what it is to be. */
export interface Way {
  readonly from: HostState;
  readonly to: HostState;
  /** All tables of both, in the order in which they are written; the other way round going back. */
  readonly order: readonly TablePlace[];
}

const nothing: HostState = { tables: [], sets: [], recent: new Map() };
const longestMs = 300_000;

/**
 * Goes the whole way in a namespace: makes it as the host is, then as it is to be, byte for byte with all counters, and then as it was
 * again. So it is known that the change can be made here, and that it can be undone.
 *
 * @param folder takes files meanwhile; nobody else may be able to write there
 */
export async function rehearseWay(kernel: Kernel, folder: string, { from, to, order }: Way): Promise<Result<void>> {
  try {
    await using namespace = await kernel.namespace({ bare: true });
    const there = { kernel, namespace, folder };
    const steps = [
      { to: from, from: nothing, order, what: 'what is there now could not be put back' },
      { to, from, order, what: 'it cannot be restored here' },
      { to: from, from: to, order: order.toReversed(), what: 'what is there now could not be put back' },
    ];
    for (const step of steps) {
      const problem = await goes(there, step);
      if (problem !== null) return failed(problem);
    }
    return ok(undefined);
  } catch (error) {
    if (error instanceof NamespaceRefused) return failed(error.problem);
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface There {
  readonly kernel: Kernel;
  readonly namespace: Namespace;
  readonly folder: string;
}

async function goes(
  { kernel, namespace, folder }: There,
  { to, from, order, what }: Way & { readonly what: string },
): Promise<Problem | null> {
  writeState(folder, 'state', stateFiles(to, from, order));
  writeFileSync(join(folder, 'restore.sh'), restoreScript, { mode: 0o600 });
  const argv = ['sh', join(folder, 'restore.sh'), join(folder, 'state')] as const;
  const ran = await namespace.run({ argv, timeoutMs: longestMs });
  const refuse = (why: string): Problem => ({
    code: 'restore-refused',
    message: `${what}: ${why}`,
    hint: 'nothing is changed; see palisade backup verify --prove',
  });
  if (ran.kind !== 'exited') return refuse(`it was not done in a namespace (${ran.kind})`);
  if (ran.status !== 0) return refuse(ran.stderr.trim().split('\n').at(-1) || `sh ended with ${ran.status}`);
  const found = hostState(await readBody({ kernel, namespace }, null), 'the rehearsal');
  if (!found.ok) return found.problems[0] ?? refuse('nobody says why');
  const unlike = unlikeState(to, found.value, { counters: true });
  return unlike === null ? null : refuse(unlike);
}

/** Puts files of a state into a folder of its own. */
function writeState(folder: string, name: string, files: ReadonlyMap<string, string>): void {
  rmSync(folder, { recursive: true, force: true });
  // One by one: of both, Node would say on a disk that may only be read that they are not there.
  mkdirSync(folder, { mode: 0o700 });
  mkdirSync(join(folder, name), { mode: 0o700 });
  for (const [file, text] of files) writeFileSync(join(folder, name, file), text, { encoding: 'latin1', mode: 0o600 });
}
