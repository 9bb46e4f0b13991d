import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { closest } from '../../closest.ts';
import { failed, ok, type Problem } from '../../result.ts';
import type { IntegrateInput } from '../integrate.ts';
import type { IntegrateJson } from '../integrate-shape.ts';
import { publishedAt, readPublished } from '../publishing/index.ts';
import type { Context, Outcome } from '../verb.ts';
import { answersOf, listed } from './answers.ts';
import { integrations } from './index.ts';
import type { Integration, IntegrationContext, Verdict } from './integration.ts';
import { keep, place, put, rememberWritten, type Standing, standing, unwritten, writtenBefore } from './placing.ts';

type Joined = Outcome<IntegrateJson>;

/** How long a published state may be waited for. */
const readMs = 5000;

/** Does what the flags ask for with one integration. */
export async function joined(context: Context, input: IntegrateInput): Promise<Joined> {
  const { name } = input;
  if (name === undefined) return { kind: 'done', value: { ...nothing('', 'listed'), integrations: await listed() } };
  const load = Object.hasOwn(integrations, name) ? integrations[name] : undefined;
  if (load === undefined) return invalid(noSuch(name));
  const asked = [input.write !== undefined && '--write', input.apply && '--apply', input.test && '--test'].filter(
    (flag) => flag !== false,
  );
  if (asked.length > 1)
    return invalid({ code: 'usage', message: `${asked.join(' and ')} do not go together`, hint: 'do one after the other' });
  const integration = await load();
  const answers = await answersOf(integration, input.set, context.settings);
  if (!answers.ok) return { kind: 'invalid', problems: answers.problems };
  const work: Work = { context, input, integration, answers: answers.value, over: await overThere(context, input) };
  if (input.test) return await tested(work);
  if (input.write !== undefined) return written(work, input.write);
  return input.apply ? await applied(work) : shown(work);
}

interface Work {
  readonly context: Context;
  readonly input: IntegrateInput;
  readonly integration: Integration;
  readonly answers: never;
  readonly over: IntegrationContext;
}

async function overThere(context: Context, { host, socket }: IntegrateInput): Promise<IntegrationContext> {
  const path = publishedAt(context, socket);
  const state = () => readPublished(path, { now: () => context.clock.now(), timeoutMs: readMs });
  const read = await state();
  return {
    clock: context.clock,
    run: context.kernel.run,
    ground: {
      host: host ?? (read.ok ? read.state.host : hostname()),
      command: ownCommand(),
      socket: path,
      state: read.ok ? read.state : null,
    },
    state,
    async secret(file) {
      try {
        return ok(readFileSync(file, 'utf8').replace(/\r?\n$/, ''));
      } catch (error) {
        const why = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
        return failed({
          code: 'file-missing',
          at: { file },
          message: `it cannot be read (${why})`,
          hint: 'name the file that holds the secret',
        });
      }
    },
    say: (doing) => context.progress(doing),
    signal: context.signal,
  };
}

/** The command as others start it. */
function ownCommand(): string {
  const here = fileURLToPath(import.meta.url);
  // In a release this file is in dist/, in a checkout in src/verbs/integrating/.
  const home = here.endsWith('.ts') ? join(dirname(here), '../../..') : join(dirname(here), '..');
  return join(home, 'bin/palisade');
}

const placesOf = ({ integration, answers, over, context }: Work): readonly Standing[] => {
  const before = writtenBefore(context.stateFolder, integration.name);
  return integration.files(answers, over.ground).map((file) => standing(file, file.path, before));
};

function shown(work: Work): Joined {
  const all = placesOf(work);
  const differs = all.some(({ file, stands }) => file.here && stands !== 'same');
  return { kind: differs ? 'found' : 'done', value: report(work, 'shown', all) };
}

function written(work: Work, folder: string): Joined {
  const files = work.integration.files(work.answers, work.over.ground);
  const all = files.map((file) =>
    standing(file, join(resolve(folder), isAbsolute(file.path) ? file.path.slice(1) : file.path), {}),
  );
  for (const { path, file } of all) {
    try {
      mkdirSync(dirname(path), { recursive: true });
      put(path, file.text, file.mode);
    } catch (error) {
      return invalid(unwritten(path, error as NodeJS.ErrnoException));
    }
  }
  return { kind: 'done', value: report(work, 'written', all) };
}

