import { readlinkSync } from 'node:fs';
import type { Family } from '../model/net/index.ts';
import { failed, ok, type Problem, type Result } from '../result.ts';
import { meaningOf, refusedLine, saysNothing } from './complaint.ts';
import { findCulprit, reasonOf } from './culprit.ts';
import type { Namespace } from './namespace.ts';
import { type RestoreLine, type RestoreTable, smuggles, takeRestorable } from './restorable.ts';
import type { RunResult } from './run.ts';

export interface RestoreOptions {
  readonly family: Family;
  readonly backend: 'nft' | 'legacy';
  /** Keep what is there, and only do what the text says. Without it, each table of the text is replaced. */
  readonly noflush?: boolean;
  /** Policies may be left out of the text, and are then ACCEPT: right where nothing was before. */
  readonly policiesLeftOut?: boolean;
  /** What the text says that rules and chains have counted is so; without it they begin at 0. */
  readonly counters?: boolean;
  /** How long to wait for the lock of iptables-legacy; default 5. iptables-nft has none. */
  readonly waitSeconds?: number;
  /** Where the text came from, for problems; default `rules`. */
  readonly file?: string;
  readonly signal?: AbortSignal;
}

/** iptables-nft in a user namespace sends no more at once than the socket's buffer takes: of text, this much at the best. */
const largestChunkBytes = 100_000;
/** What is refused in such small pieces is refused for another reason. */
const smallestChunkBytes = 5000;
const longestMs = 120_000;

/**
 * Writes rules into a namespace that palisade has made, and nowhere else: it refuses the namespace that it runs in.
 *
 * Each table is one transaction: it is replaced as a whole or, if any of its rules is refused, left as it was; those
 * before it stay written. Only where the kernel takes no large transactions (in user namespaces) is a table written in
 * several. Without `noflush` and `policiesLeftOut` the text must say every built-in policy. See {@link takeRestorable} for what is refused
 * before anything is written, and in which order.
 *
 * A refused rule is named by file, line and text, also where the tool names only the table.
 */
export async function restore(target: Namespace, text: string, options: RestoreOptions): Promise<Result<void>> {
  const strange = notOurs(target);
  if (strange !== undefined) return failed(strange);
  const { file = 'rules', noflush = false, policiesLeftOut = false } = options;
  const taken = takeRestorable(text, file, !noflush && !policiesLeftOut);
  if (!taken.ok) return taken;
  const tables = taken.value;
  if (tables.length === 0) return ok(undefined);
  const whole = compose(tables.map((table) => ({ table, lines: [...table.chains, ...table.commands] })));
  const first = await write(target, whole, noflush, options);
  if (first.kind === 'done') return ok(undefined);
  if (first.kind === 'problem') return failed(first.problem);
  if (!tooLong.test(first.said)) return failed(await blame(target, whole, first.said, options));
  let chunkBytes = largestChunkBytes;
  for (const table of tables) {
    // Every chain is declared in the first pieces, so that later rules find what they jump to.
    const lines = [...table.chains, ...table.commands];
    for (let at = 0; at < lines.length || at === 0; ) {
      const some = beginning(lines, at, chunkBytes);
      const piece = compose([{ table, lines: some }]);
      const written = await write(target, piece, noflush || at > 0, options);
      if (written.kind === 'problem') return failed(written.problem);
      if (written.kind === 'done') at += Math.max(1, some.length);
      // How much a rule takes on its way differs from its text.
      else if (tooLong.test(written.said) && chunkBytes > smallestChunkBytes) chunkBytes /= 2;
      else return failed(await blame(target, piece, written.said, options));
    }
  }
  return ok(undefined);
}

const tooLong = /Message too long|No buffer space/;

/** Loads sets, as `ipset save` prints them, into a namespace that palisade has made. */
export async function restoreSets(target: Namespace, text: string, file = 'sets'): Promise<Result<void>> {
  const strange = notOurs(target);
  if (strange !== undefined) return failed(strange);
  const lines = text.split('\n');
  const unsafe = lines.flatMap((line, index) => smuggles(line, file, index + 1) ?? []);
  if (unsafe.length > 0) return failed(...unsafe);
  if (text.trim() === '') return ok(undefined);
  const result = await target.run({ argv: ['ipset', 'restore'], input: text, timeoutMs: longestMs });
  if (result.kind === 'exited' && result.status === 0) return ok(undefined);
  if (result.kind !== 'exited') return failed(notRun(result, 'ipset'));
  const number = Number(/Error in line (\d+)/.exec(result.stderr)?.[1] ?? 0);
  const said = meaningOf(result.stderr);
  const line = lines[number - 1];
  if (line === undefined) return failed({ code: 'restore-refused', at: { file }, message: said.message, hint: said.hint });
  return failed(refusedLine(file, { number, text: line }, said));
}

/** What is sent to the tool, and of each of its lines which it was in the text. */
interface Composed {
  readonly input: string;
  readonly origins: readonly Origin[];
}

