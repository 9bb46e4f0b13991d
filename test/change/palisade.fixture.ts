import { join } from 'node:path';
import type { Namespace } from '../../src/kernel/index.ts';

export const launcher = join(import.meta.dirname, '../../bin/palisade');

/** What Node made of the sources is kept between runs, as `npm test` says where. */
const kept = process.env['NODE_COMPILE_CACHE'];
export const launcherEnv: Readonly<Record<string, string>> = kept === undefined ? {} : { NODE_COMPILE_CACHE: kept };

export interface Ran {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
  /** Both. */
  readonly said: string;
}

/** The whole program as an administrator runs it in a namespace. */
export async function palisadeIn(ns: Namespace, ...args: readonly string[]): Promise<Ran> {
  const result = await ns.run({ argv: [launcher, ...args], timeoutMs: 60_000, env: launcherEnv });
  if (result.kind !== 'exited') throw new Error(result.kind);
  const { status, stdout, stderr } = result;
  return { status, out: stdout, err: stderr, said: stdout + stderr };
}
