import type { Run } from '../../kernel/index.ts';
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

/**
 * Writes one table, or says why the kernel or its tool does not take it.
 *
 * @param lock a file that is locked meanwhile, so that nobody undoes what a tool is still writing
 */
export async function writeTransaction(
  run: Run,
  backend: Backend,
  family: Family,
  { table, text }: Transaction,
  lock?: string,
): Promise<Problem | null> {
  const { restore } = toolsFor(family, backend);
  const tool = [restore, '--noflush', '-w', String(lockSeconds)] as const;
  const argv = lock === undefined ? tool : (['flock', lock, ...tool] as const);
  const result = await run({ argv, input: text, timeoutMs: 120_000 });
  if (result.kind === 'exited' && result.status === 0) return null;
  const why = result.kind === 'exited' ? (result.stderr.trim().split('\n')[0] ?? '') : result.kind;
  return {
    code: 'restore-refused',
    message: `${restore} did not take the table ${table}: ${why}`,
    hint:
      result.kind === 'exited' && result.status === 4
        ? 'another program holds the lock; try again'
        : 'nothing is changed; see palisade plan',
  };
}
