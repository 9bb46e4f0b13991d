import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { plannedRuleset, situationOf } from '../change/index.ts';
import { type Host, type Known, known } from '../model/host/index.ts';
import {
  aloneHost,
  type Compiled,
  compile,
  type Fetched,
  type Left,
  type Policy,
  type PolicyText,
  readPolicyFiles,
  type Situation,
  type Source,
  setsText,
  sparing,
} from '../policy/index.ts';
import { failed, ok, type Result } from '../result.ts';
import { type HostAndSets, readText } from './reading.ts';
import type { Context } from './verb.ts';

/** Lists of addresses are text; a list of so many bytes would be a million of them. */
const largestList = 32 * 1024 * 1024;

/** A policy, and what it was read from. */
export interface PolicyFile {
  readonly policy: Policy;
  readonly source: PolicySource;
}

/** All texts that a policy is made of: from the same ones the same policy comes, until something in it expires. */
export interface PolicySource {
  /** Of the file, or of the folder of files. */
  readonly path: string;
  readonly texts: readonly PolicyText[];
  /** Files that it names, by whole path; `null` of one that could not be read. */
  readonly files: readonly { readonly path: string; readonly text: string | null }[];
  /** What was looked up for it. */
  readonly fetched: readonly { readonly source: Source; readonly answer: Fetched }[];
}

/** The file that the command line names, or all `*.yaml` of the folder that it names, by their names. */
export async function readPolicyTexts(context: Context): Promise<Result<readonly PolicyText[]>> {
  const path = context.policyFile;
  const names = yamlIn(path);
  if (names?.length === 0)
    return failed({
      code: 'file-missing',
      at: { file: path },
      message: 'no *.yaml is in this folder',
      hint: 'write one, or name a file',
    });
  const texts: PolicyText[] = [];
  for (const file of names?.map((name) => join(path, name)) ?? [path]) {
    const bytes = await readText(context, file);
    if (!bytes.ok) {
      const missing = bytes.problems.map((problem) =>
        problem.code === 'file-missing' ? { ...problem, hint: 'write one, or name another with --policy FILE' } : problem,
      );
      return failed(...missing);
    }
    texts.push({ file, text: Buffer.from(bytes.value, 'latin1').toString('utf8') });
  }
  return ok(texts);
}

/** `null` of what is no folder. */
function yamlIn(path: string): readonly string[] | null {
  try {
    return readdirSync(path)
      .filter((name) => /^[^.].*\.ya?ml$/.test(name))
      .sort();
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).code === 'string') return null;
    throw error;
  }
}

/** SHA-256 of all of them. */
export function digestOfTexts(texts: readonly PolicyText[]): string {
  return digestOf(texts.map(({ text }) => text).join('\0'));
}

/** The policy that the command line names. Files that it names stand beside it, unless their path is whole. */
export async function readPolicyFile(context: Context): Promise<Result<PolicyFile>> {
  const path = context.policyFile;
  const read = await readPolicyTexts(context);
  if (!read.ok) return read;
  const texts = read.value;
  const folder = folderOf(texts);
  const files = new Map<string, string | null>();
  const list = (whole: string): string | null => {
    const found = files.has(whole) ? (files.get(whole) ?? null) : readList(whole);
    files.set(whole, found);
    return found;
  };
  // First what has to be fetched, then what it came to.
  const wanted: Source[] = [];
  const ask = (source: Source): Fetched => {
    wanted.push(source);
    return { addresses: [], lacking: null };
  };
  const now = context.clock.now() / 1000;
  const plain = readPolicyFiles(texts, { now, file: (named) => list(resolve(folder, named)), fetched: ask });
  const named = [...files].map(([whole, of]) => ({ path: whole, text: of }));
  if (wanted.length === 0)
    return plain.ok ? ok({ policy: plain.value, source: { path, texts, files: named, fetched: [] } }) : plain;
  context.progress('fetching the addresses of sets');
  const { fetchSets } = await import('./feeds/index.ts');
  const place = { policyFolder: folder, stateFolder: context.stateFolder, now: context.clock.now(), signal: context.signal };
  // Two sets may name the same list, which is fetched once.
  const distinct = new Map(wanted.map((source) => [JSON.stringify(source), source]));
  const fetched = await fetchSets([...distinct.values()], place);
  const source = { path, texts, files: named, fetched };
  const whole = policyOf(source, now);
  return whole.ok ? ok({ policy: whole.value, source }) : whole;
}

/** The policy of texts that were read before. @param now seconds since 1970 */
export function policyOf({ texts, files, fetched }: PolicySource, now: number): Result<Policy> {
  const lists = new Map(files.map((file) => [file.path, file.text]));
  const answers = new Map(fetched.map(({ source, answer }) => [JSON.stringify(source), answer]));
  const folder = folderOf(texts);
  return readPolicyFiles(texts, {
    now,
    file: (named) => lists.get(resolve(folder, named)) ?? null,
    fetched: (source) => answers.get(JSON.stringify(source)) ?? { addresses: [], lacking: 'it was not asked for' },
  });
}

/** The folder that they stand in. */
export function folderOf([first]: readonly PolicyText[]): string {
  return dirname(resolve(first?.file ?? '.'));
}

/** SHA-256, in hexadecimal digits. */
export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** `null` of one that cannot be read, or is no list of addresses by its size. */
export function readList(path: string): string | null {
  try {
    return statSync(path).size > largestList ? null : readFileSync(path, 'utf8');
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).code === 'string') return null;
    throw error;
  }
}

/** A host as it is, and as a policy would have it. */
export interface Planned {
  readonly policy: Policy;
  readonly compiled: Compiled;
  readonly situation: Situation;
  /** Whom lists of others would have shut out. */
  readonly left: readonly Left[];
  /** A host with nothing but the rules and sets of the policy. */
  readonly alone: Host;
  /** The same machine with the rules and sets of the policy. */
  readonly after: HostAndSets;
}

/** What would be, of a host whose rules are known. @param spared those who were spared when it was planned before */
export function planFor(given: Policy, { host, sets }: HostAndSets, spared: Situation['spared'] | null = null): Known<Planned> {
  const situation = { ...situationOf(host), ...(spared !== null && { spared }) };
  const { policy, left } = sparing(given, situation.spared);
  const compiled = compile(policy, { ...situation, digest: digestOf });
  const [four, six] = [host.rulesets[4], host.rulesets[6]];
  if (!four.known) return four;
  if (!six.known) return six;
  const rulesets = { 4: known(plannedRuleset(four.value, compiled, 4)), 6: known(plannedRuleset(six.value, compiled, 6)) };
  const alone = aloneHost(compiled);
  const made = alone.sets;
  const there = host.sets.known ? host.sets.value : new Map();
  const all: Host['sets'] = known(new Map([...there, ...(made.known ? made.value : [])]));
  const added = compiled.sets.filter(({ name }) => !there.has(name));
  const text: Known<string> = sets.known ? known(`${sets.value}${setsText(added)}`) : sets;
  return known({ policy, compiled, situation, left, alone, after: { host: { ...host, rulesets, sets: all }, sets: text } });
}
