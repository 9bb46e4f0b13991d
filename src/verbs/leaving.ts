import { constants, copyFile, mkdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  dropSets,
  forget,
  lastingText,
  leaveBoot,
  lockState,
  ownOf,
  pendingFolder,
  pendingState,
  plainSet,
  renamings,
  writeTransaction,
} from '../change/index.ts';
import { rehearse } from '../kernel/index.ts';
import { type Backend, hostFromTexts } from '../model/host/index.ts';
import type { Family } from '../model/net/index.ts';
import { parseRuleset, type Ruleset } from '../model/ruleset/index.ts';
import { failed, ok, type Problem, type Result } from '../result.ts';
import { records } from './changing/index.ts';
import { noteAfter } from './changing/noting.ts';
import { closeAll } from './opening.ts';
import { writeOutput } from './output-file.ts';
import { isOwnSet } from './planning/index.ts';
import { readHostAndSets } from './reading.ts';
import type { Context, Outcome } from './verb.ts';

const files: Readonly<Record<Family, string>> = { 4: 'rules.v4', 6: 'rules.v6' };

/**
 * Leaves the rules without palisade: writes files that load them when the machine starts, tries them in a namespace, and gives the own
 * chains and sets of the live firewall other names, table by table. No packet meets another rule at any moment, so that nothing has
 * to be confirmed.
 */
export async function leaveRules(context: Context, backend: Backend, folder: string): Promise<Outcome<null>> {
  const state = resolve(context.stateFolder);
  if (!['none', 'reverted'].includes(pendingState(pendingFolder(state)))) return refused(waits);
  const closed = await closeAll(context, { backend });
  if ('problems' in closed) return closed;
  const locked = lockState(state);
  if (!locked.ok) return { kind: 'unchanged', problems: locked.problems };
  try {
    const read = await readHostAndSets(context, { ruleset: [], backend });
    if (!read.ok) return { kind: 'unread', problems: read.problems };
    const { host, sets } = read.value;
    const rulesets = [host.rulesets[4], host.rulesets[6]].flatMap((ruleset) => (ruleset.known ? [ruleset.value] : []));
    if (rulesets.length < 2 || !sets.known)
      return refused({ code: 'unread', message: 'the rules or sets are unknown', hint: 'see palisade status' });
    const attached = rulesets.some((ruleset) =>
      ownOf(ruleset).some(({ jumps }) => jumps.some(({ from }) => from === 'DOCKER-USER')),
    );
    if (attached) return refused(docker);
    const names = [...sets.value.matchAll(/^create (\S+) /gm)].map(([, name = '']) => name).filter(isOwnSet);
    const copies = sets.value
      .split('\n')
      .filter((line) => isOwnSet(line.split(' ')[1] ?? ''))
      .map((line) => `${plainSet(line)}\n`)
      .join('');
    const place = await placeFor(resolve(folder));
    if (place !== null) return refused(place);
    const run = context.kernel.run;
    const copied = await run({ argv: ['ipset', 'restore', '-exist'], input: copies, timeoutMs: 120_000 });
    if (copies !== '' && (copied.kind !== 'exited' || copied.status !== 0)) return refused(noSets);
    for (const ruleset of rulesets)
      for (const transaction of renamings(ruleset)) {
        // What was renamed before it does the same under its new name.
        const problem = await writeTransaction(run, backend, ruleset.family, transaction);
        if (problem !== null) return refused(problem);
      }
    const written = await writeFiles(context, backend, resolve(folder));
    if (!written.ok) return { kind: 'unchanged', problems: written.problems };
    await dropSets(run, names);
    await leaveBoot(run, state);
    for (const file of Object.values(records(state))) forget(file);
    await noteAfter(context, state, 'confirmed', null, `the rules stay without palisade, in ${written.value.join(', ')}`);
    await context.part({ kind: 'left', files: [...written.value] });
    return { kind: 'done', value: null };
  } finally {
    locked.value();
  }
}

