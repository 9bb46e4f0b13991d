import { systemClock } from '../clock.ts';
import { createKernel } from '../kernel/index.ts';
import type { Context } from './verb.ts';

/** What a process of palisade's own is told by the one that starts it, beside its errand. */
export type Aside = Pick<Context, 'env' | 'stateFolder' | 'policyFile' | 'settings'>;

/** The surroundings of a process that nobody sits before. What it logs it says on standard error, where whoever started it reads it. */
export function contextAside({ env, stateFolder, policyFile, settings }: Aside, signal: AbortSignal): Context {
  const silent = (): void => undefined;
  const told = (event: string, details = {}): void => void process.stderr.write(`${event} ${JSON.stringify(details)}\n`);
  return {
    clock: systemClock,
    kernel: createKernel(),
    log: { debug: silent, info: silent, warn: told, error: told },
    progress: silent,
    part: async () => undefined,
    signal,
    serve: async () => {
      throw new Error('nobody is served here');
    },
    stdin: async () => new Uint8Array(),
    env,
    stateFolder,
    policyFile,
    settings,
  };
}
