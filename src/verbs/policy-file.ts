import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { plannedRuleset, situationOf } from '../change/index.ts';
import { type Host, type Known, known } from '../model/host/index.ts';
import {
  aloneHost,
  type Compiled,
  compile,
  type Fetched,
  type Policy,
  readPolicy,
  type Situation,
  type Source,
  setsText,
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

/** The texts that a policy is made of. */
export interface PolicySource {
  /** SHA-256 of its own text. */
  readonly digest: string;
  /** Files that it names, by whole path. */
  readonly files: readonly { readonly path: string; readonly digest: string | null }[];
  /** From the same texts the same policy comes at any time: nothing in it is fetched, and nothing expires. */
  readonly lasting: boolean;
}

/** The policy that the command line names. Files that it names stand beside it, unless their path is whole. */
export async function readPolicyFile(context: Context): Promise<Result<PolicyFile>> {
  const file = context.policyFile;
  const text = await readText(context, file);
  if (!text.ok) {
    const missing = text.problems.map((problem) =>
      problem.code === 'file-missing' ? { ...problem, hint: 'write one, or name another with --policy FILE' } : problem,
    );
    return failed(...missing);
  }
  const folder = dirname(resolve(file));
  const files = new Map<string, string | null>();
  const beside = {
    now: context.clock.now() / 1000,
    file: (named: string): string | null => {
      const path = resolve(folder, named);
      const list = files.has(path) ? (files.get(path) ?? null) : readList(path);
      files.set(path, list);
      return list;
    },
  };
  const policyText = Buffer.from(text.value, 'latin1').toString('utf8');
  // First what has to be fetched, then what it came to.
  const wanted: Source[] = [];
  const plain = readPolicy(policyText, file, {
    ...beside,
    fetched: (source) => {
      wanted.push(source);
      return { addresses: [], lacking: null };
    },
  });
  const answers = new Map<string, Fetched>();
  if (wanted.length > 0) {
    context.progress('looking up names');
    const { fetchSet } = await import('./fetch-set.ts');
    for (const source of wanted) answers.set(JSON.stringify(source), await fetchSet(source));
  }
  const fetched = (source: Source): Fetched =>
    answers.get(JSON.stringify(source)) ?? { addresses: [], lacking: 'it was not asked for' };
  const read = wanted.length === 0 ? plain : readPolicy(policyText, file, { ...beside, fetched });
  if (!read.ok) return read;
  const source = {
    digest: digestOf(policyText),
    files: [...files].map(([path, list]) => ({ path, digest: list === null ? null : digestOf(list) })),
    lasting: wanted.length === 0 && !/\bexpires\b/.test(policyText),
  };
  return ok({ policy: read.value, source });
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
  /** A host with nothing but the rules and sets of the policy. */
  readonly alone: Host;
  /** The same machine with the rules and sets of the policy. */
  readonly after: HostAndSets;
}

/** What would be, of a host whose rules are known. */
export function planFor(policy: Policy, { host, sets }: HostAndSets): Known<Planned> {
  const situation = situationOf(host);
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
  return known({ policy, compiled, situation, alone, after: { host: { ...host, rulesets, sets: all }, sets: text } });
}
