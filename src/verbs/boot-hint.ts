import { resolve } from 'node:path';
import { bootInstalled, bootScript, hasBoot } from '../change/index.ts';
import type { Context } from './verb.ts';

/** What whoever has confirmed a change must know of the next start; `null`: nothing. */
export function bootHint(stateFolder: string): string | null {
  const state = resolve(stateFolder);
  if (!hasBoot(state) || bootInstalled(state) === 'installed') return null;
  return 'These rules are gone when the machine starts anew, until palisade boot-restore --install is run once.';
}

/** As {@link bootHint}, once it was tried in a namespace whether the rules can be restored at all. */
export async function bootTried(context: Context): Promise<string | null> {
  const state = resolve(context.stateFolder);
  if (!hasBoot(state)) return null;
  await using namespace = await context.kernel.namespace();
  const ran = await namespace.run({ argv: ['sh', '-s', 'rehearse', state], input: bootScript, timeoutMs: 120_000 });
  if (ran.kind === 'exited' && ran.status === 0) return bootHint(state);
  const why = ran.kind === 'exited' ? ran.stderr.trim().replace(/^palisade: /, '') : ran.kind;
  return `A namespace did not take them as the machine would load them when it starts: ${why}. Emergency rules would be loaded then.`;
}
