import type { Run, RunResult } from '../../kernel/index.ts';
import type { Backend } from '../../model/host/index.ts';
import type { Family } from '../../model/net/index.ts';
import type { Problem } from '../../result.ts';
import type { OwnTable } from './own.ts';
import { lockSeconds, toolsFor } from './tools.ts';

/** What `iptables-restore --noflush` reads to change one table; the kernel takes all of it or nothing. */
export interface Transaction {
  readonly table: string;
  readonly text: string;
}

const nothing: Omit<OwnTable, 'table'> = { policies: new Map(), chains: new Map(), jumps: [] };

/**
 * What makes one family's own part as it is to be, of tables that differ. Rules and chains of others are not spoken of; a jump is taken
 * away as often as it stands there, since taking away what is not there fails the whole table.
 */
export function transactionsOf(before: readonly OwnTable[], after: readonly OwnTable[]): readonly Transaction[] {
  const names = [...new Set([...before, ...after].map(({ table }) => table))];
  return names.flatMap((table) => {
    const old = before.find((one) => one.table === table) ?? { table, ...nothing };
    const now = after.find((one) => one.table === table) ?? { ...nothing, table, policies: old.policies };
    return isSame(old, now) ? [] : [{ table, text: textOf(old, now) }];
  });
}

function textOf(old: OwnTable, now: OwnTable): string {
  const lines = [`*${now.table}`];
  for (const [chain, policy] of now.policies) if (old.policies.get(chain) !== policy) lines.push(`:${chain} ${policy} [0:0]`);
  // Declared again, a chain of one's own is empty.
  for (const chain of new Set([...old.chains.keys(), ...now.chains.keys()])) lines.push(`:${chain} - [0:0]`);
  if (!isSameJumps(old, now)) {
    lines.push(...old.jumps.map(({ text }) => text.replace(/^-A /, '-D ')));
    lines.push(
      ...[...now.jumps]
        .sort((one, other) => one.position - other.position)
        .map(({ from, position, text }) => `-I ${from} ${position} ${text.slice(`-A ${from} `.length)}`),
    );
  }
  for (const [chain, rules] of now.chains) lines.push(...rules.map((rule) => `-A ${chain} ${rule}`));
  for (const chain of old.chains.keys()) if (!now.chains.has(chain)) lines.push(`-X ${chain}`);
  return `${lines.join('\n')}\nCOMMIT\n`;
}

export function isSame(old: OwnTable, now: OwnTable): boolean {
  const policies = [...now.policies].every(([chain, policy]) => (old.policies.get(chain) ?? 'ACCEPT') === policy);
  const chains =
    old.chains.size === now.chains.size &&
    [...now.chains].every(([chain, rules]) => old.chains.get(chain)?.join('\n') === rules.join('\n'));
  return policies && chains && isSameJumps(old, now);
}

function isSameJumps(old: OwnTable, now: OwnTable): boolean {
  const words = ({ jumps }: OwnTable): string =>
    jumps
      .map(({ position, text }) => `${position} ${text}`)
      .sort()
      .join('\n');
  return words(old) === words(now);
}

/** Why a table was not written. `refused`: somebody may have been faster; `broken`: the tool did not come to its end. */
export interface Refusal {
  readonly how: 'refused' | 'locked' | 'broken';
  readonly problem: Problem;
}

/** The kernel takes a hundred thousand rules in a few seconds; a tool that takes longer hangs, and packets meet half a change meanwhile. */
const commitMs = 30_000;

/** How a tool ends that did not get the lock, or found the rules changed under its hands (RESOURCE_PROBLEM of xtables.h). */
const lockedStatus = 4;

/**
 * Writes one table, or says why the kernel or its tool does not take it.
 *
 * @param how what stands before the tool's argv, and what it is told beside it
 */
export async function restoreTable(
  run: Run,
  backend: Backend,
  family: Family,
  { table, text }: Transaction,
  { behind = [], env = {} }: { readonly behind?: readonly string[]; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Refusal | null> {
  const { restore } = toolsFor(family, backend);
  const [tool = restore, ...args] = [...behind, restore, '--noflush', '-w', String(lockSeconds)];
  const result = await run({ argv: [tool, ...args], input: text, timeoutMs: commitMs, env });
  if (result.kind === 'exited' && result.status === 0) return null;
  const isLocked = result.kind === 'exited' && result.status === lockedStatus;
  return {
    how: isLocked ? 'locked' : result.kind === 'exited' && result.status === 1 ? 'refused' : 'broken',
    problem: {
      code: 'restore-refused',
      message: `${restore} did not take the table ${table}: ${whyNot(result)}`,
      hint: isLocked ? 'another program writes rules; nothing is changed, try again' : 'nothing is changed; see palisade plan',
    },
  };
}

function whyNot(result: RunResult): string {
  switch (result.kind) {
    case 'exited':
      return result.stderr.trim().split('\n')[0] || `it ended with ${result.status}`;
    case 'timeout':
      return `it was still at it after ${commitMs / 1000} seconds`;
    case 'signalled':
      return `something ended it (${result.signal})`;
    case 'missing':
      return 'it is not there';
    case 'too-large':
      return 'it says too much';
    default:
      return result satisfies never;
  }
}

/** As {@link restoreTable}, for those who do not try again. */
export async function writeTransaction(
  run: Run,
  backend: Backend,
  family: Family,
  transaction: Transaction,
): Promise<Problem | null> {
  return (await restoreTable(run, backend, family, transaction))?.problem ?? null;
}
