import type { Backend, Host } from '../../model/host/index.ts';
import { type Family, formatAddress } from '../../model/net/index.ts';
import { isBuiltin } from '../../model/ruleset/index.ts';
import { parseScript, type RunOptions } from '../../model/ruleset/script/index.ts';
import { hereDocument } from '../command.ts';
import type { Witness } from '../finding.ts';
import type { ManagementSession } from './session.ts';
import { type Life, type Moment, timelineOf } from './timeline.ts';

/** What a script leaves, as text for one iptables-restore of a family: only the tables that it changes, each whole. */
export interface Transaction {
  readonly family: Family;
  readonly tool: string;
  /** In the order in which the kernel takes them, each at once. */
  readonly tables: readonly string[];
  /** Counters are none of it. */
  readonly text: string;
}

/** The same change with as few steps as there are tables. */
export interface Equivalent {
  readonly transactions: readonly Transaction[];
  /** Rules that were put in since the script alone would lock its user out, as iptables-save prints them. */
  readonly added: readonly { readonly family: Family; readonly table: string; readonly rule: string }[];
  /** Every session passes at every step of it, as far as is known; `null` where there is none to ask about. */
  readonly safe: boolean | null;
}

type Tables = ReadonlyMap<string, string>;

/** Tables of one family that a script changes, and how they stand then. */
export function changedTables(before: string, after: string): Tables {
  const [was, is] = [tablesOf(before), tablesOf(after)];
  return new Map([...is].filter(([name, text]) => (was.get(name) ?? '') !== text && !(isIdle(text) && !was.has(name))));
}

/** Without counters, so that texts can be compared. */
function tablesOf(text: string): Tables {
  const found = new Map<string, string>();
  for (const [section, name = ''] of text.matchAll(/^\*(\S+)\n[\s\S]*?^COMMIT\n/gm)) {
    found.set(name, section.replace(/^\[\d+:\d+\] /gm, '').replace(/^(:.*) \[\d+:\d+\]$/gm, '$1 [0:0]'));
  }
  return found;
}

function isIdle(text: string): boolean {
  return !/^-A /m.test(text) && !/^:\S+ (?!ACCEPT)/m.test(text);
}

/** So many rules are put in, one after the other, to let a session in again. */
const mostAdded = 8;

/**
 * Puts the change into transactions and goes through them as through a script: sessions must pass at each of their steps.
 * Where the order of tables matters to them, another one is tried; where the end would lock somebody out, rules that accept
 * the peer are put in front of what denies it.
 */
export function equivalentOf(
  host: Host,
  options: RunOptions & { readonly backend: Backend },
  named: boolean,
  changed: Readonly<Record<Family, Tables>>,
  sessions: readonly ManagementSession[],
): Equivalent {
  const actual = sessions.filter(({ actual: is }) => is);
  const added: Equivalent['added'][number][] = [];
  let tables = changed;
  for (;;) {
    const plain = transactionsOf(tables, options.backend, named);
    const end = momentsOf(host, options, plain, actual).at(-1);
    const [denied] = (end?.lives ?? []).flatMap(({ fresh, running }, index) => {
      const cut = fresh.kind === 'cut' ? fresh : running.kind === 'cut' ? running : null;
      return cut === null ? [] : [{ witness: cut.witness, session: actual[index] as ManagementSession }];
    });
    if (denied === undefined || added.length >= mostAdded) break;
    const next = withAccept(tables, denied.witness, denied.session);
    if (next === null) break;
    added.push(next.added);
    tables = next.tables;
  }
  const orders = ordersOf(tables);
  const tried = orders.map((order) => {
    const transactions = transactionsOf(order, options.backend, named);
    return { transactions, safe: momentsOf(host, options, transactions, actual).every(({ lives }) => lives.every(passes)) };
  });
  const best = tried.find(({ safe }) => safe) ?? tried[0];
  const transactions = best?.transactions ?? [];
  return { transactions, added, safe: actual.length === 0 ? null : best?.safe === true };
}

