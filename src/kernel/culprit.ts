import type { Family } from '../model/net/index.ts';
import { makeNamespace, type Namespace } from './namespace.ts';
import { type RestoreLine, type RestoreTable, wordsOf } from './restorable.ts';
import { createRun } from './run.ts';

/** The rule that iptables-legacy-restore failed at, and what iptables says of it when it comes alone. */
export interface Culprit {
  readonly line: RestoreLine;
  readonly said: string;
}

interface Asked {
  readonly family: Family;
  readonly noflush?: boolean;
}

/**
 * Finds the rule because of which the kernel refuses a table: iptables-legacy sends a table as a whole, and learns only
 * that it was refused. The shortest beginning that is refused ends with the rule; halving finds it in a namespace made
 * for it, with the same sets and, for a text that adds to rules, the same rules before. `undefined` when the table
 * is taken there.
 */
export async function findCulprit(target: Namespace, table: RestoreTable, asked: Asked): Promise<Culprit | undefined> {
  await using trial = await makeTrial(target, table, asked);
  let taken = 0;
  let refused = table.commands.length;
  if (await trial.takes(refused)) return undefined;
  while (refused - taken > 1) {
    const middle = (taken + refused) >> 1;
    if (await trial.takes(middle)) taken = middle;
    else refused = middle;
  }
  return await trial.reason(refused - 1);
}

/** Why this rule is refused, when it is known to be the one. */
export async function reasonOf(
  target: Namespace,
  table: RestoreTable,
  line: RestoreLine,
  asked: Asked,
): Promise<Culprit | undefined> {
  const index = table.commands.indexOf(line);
  if (index < 0) return undefined;
  await using trial = await makeTrial(target, table, asked);
  return await trial.reason(index);
}

interface Trial extends AsyncDisposable {
  /** Whether the table with so many of its commands is taken. */
  takes(count: number): Promise<boolean>;
  reason(index: number): Promise<Culprit | undefined>;
}

async function makeTrial(target: Namespace, table: RestoreTable, { family, noflush = false }: Asked): Promise<Trial> {
  const prefix = family === 4 ? 'iptables' : 'ip6tables';
  const printed = async (argv: readonly [string, ...string[]]): Promise<string> => {
    const result = await target.run({ argv });
    return result.kind === 'exited' && result.status === 0 ? result.stdout : '';
  };
  const [sets, before] = await Promise.all([
    printed(['ipset', 'save']),
    noflush ? printed([`${prefix}-legacy-save`, '-t', table.name]) : '',
  ]);
  const scratch = await makeNamespace(createRun(), { beside: target });
  const feed = async (argv: readonly [string, ...string[]], input: string): Promise<boolean> => {
    const result = await scratch.run({ argv, input, timeoutMs: 60_000 });
    return result.kind === 'exited' && result.status === 0;
  };
  if (sets !== '') await feed(['ipset', 'restore'], sets);
  const restore = `${prefix}-legacy-restore`;
  const takes = async (count: number): Promise<boolean> => {
    if (noflush && !(await feed([restore], before || `*${table.name}\nCOMMIT\n`))) return false;
    const lines = [...table.chains, ...table.commands.slice(0, count)].map(({ text }) => text);
    return feed([restore, ...(noflush ? ['-n'] : [])], `*${table.name}\n${lines.join('\n')}\nCOMMIT\n`);
  };
  return {
    takes,
    async reason(index) {
      const line = table.commands[index];
      if (line === undefined || !(await takes(index))) return undefined;
      const words = wordsOf(line.text.replace(/^\s*\[\d+:\d+\]\s*/, ''));
      const result = await scratch.run({ argv: [`${prefix}-legacy`, '-t', table.name, ...words] });
      return result.kind === 'exited' && result.status !== 0 ? { line, said: result.stderr } : { line, said: '' };
    },
    [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
  };
}
