import { lexLine, newWords, unquoted } from '../lexer.ts';
import { builtinChains, isBuiltin } from '../ruleset.ts';
import { changedTable } from './change.ts';
import { type Refusal, readCommand, refused } from './command.ts';
import { countOf, emptyTable, type Firewall, type TableState, type Undecided, undecided } from './firewall.ts';
import { unloadable } from './loadable.ts';

/** A call of iptables-restore with the text that it reads. */
export interface RestoreCommand {
  readonly kind: 'restore';
  readonly text: string;
  /** Line of the script at which the text begins. */
  readonly line: number;
  readonly noflush: boolean;
  /** It only tries. */
  readonly test: boolean;
  readonly counters: boolean;
  /** Other tables of the text are passed over; `null`: none is. */
  readonly table: string | null;
}

/** Reads the words behind the program's name. */
export function readRestore(
  words: readonly string[],
  text: string,
  line: number,
): RestoreCommand | { readonly kind: 'unclear'; readonly why: string } {
  const said = { noflush: false, test: false, counters: false };
  let table: string | null = null;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] as string;
    if (/^-[nctvh46]+$/.test(word)) {
      if (word.includes('n')) said.noflush = true;
      if (word.includes('t')) said.test = true;
      if (word.includes('c')) said.counters = true;
    } else if (word === '--noflush') said.noflush = true;
    else if (word === '--test') said.test = true;
    else if (word === '--counters') said.counters = true;
    else if (/^-w\d*$|^--wait(?:=\d+)?$/.test(word)) {
      if (/^\d+$/.test(words[at + 1] ?? '')) at += 1;
    } else if (word === '-T' || word === '--table') {
      at += 1;
      table = words[at] ?? '';
    } else if (!/^(?:-W\d+|--verbose|--wait-interval=\d+)$/.test(word))
      return { kind: 'unclear', why: `it restores ${word}, which was not read` };
  }
  return { kind: 'restore', text, line, ...said, table };
}

/**
 * Does to the firewall what iptables-restore would: table by table, each whole or not at all, and nothing behind the
 * first that is refused. `null`: done.
 *
 * @param committed hears of each table when the kernel has taken it.
 */
export function applyRestore(
  firewall: Firewall,
  restore: RestoreCommand,
  committed: (table: string) => void = () => undefined,
): Refusal | Undecided | null {
  let table: TableState | null = null;
  let skipped = false;
  const lines = restore.text.split('\n');
  for (const [index, text] of lines.entries()) {
    const line = restore.line + index;
    if (text === '' || text.startsWith('#')) continue;
    if (table === null && !skipped) {
      const name = /^\*(\S+)\s*$/.exec(text)?.[1];
      if (name === undefined) return atLine(line, refused('this stands outside a table', 'begin with *filter or another table'));
      if (!Object.hasOwn(builtinChains, name))
        return atLine(line, refused(`iptables has no table "${name}"`, 'correct its name'));
      skipped = restore.table !== null && restore.table !== name;
      table = skipped ? null : opened(firewall, name, restore.noflush);
    } else if (/^COMMIT\s*$/.test(text)) {
      const wrong = table === null ? null : unloadable(table, firewall.backend);
      if (wrong !== null) return atLine(line, wrong);
      if (table !== null && !restore.test) {
        firewall.tables.set(table.name, table);
        committed(table.name);
      }
      table = null;
      skipped = false;
    } else if (table !== null) {
      const next: TableState | Refusal | Undecided = text.startsWith(':')
        ? declared(table, text.slice(1), restore)
        : changedBy(firewall, table, text, line, restore);
      if ('kind' in next) return atLine(line, next);
      table = next;
    }
  }
  if (table === null && !skipped) return null;
  return refused('the text ends inside a table', 'end it with COMMIT');
}

/** Says where in the text: a here-document has many lines. */
function atLine(line: number, wrong: Refusal | Undecided): Refusal | Undecided {
  return wrong.kind === 'refused'
    ? { ...wrong, message: `line ${line}: ${wrong.message}` }
    : { ...wrong, why: `line ${line}: ${wrong.why}` };
}

function opened(firewall: Firewall, name: string, noflush: boolean): TableState {
  const before = firewall.tables.get(name) ?? emptyTable(name, firewall.backend);
  if (noflush) return before;
  const chains = [...before.chains].filter(([chain]) => isBuiltin(name, chain));
  // nft makes the table anew; a legacy table keeps the policies that nobody declares.
  if (firewall.backend === 'nft') return emptyTable(name, 'nft');
  const kept = chains.map(([chain, one]) => [chain, { ...one, rules: [] }] as const);
  return { ...before, chains: new Map(kept) };
}

/** `:CHAIN POLICY [packets:bytes]`. */
function declared(table: TableState, text: string, restore: RestoreCommand): TableState | Refusal | Undecided {
  const [, chain = '', policy = '', packets, bytes] = /^(\S+)\s+(\S+)(?:\s+\[(\d+):(\d+)\])?\s*$/.exec(text) ?? [];
  if (chain === '') return refused('this chain cannot be read', 'write :CHAIN POLICY [0:0]');
  const state = table.chains.get(chain);
  if (!isBuiltin(table.name, chain)) {
    if (policy !== '-') return undecided(`whether ${chain} may have a policy hangs on the backend`, `write ":${chain} -"`);
    if (chain.length > 28) return refused(`the chain name ${chain} has ${chain.length} bytes`, 'shorten it to 28');
    return { ...table, chains: new Map(table.chains).set(chain, { policy: null, counters: null, rules: [] }) };
  }
  if (policy !== 'ACCEPT' && policy !== 'DROP' && policy !== '-')
    return refused(`${chain} cannot have the policy ${policy}`, 'write ACCEPT or DROP');
  const counters =
    restore.counters && packets !== undefined && bytes !== undefined
      ? { packets: countOf(packets), bytes: countOf(bytes) }
      : null;
  const kept = policy === '-' ? (state?.policy ?? 'ACCEPT') : policy;
  const chains = new Map(table.chains).set(chain, { policy: kept, counters, rules: state?.rules ?? [] });
  return { ...table, chains, made: new Set(table.made).add(chain) };
}

/** A line with a command: its words are cut by the rules of restore, not by those of the shell. */
function changedBy(
  firewall: Firewall,
  table: TableState,
  text: string,
  line: number,
  restore: RestoreCommand,
): TableState | Refusal | Undecided {
  const [front = '', packets, bytes] = /^\[(\d+):(\d+)\]/.exec(text) ?? [];
  const words = newWords(32);
  const end = lexLine(text, front.length, words);
  if (typeof end !== 'number') return refused('a quote or a character of this line is out of place', 'close the quote');
  const found: string[] = [];
  for (let at = 0; at < words.used; at += 2)
    found.push(unquoted(text, words.offsets[at] as number, words.offsets[at + 1] as number));
  // One text may serve both families.
  if (found.includes(firewall.family === 4 ? '-6' : '-4') || found.includes(firewall.family === 4 ? '--ipv6' : '--ipv4'))
    return table;
  if (found.includes('-t')) return refused('-t cannot stand in a text that is restored', 'the line *TABLE says it');
  const command = readCommand(found, firewall.family);
  if (command.kind === 'refused') return command;
  const counters =
    restore.counters && packets !== undefined && bytes !== undefined ? ([packets, bytes] as const) : command.counters;
  return changedTable(firewall, table, { ...command, table: table.name, counters }, line) ?? table;
}
