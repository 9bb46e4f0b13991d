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
  type Left,
  type Policy,
  readPolicy,
  type Situation,
  type Source,
  setsText,
  sparing,
} from '../policy/index.ts';
import { failed, type Result } from '../result.ts';
import { type HostAndSets, readText } from './reading.ts';
import type { Context } from './verb.ts';

/** Lists of addresses are text; a list of so many bytes would be a million of them. */
const largestList = 32 * 1024 * 1024;

/** The policy that the command line names. Files that it names stand beside it, unless their path is whole. */
export async function readPolicyFile(context: Context): Promise<Result<Policy>> {
  const file = context.policyFile;
  const text = await readText(context, file);
  if (!text.ok) {
    const missing = text.problems.map((problem) =>
      problem.code === 'file-missing' ? { ...problem, hint: 'write one, or name another with --policy FILE' } : problem,
    );
    return failed(...missing);
  }
  const folder = dirname(resolve(file));
  const beside = { now: context.clock.now() / 1000, file: (path: string) => readList(resolve(folder, path)) };
  const policyText = Buffer.from(text.value, 'latin1').toString('utf8');
  // First what has to be fetched, then what it came to.
  const wanted: Source[] = [];
  readPolicy(policyText, file, {
    ...beside,
    fetched: (source) => {
      wanted.push(source);
      return { addresses: [], lacking: null };
    },
  });
  const answers = new Map<string, Fetched>();
  if (wanted.length > 0) {
    context.progress('fetching the addresses of sets');
    const { fetchSet } = await import('./feeds/index.ts');
    const place = { policyFolder: folder, stateFolder: context.stateFolder, now: context.clock.now(), signal: context.signal };
    // Two sets may name the same list, which is fetched once.
    const distinct = new Map(wanted.map((source) => [JSON.stringify(source), source]));
    for (const [key, source] of distinct) answers.set(key, await fetchSet(source, place));
  }
  return readPolicy(policyText, file, {
    ...beside,
    fetched: (source) => answers.get(JSON.stringify(source)) ?? { addresses: [], lacking: 'it was not asked for' },
  });
}

function readList(path: string): string | null {
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

/** What would be, of a host whose rules are known. */
export function planFor(given: Policy, { host, sets }: HostAndSets): Known<Planned> {
  const situation = situationOf(host);
  const { policy, left } = sparing(given, situation.spared);
  const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
  const compiled = compile(policy, { ...situation, digest });
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
