import { resolve } from 'node:path';
import { type Problem, problemLine, type Result } from '../result.ts';
import { type ConfigFile, defaultConfigFile, readConfig, type Settings, settle } from '../verbs/config/index.ts';
import type { Context, ExitCode, Outcome, Serve, Verb } from '../verbs/index.ts';
import { exitOf } from '../verbs/verb.ts';
import { flagsOf, spelled } from './flag.ts';
import { asItems, isForZabbix } from './items.ts';
import { jsonLog } from './log.ts';
import { asPlugin, kernelOnDemand } from './plugin.ts';
import { type Progress, progressLine } from './progress.ts';
import { cleaned, paintFor, renderOf, safeText, type View } from './render/index.ts';
import { sitAt } from './standing.ts';
import { OutputClosed, processTerminal, type Terminal } from './terminal.ts';
import { type Asked, understand, verbNamed } from './understand.ts';

/** What the command line cannot make itself, because it may not import it. */
export interface Pieces {
  /** Made when a verb is about to run, so that help needs none. */
  readonly kernel: () => Promise<Context['kernel']>;
  readonly serve: Serve;
  /** Default: all of palisade's. */
  readonly verbs?: readonly Verb[];
}

/**
 * Runs one command and says its exit code. Nothing that a user does makes it throw: every failure ends as lines on
 * standard error. It never ends the process, so that what is open can be closed.
 */
export async function commandLine(
  argv: readonly string[],
  pieces: Pieces,
  given: Terminal = processTerminal(),
): Promise<ExitCode> {
  const verbs = pieces.verbs ?? (await import('../verbs/index.ts')).verbs;
  const isPlugin = verbNamed(argv, verbs)?.plugin === true;
  const terminal = isPlugin ? asPlugin(given) : isForZabbix(argv, verbs) ? asItems(given) : given;
  const exits = isPlugin ? pluginExits : exitOf;
  const interrupt = new AbortController();
  using _interrupts = terminal.onInterrupt(() => interrupt.abort());
  using _faults = terminal.onFault((error) => unexpected(error, terminal, interrupt.signal, exits));
  try {
    const asked = understand(argv, verbs, Math.min(terminal.out.columns ?? 100, 120));
    return await answer(asked, pieces, terminal, interrupt, exits);
  } catch (error) {
    return await unexpected(error, terminal, interrupt.signal, exits);
  }
}

/** What a plugin exits with whenever it has no answer. */
const pluginExits = { done: 3, found: 3, invalid: 3, unknown: 3, unread: 3, unchanged: 3 } as const;

type Exits = Readonly<Record<keyof typeof exitOf, ExitCode>>;