/** Makes the folder before anything is changed; not those above it, since a mistaken name is likelier than a missing one. */
async function placeFor(folder: string): Promise<Problem | null> {
  try {
    await mkdir(folder, { mode: 0o755 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    if (code === 'EEXIST' && (await stat(folder)).isDirectory()) return null;
    const message = `the folder could not be made (${code})`;
    return { code: 'output-failed', at: { file: folder }, message, hint: 'name another folder with --out' };
  }
  return null;
}

/** Writes what is live now as files, once a namespace has taken them. */
async function writeFiles(context: Context, backend: Backend, folder: string): Promise<Result<readonly string[]>> {
  const texts = await context.kernel.read({ signal: context.signal });
  const host = hostFromTexts(texts, { backend });
  const lasting: Partial<Record<Family, string>> = {};
  for (const family of [4, 6] as const) {
    const ruleset = host.rulesets[family];
    if (!ruleset.known)
      return failed({ code: 'unread', message: `the IPv${family} rules are unknown`, hint: 'see palisade status' });
    lasting[family] = lastingText(ruleset.value);
  }
  const { 4: four = '', 6: six = '' } = lasting;
  const asked = [...`${four}${six}`.matchAll(/--match-set (\S+)/g)].map(([, name = '']) => name);
  const { ipsets } = texts.texts;
  const sets = (ipsets.read ? ipsets.text : '')
    .split('\n')
    .filter((line) => asked.includes(line.split(' ')[1] ?? ''))
    .map((line) => `${line}\n`)
    .join('');
  const rehearsed = await rehearse(context.kernel, { backend, rulesets: { 4: four, 6: six }, sets });
  if (!rehearsed.ok) return rehearsed;
  await using rehearsal = rehearsed.value;
  const back = await rehearsal.readBack();
  if (!back.ok) return back;
  for (const [family, text] of [
    [4, four],
    [6, six],
  ] as const)
    if (!isSame(family, back.value[family] ?? '', text))
      return failed({
        code: 'restore-refused',
        message: `${files[family]} would not load as it is`,
        hint: 'please report it with the rules',
      });
  const names: string[] = [];
  for (const [name, text] of [
    ['ipsets', sets],
    [files[4], four],
    [files[6], six],
  ] as const) {
    if (text === '') continue;
    const file = join(folder, name);
    // The first that was there is the administrator's own.
    await copyFile(file, `${file}.old`, constants.COPYFILE_EXCL).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error;
    });
    const written = await writeOutput(file, text);
    if (!written.ok) return failed(...written.problems.map((problem) => ({ ...problem, hint: again })));
    names.push(file);
  }
  return ok(names);
}

/** By what each table says, without the order of tables and chains. */
function isSame(family: Family, one: string, other: string): boolean {
  const said = (text: string): string => {
    const parsed = parseRuleset(text, { family, file: 'the written rules' });
    if (!parsed.ok) return text;
    return tablesOf(parsed.value).sort().join('\n');
  };
  return said(one) === said(other);
}

function tablesOf(ruleset: Ruleset): string[] {
  return lastingText(ruleset)
    .split(/^(?=\*)/m)
    .filter((table) => /^-A |^:\S+ (?!ACCEPT )/m.test(table))
    .map((table) => {
      const lines = table.split('\n');
      return [...lines.filter((line) => line.startsWith(':')).sort(), ...lines.filter((line) => !line.startsWith(':'))].join(
        '\n',
      );
    });
}

const again = 'the live rules bear their other names already: run the same again, with another folder as --out';

const waits: Problem = {
  code: 'change-waits',
  message: 'a change waits to be confirmed',
  hint: 'run palisade confirm or palisade rollback first',
};

const docker: Problem = {
  code: 'plan-refused',
  message: 'the policy filters what Docker publishes, and only palisade can attach that each time Docker starts',
  hint: 'take docker: out of the policy and apply it first',
};

const noSets: Problem = {
  code: 'restore-refused',
  message: 'the sets could not be copied',
  hint: 'nothing is changed; see ipset list',
};

function refused(problem: Problem): Outcome<null> {
  return { kind: 'unchanged', problems: [problem] };
}
