import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Known } from '../model/host/index.ts';
import type { Namespace } from './namespace.ts';

/** Runs commands one after another inside; all must succeed. */
export async function tell(ns: Namespace, ...commands: readonly string[]): Promise<string> {
  const result = await ns.run({ argv: ['sh', '-ec', commands.join('\n')] });
  if (result.kind !== 'exited' || result.status !== 0) throw new Error(JSON.stringify(result));
  return result.stdout;
}

/** True where the kernel has what the command needs. */
export async function can(ns: Namespace, command: string): Promise<boolean> {
  const result = await ns.run({ argv: ['sh', '-ec', command] });
  return result.kind === 'exited' && result.status === 0;
}

export function value<T>(fact: Known<T>): T {
  if (!fact.known) throw new Error(`${fact.why} | ${fact.remedy}`);
  return fact.value;
}

export function why(fact: Known<unknown>): string {
  if (fact.known) throw new Error('it is known');
  return `${fact.why} | ${fact.remedy}`;
}

/** A program that does this in Node inside and waits until it is let go. */
export async function inside(ns: Namespace, script: string): Promise<AsyncDisposable & { readonly said: string }> {
  const program = `${script}\nprocess.stdin.resume().on('end', () => process.exit());`;
  const [tool, ...args] = [...ns.enter, process.execPath, '--no-warnings', '--input-type=module', '-e', program] as [
    string,
    ...string[],
  ];
  const child = spawn(tool, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  return {
    said: said.toString().trim(),
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await once(child, 'exit');
    },
  };
}