function passes({ running, fresh }: Life): boolean {
  return running.kind === 'passes' && fresh.kind === 'passes';
}

function transactionsOf(tables: Readonly<Record<Family, Tables>>, backend: Backend, named: boolean): readonly Transaction[] {
  return ([4, 6] as const).flatMap((family) => {
    if (tables[family].size === 0) return [];
    const tool = `${family === 4 ? 'iptables' : 'ip6tables'}${named ? `-${backend}` : ''}-restore`;
    return [{ family, tool, tables: [...tables[family].keys()], text: [...tables[family].values()].join('') }];
  });
}

/** As a shell takes it. */
export function asCommand({ tool, text }: Transaction): string {
  return hereDocument(tool, text);
}

/** What stands after each step, without the beginning. */
function momentsOf(
  host: Host,
  options: RunOptions,
  transactions: readonly Transaction[],
  sessions: readonly ManagementSession[],
): readonly Moment[] {
  const script = parseScript(transactions.map(asCommand).join(''), { file: 'the transaction' });
  if (!script.ok) throw new Error(script.problems[0]?.message);
  return timelineOf(host, script.value, options, sessions).moments.slice(1);
}

/** Few tables are tried in every order; of more only there and back. */
function ordersOf(tables: Readonly<Record<Family, Tables>>): readonly Readonly<Record<Family, Tables>>[] {
  const of = (family: Family): readonly Tables[] => {
    const entries = [...tables[family]];
    const orders = entries.length <= 3 ? permutations(entries) : [entries, entries.toReversed()];
    return orders.map((order) => new Map(order));
  };
  // Families do not see each other's packets.
  const [four, six] = [of(4), of(6)];
  const count = Math.max(four.length, six.length);
  const at = (orders: readonly Tables[], index: number): Tables => orders[index % orders.length] ?? new Map();
  return Array.from({ length: count }, (_, index) => ({ 4: at(four, index), 6: at(six, index) }));
}

function permutations<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length < 2) return [items];
  return items.flatMap((item, at) => permutations(items.toSpliced(at, 1)).map((rest) => [item, ...rest]));
}

/** Accepts the peer in front of the rule, or at the end in front of the policy, of the built-in chain in which it is denied. */
function withAccept(
  tables: Readonly<Record<Family, Tables>>,
  { packet, trace }: Witness,
  { peer, localPort }: ManagementSession,
): { readonly tables: Readonly<Record<Family, Tables>>; readonly added: Equivalent['added'][number] } | null {
  const { family, hook } = packet;
  const table = trace.decidedBy?.table;
  const text = table === undefined ? undefined : tables[family].get(table);
  const inTable = trace.path.filter((step) => step.table === table);
  const at = inTable.findLast((step) => isBuiltin(step.table, step.chain)) ?? trace.decidedBy;
  // Where the table is not part of the change, it is not for the change to be mended in.
  if (at === null || at === undefined || table === undefined || text === undefined || !isBuiltin(at.table, at.chain)) return null;
  const address = `${formatAddress(peer)}/${family === 4 ? 32 : 128}`;
  const match = hook === 'input' ? `-s ${address} -p tcp -m tcp --dport` : `-d ${address} -p tcp -m tcp --sport`;
  const rule = `-A ${at.chain} ${match} ${localPort} -j ACCEPT`;
  const lines = text.split('\n');
  const inChain = lines.flatMap((line, index) =>
    line === `-A ${at.chain}` || line.startsWith(`-A ${at.chain} `) ? [index] : [],
  );
  const place = at.rule === 'policy' ? lines.indexOf('COMMIT') : (inChain[at.rule - 1] ?? -1);
  if (place < 0 || lines.includes(rule)) return null;
  const mended = lines.toSpliced(place, 0, rule).join('\n');
  return {
    tables: { ...tables, [family]: new Map(tables[family]).set(table, mended) },
    added: { family, table, rule },
  };
}