async function answer(
  asked: Asked,
  pieces: Pieces,
  terminal: Terminal,
  interrupt: AbortController,
  exits: Exits,
): Promise<ExitCode> {
  if (asked.kind === 'text') {
    await terminal.out.write(asked.text);
    return exits.done;
  }
  if (asked.kind === 'problem') return await refuse([asked.problem], terminal, exits.invalid);
  const { verb, globals } = asked;
  const settled = await settingsFor(asked, terminal);
  if (!settled.ok) return await refuse(settled.problems, terminal, exits.invalid);
  const { settings, given } = settled.value;
  const configFile = namedConfig(globals, terminal);
  const input = verb.input.safeParse(given);
  if (!input.success) {
    const problems = input.error.issues.map((issue) => issueProblem(verb, issue.path[0], issue.message));
    return await refuse(problems, terminal, exits.invalid);
  }
  const json = globals['json'] === true;
  const quiet = globals['quiet'] === true;
  const mayStand = verb.streams && terminal.out.interactive && !json && !quiet && given['once'] !== true;
  const standing = mayStand ? (await renderOf(verb.name)).screen : undefined;
  using canvas = standing === undefined ? null : terminal.canvas();
  using progress = progressLine(terminal.err, quiet || canvas !== null);
  const print = printer(verb, json, quiet, settings, terminal, progress);
  const paint = paintFor(settings.color, terminal.out.interactive, terminal.env);
  const sitting = standing === undefined || canvas === null ? null : sitAt(canvas, standing, paint, () => interrupt.abort());
  const log = jsonLog(settings.log, terminal.clock, (line) => {
    // Its only words are its answer.
    if (verb.plugin === true) return;
    // It would stand in the midst of the screen.
    if (sitting !== null && terminal.err.interactive) return;
    progress.clear();
    // Whoever closed standard error does not read the log; the answer still matters.
    terminal.err.write(line).catch(() => undefined);
  });
  // Whoever wants JSON reads it with a program, which answers no questions.
  using conversation = json || sitting !== null ? null : terminal.conversation(interrupt.signal);
  const context: Context = {
    clock: terminal.clock,
    kernel: verb.plugin === true ? kernelOnDemand(pieces.kernel) : await pieces.kernel(),
    log,
    progress: progress.doing,
    part: async (value) => (sitting === null ? await print.part(value) : sitting.part(cleaned(value))),
    signal: interrupt.signal,
    serve: pieces.serve,
    stdin: () => terminal.stdin(),
    ...(conversation !== null && {
      ask: (question: string) => {
        progress.clear();
        return conversation.ask(safeText(question));
      },
    }),
    ...(sitting !== null && { asked: sitting.asked }),
    env: terminal.env,
    stateFolder: resolve(settings.state),
    policyFile: settings.policy,
    ...(configFile !== undefined && { configFile: resolve(configFile) }),
    settings,
  };
  try {
    const outcome: Outcome<unknown> = await verb.run(context, input.data);
    if ('problems' in outcome) {
      progress.clear();
      return await refuse(outcome.problems, terminal, exits[outcome.kind]);
    }
    if (outcome.document !== undefined) await print.document(outcome.document);
    else if (!verb.streams) await print.whole(outcome.value);
    progress.clear();
    return await refuse(outcome.faults ?? [], terminal, outcome.exit ?? exits[outcome.kind]);
  } catch (error) {
    // The verb may still be following something for a reader who has gone.
    if (error instanceof OutputClosed) interrupt.abort();
    throw error;
  }
}

/** Configuration file, environment and flags together, and the verb's input with what they say of it. */
async function settingsFor(
  { verb, given, globals }: Extract<Asked, { kind: 'verb' }>,
  terminal: Terminal,
): Promise<Result<{ settings: Settings; given: Record<string, unknown> }>> {
  const named = namedConfig(globals, terminal);
  const path = named ?? defaultConfigFile;
  const file = await configIn(path, named !== undefined, verb, terminal);
  if (!file.ok) return file;
  const shared = ['backend', 'port'] as const;
  const fields = new Set(Object.keys(verb.input.shape));
  const own = Object.fromEntries(shared.filter((key) => given[key] !== undefined).map((key) => [key, given[key]]));
  const flags: Record<string, unknown> = { ...own };
  for (const key of ['backend', 'state', 'policy']) if (typeof globals[key] === 'string') flags[key] ??= globals[key];
  if (globals['color'] === false) flags['color'] = 'never';
  const settled = settle({ flags: flags as ConfigFile, env: terminal.env, file: file.value });
  if (!settled.ok) return settled;
  const { settings, said } = settled.value;
  const settledFields = shared.filter((key) => fields.has(key) && said.has(key)).map((key) => [key, settings[key]] as const);
  return { ok: true, value: { settings, given: { ...given, ...Object.fromEntries(settledFields) } } };
}

function namedConfig(globals: Readonly<Record<string, unknown>>, { env }: Terminal): string | undefined {
  const named = globals['config'] ?? (env['PALISADE_CONFIG'] || undefined);
  return typeof named === 'string' ? named : undefined;
}