async function applied(work: Work): Promise<Joined> {
  const { context, input, integration, answers, over } = work;
  const all = placesOf(work);
  const due = all.filter(({ file, stands }) => file.here && stands !== 'same');
  const foreign = due.filter(({ stands }) => stands === 'changed' || stands === 'unreadable');
  if (foreign.length > 0 && !input.force) return { kind: 'unchanged', problems: foreign.map(changedByOthers) };
  const stamp = new Date(context.clock.now()).toISOString().replace(/[-:]|\.\d+/g, '');
  const kept = new Map<string, string>();
  const says: string[] = [];
  const unasked: IntegrateJson['unasked'] = [];
  let putBack: () => void;
  try {
    for (const one of due) {
      const where = keep(context.stateFolder, one, stamp);
      if (where !== null) kept.set(one.path, where);
    }
    const placed = place(due);
    if (!placed.ok) return { kind: 'unchanged', problems: placed.problems };
    putBack = placed.value;
  } catch (error) {
    return { kind: 'unchanged', problems: [unwritten(context.stateFolder, error as NodeJS.ErrnoException)] };
  }
  for (const step of [integration.check, integration.apply]) {
    const verdict: Verdict | undefined = await step?.call(integration, answers, over);
    if (verdict?.kind === 'refused' || context.signal.aborted) {
      putBack();
      return { kind: 'unchanged', problems: verdict?.kind === 'refused' ? verdict.problems : [interrupted] };
    }
    if (verdict?.kind === 'accepted') says.push(...verdict.says);
    if (verdict?.kind === 'unasked') unasked.push({ why: verdict.why, remedy: verdict.remedy });
  }
  rememberWritten(
    context.stateFolder,
    integration.name,
    all.filter(({ file }) => file.here),
  );
  const value = { ...report(work, 'applied', all, kept), says, unasked };
  return { kind: unasked.length > 0 ? 'unknown' : 'done', value };
}

const interrupted: Problem = { code: 'unread', message: 'interrupted: everything is as it was', hint: 'do it again' };

function changedByOthers({ path, stands, diff }: Standing): Problem {
  const what =
    stands === 'unreadable' ? 'it is there and cannot be read' : `it is not as palisade wrote it (${diff.length} lines differ)`;
  return {
    code: 'output-failed',
    at: { file: path },
    message: what,
    hint: 'look at what differs without --apply, then replace it with --force',
  };
}

async function tested(work: Work): Promise<Joined> {
  const { integration, answers, over, input, context } = work;
  const value = report(work, 'tested', []);
  if (integration.test === undefined) {
    return invalid({
      code: 'usage',
      message: `nothing can be sent to ${integration.name} by itself`,
      hint: 'look there, or use --apply',
    });
  }
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(input.wait * 1000)]);
  const mark = `palisade-test-${randomBytes(6).toString('hex')}`;
  const echo = await integration.test(answers, { ...over, signal }, mark);
  switch (echo.kind) {
    case 'seen':
      return { kind: 'done', value: { ...value, echo: { seen: true, where: echo.where, afterMs: Math.round(echo.afterMs) } } };
    case 'unseen':
      return { kind: 'found', value: { ...value, echo: { seen: false, where: echo.why, afterMs: null }, next: [echo.remedy] } };
    case 'unsent':
      return { kind: 'unread', problems: echo.problems };
  }
}

function report(
  { integration, answers, over }: Work,
  did: IntegrateJson['did'],
  all: readonly Standing[],
  kept: ReadonlyMap<string, string> = new Map(),
): IntegrateJson {
  return {
    ...nothing(integration.name, did),
    files: all.map(({ file, path, stands, diff }) => ({
      path,
      says: file.says,
      mode: file.mode.toString(8).padStart(4, '0'),
      here: file.here,
      stands,
      diff: [...diff],
      text: file.text,
      kept: kept.get(path) ?? null,
    })),
    next: did === 'tested' ? [] : [...integration.next(answers, over.ground)],
  };
}

function nothing(name: string, did: IntegrateJson['did']): IntegrateJson {
  return { name, did, integrations: [], files: [], says: [], unasked: [], echo: null, next: [] };
}

function noSuch(name: string): Problem {
  const names = Object.keys(integrations);
  const near = closest(name, names);
  return {
    code: 'usage',
    message: `there is no integration "${name}"`,
    hint: near === undefined ? `there are ${names.join(', ')}` : `did you mean ${near}?`,
  };
}

function invalid(problem: Problem): Joined {
  return { kind: 'invalid', problems: [problem] };
}