interface Origin {
  readonly table: RestoreTable;
  /** `null` for `*table` and `COMMIT`. */
  readonly line: RestoreLine | null;
}

interface Piece {
  readonly table: RestoreTable;
  readonly lines: readonly RestoreLine[];
}

function compose(pieces: readonly Piece[]): Composed {
  const lines: string[] = [];
  const origins: Origin[] = [];
  const add = (text: string, table: RestoreTable, line: RestoreLine | null): void => {
    lines.push(text);
    origins.push({ table, line });
  };
  for (const { table, lines: own } of pieces) {
    add(`*${table.name}`, table, null);
    for (const line of own) add(line.text, table, line);
    add('COMMIT', table, null);
  }
  return { input: `${lines.join('\n')}\n`, origins };
}

/** Lines from there on that make so many bytes, but at least one. */
function beginning(lines: readonly RestoreLine[], from: number, most: number): readonly RestoreLine[] {
  let bytes = 0;
  let to = from;
  while (to < lines.length && (to === from || bytes + (lines[to]?.text.length ?? 0) < most)) {
    bytes += (lines[to]?.text.length ?? 0) + 1;
    to += 1;
  }
  return lines.slice(from, to);
}

type Written =
  | { readonly kind: 'done' }
  | { readonly kind: 'refused'; readonly said: string }
  | { readonly kind: 'problem'; readonly problem: Problem };

async function write(target: Namespace, { input }: Composed, noflush: boolean, options: RestoreOptions): Promise<Written> {
  const { family, backend, counters = false, waitSeconds = 5, signal } = options;
  const tool = `${family === 4 ? 'iptables' : 'ip6tables'}-${backend}-restore`;
  const wait = backend === 'legacy' ? ['-w', String(waitSeconds)] : [];
  const result = await target.run({
    argv: [tool, ...wait, ...(noflush ? ['-n'] : []), ...(counters ? ['-c'] : [])],
    input,
    timeoutMs: longestMs + waitSeconds * 1000,
    ...(signal !== undefined && { signal }),
  });
  if (result.kind !== 'exited') return { kind: 'problem', problem: notRun(result, tool) };
  return result.status === 0 ? { kind: 'done' } : { kind: 'refused', said: result.stderr };
}

/** Finds the rule that is to blame for what the tool said. */
async function blame(target: Namespace, sent: Composed, said: string, options: RestoreOptions): Promise<Problem> {
  const { file = 'rules', backend } = options;
  const meaning = meaningOf(said);
  const number = Number(/line:? (\d+)/i.exec(said.replace(/line \d+ table name/, ''))?.[1] ?? 0);
  const origin = sent.origins[number - 1];
  if (origin === undefined) return { code: 'restore-refused', at: { file }, message: meaning.message, hint: meaning.hint };
  const { table } = origin;
  let line = origin.line;
  if (line === null && meaning.chain !== undefined) line = jumpTo(table, meaning.chain) ?? null;
  if (backend === 'legacy' && saysNothing(said)) {
    // The kernel gave iptables-legacy-restore an errno for the whole table, which it did not print.
    const culprit = line === null ? await findCulprit(target, table, options) : await reasonOf(target, table, line, options);
    if (culprit !== undefined) return refusedLine(file, culprit.line, meaningOf(culprit.said));
  }
  if (line !== null) return refusedLine(file, line, meaning);
  const at = { file, line: table.line };
  return { code: 'restore-refused', at, message: `the table ${table.name} is refused: ${meaning.message}`, hint: meaning.hint };
}

function jumpTo(table: RestoreTable, chain: string): RestoreLine | undefined {
  const name = chain.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const jump = new RegExp(`\\s(?:-j|-g|--jump|--goto)\\s+"?${name}"?(?:\\s|$)`);
  return table.commands.find(({ text }) => jump.test(text));
}

function notRun(result: Exclude<RunResult, { kind: 'exited' }>, tool: string): Problem {
  const code = 'restore-refused';
  if (result.kind === 'missing') return { code, message: `${tool} is not installed`, hint: `install the package of ${tool}` };
  if (result.kind === 'timeout') {
    const message = `${tool} was not done within ${result.timeoutMs / 1000} s`;
    return { code, message, hint: 'write fewer rules in one chain, or sets instead of rules' };
  }
  return { code, message: `${tool} was ended before it was done (${result.kind})`, hint: 'try again' };
}

/** Only namespaces that were made for it are written to. */
function notOurs(target: Namespace | undefined): Problem | undefined {
  const refuse = (message: string): Problem => ({ code: 'no-namespace', message, hint: 'give a namespace that palisade made' });
  if (target === undefined) return refuse('rules are written only into a namespace, and none is given');
  try {
    const same = readlinkSync(`/proc/${target.pid}/ns/net`) === readlinkSync('/proc/self/ns/net');
    return same ? refuse('rules are not written into the network that palisade runs in') : undefined;
  } catch (error) {
    return refuse(`the namespace to write into is gone (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
}