async function configIn(path: string, named: boolean, verb: Verb, terminal: Terminal): Promise<Result<ConfigFile>> {
  const isUnprivileged = verb.plugin === true || verb.unprivileged === true;
  try {
    const bytes = await terminal.readFile(path);
    return await readConfig(new TextDecoder('utf-8').decode(bytes), path, verb.tells === true ? 'wholly' : undefined);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    // Nobody has to have one; whoever names one means it.
    if (!named && (code === 'ENOENT' || code === 'ENOTDIR')) return { ok: true, value: {} };
    // It may hold what nobody but root is to know, and monitoring is not to be root.
    if (!named && isUnprivileged && (code === 'EACCES' || code === 'EPERM')) return { ok: true, value: {} };
    const why =
      code === 'ENOENT'
        ? 'there is no such file'
        : code === 'EACCES'
          ? 'it may not be read'
          : code === 'EISDIR'
            ? 'it is a folder'
            : code;
    return {
      ok: false,
      problems: [
        {
          code: 'file-missing',
          at: { file: path },
          message: why,
          hint: 'name a configuration file that can be read with --config',
        },
      ],
    };
  }
}

interface Printer {
  part(value: unknown): Promise<void>;
  whole(value: unknown): Promise<void>;
  /** A text in a format of its own, as it is: its writer has seen to what it holds. */
  document(text: string): Promise<void>;
}

/** Writes answers as JSON or as the verb's render draws them. Text for people never holds a control character of others. */
function printer(verb: Verb, json: boolean, quiet: boolean, settings: Settings, terminal: Terminal, progress: Progress): Printer {
  const { out } = terminal;
  const render = renderOf(verb.name);
  const write = async (value: unknown, of: 'whole' | 'part'): Promise<void> => {
    progress.clear();
    if (json) return await out.write(`${JSON.stringify(value)}\n`);
    if (quiet) return;
    const draw = (await render)[of];
    if (draw === undefined) throw new Error(`nothing draws the ${of} answer of ${verb.name}`);
    const view: View = { columns: out.columns, paint: paintFor(settings.color, out.interactive, terminal.env) };
    const drawn = draw(cleaned(value) as never, view);
    // Bytes are somebody's file, to the byte; only a terminal could be fooled by what they hold.
    const shown = typeof drawn === 'string' || !out.interactive ? drawn : safeText(Buffer.from(drawn).toString('latin1'));
    if (shown.length > 0) await out.write(shown);
  };
  const document = async (text: string): Promise<void> => {
    progress.clear();
    if (!quiet) await out.write(text);
  };
  return { part: (value) => write(value, 'part'), whole: (value) => write(value, 'whole'), document };
}

async function refuse(problems: readonly Problem[], terminal: Terminal, code: ExitCode): Promise<ExitCode> {
  for (const problem of problems) {
    const line = safeText(problemLine(problem)).replaceAll('\n', ' ');
    await terminal.err.write(problem.at === undefined ? `palisade: ${line}\n` : `${line}\n`);
  }
  return code;
}

function issueProblem(verb: Verb, field: PropertyKey | undefined, message: string): Problem {
  const flag = flagsOf(verb).find((candidate) => candidate.field === field);
  const name = flag === undefined ? verb.name : spelled(flag);
  return {
    code: 'usage',
    message: `${name} cannot be so: ${message.replace(/\.$/, '')}`,
    hint: `palisade help ${verb.name} says what it takes`,
  };
}

async function unexpected(error: unknown, terminal: Terminal, signal: AbortSignal, exits: Exits): Promise<ExitCode> {
  if (error instanceof OutputClosed) return exits.done;
  if (signal.aborted) {
    await tell(terminal, 'palisade: interrupted before there was an answer\n');
    return exits.unknown;
  }
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (syscall === 'write' && (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EIO')) {
    await tell(terminal, `palisade: the answer could not be written whole (${code}); make room where it goes and ask again\n`);
    return exits.unknown;
  }
  const what = error instanceof Error ? error.message : String(error);
  const line = safeText(what).split('\n', 1)[0] ?? '';
  await tell(
    terminal,
    `palisade: this is a fault of palisade: ${line}; please report it with what PALISADE_DEBUG=1 adds to this command\n`,
  );
  if (terminal.env['PALISADE_DEBUG'] === '1') {
    jsonLog('error', terminal.clock, (text) => void tell(terminal, text)).error('fault', { error });
  }
  return exits.unknown;
}

/** The last words: when standard error is gone too, the exit code says it. */
async function tell(terminal: Terminal, text: string): Promise<void> {
  try {
    await terminal.err.write(text);
  } catch (error) {
    if (!(error instanceof OutputClosed)) throw error;
  }
}
