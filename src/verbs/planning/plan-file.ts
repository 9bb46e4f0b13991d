import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import manifest from '../../../package.json' with { type: 'json' };
import { hostText, ownOf } from '../../change/index.ts';
import type { Host } from '../../model/host/index.ts';
import type { Situation } from '../../policy/index.ts';
import { failed, ok, type Problem, type Result } from '../../result.ts';
import { writeOutput } from '../output-file.ts';
import type { PlanJson } from '../plan-shape.ts';
import { digestOf, type Planned, type PolicySource } from '../policy-file.ts';
import { readText } from '../reading.ts';
import type { Context } from '../verb.ts';
import { isOwnSet } from './judged.ts';

const span = z.tuple([z.string().regex(/^\d{1,39}$/), z.string().regex(/^\d{1,39}$/)]);
const onFailure = z.enum(['keep', 'empty']);
const source = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('dns'), names: z.array(z.string()), onFailure }),
  z.object({ kind: z.literal('feed'), url: z.string(), everySeconds: z.number(), onFailure }),
  z.object({
    kind: z.literal('country'),
    countries: z.array(z.string()),
    from: z.array(z.string()),
    everySeconds: z.number(),
    onFailure,
  }),
]);

/** A plan in a file: what was planned, by whole texts, and of which host as it then was. */
const planFile = z.object({
  palisade: z.literal('plan'),
  version: z.string(),
  /** Epoch milliseconds. */
  at: z.number(),
  host: z.string(),
  machine: z.string().nullable(),
  /** SHA-256 of everything in the host's firewall that a plan looks at. */
  seen: z.string(),
  policy: z.object({
    path: z.string(),
    texts: z.array(z.object({ file: z.string(), text: z.string() })).min(1),
    files: z.array(z.object({ path: z.string(), text: z.string().nullable() })),
    fetched: z.array(
      z.object({
        source,
        answer: z.object({
          addresses: z.array(z.string()),
          lacking: z.string().nullable(),
          said: z.string().nullable().default(null),
        }),
      }),
    ),
  }),
  /** First and last addresses that are no bogons there, as decimal numbers. */
  spared: z.object({ 4: z.array(span), 6: z.array(span) }),
  report: z.unknown(),
});

/** What `apply` makes of a plan's file. */
export interface PlannedBefore {
  readonly source: PolicySource;
  readonly spared: Situation['spared'];
  /** Why this host is not the one that was planned for. */
  strangeness(host: Host): Problem | null;
}

/** Writes a plan where somebody asked for it: whole or not at all, for its owner alone. */
export async function writePlan(
  context: Context,
  file: string,
  host: Host,
  { situation }: Planned,
  policy: PolicySource,
  report: PlanJson,
): Promise<Result<null>> {
  const seen = seenOf(host);
  if (seen === null)
    return failed({
      code: 'usage',
      message: 'a plan is kept for a host of which all is known, and something of this one is not',
      hint: 'run palisade plan --out on the host itself, as root',
    });
  const spans = (family: 4 | 6): [string, string][] =>
    situation.spared[family].map(([from, to]): [string, string] => [String(from), String(to)]);
  const value: z.input<typeof planFile> = {
    palisade: 'plan',
    version: manifest.version,
    at: context.clock.now(),
    host: host.name,
    machine: machine(),
    seen,
    policy: { path: policy.path, texts: [...policy.texts], files: [...policy.files], fetched: policy.fetched.map(writable) },
    spared: { 4: spans(4), 6: spans(6) },
    report,
  };
  const written = await writeOutput(file, `${JSON.stringify(value)}\n`);
  return written.ok
    ? written
    : failed(...written.problems.map((problem) => ({ ...problem, hint: 'name a file that can be written with --out' })));
}

function writable({
  source: of,
  answer,
}: PolicySource['fetched'][number]): z.input<typeof planFile>['policy']['fetched'][number] {
  return { source: JSON.parse(JSON.stringify(of)), answer: { ...answer, addresses: [...answer.addresses] } };
}

/** Reads what {@link writePlan} wrote. */
export async function readPlan(context: Context, file: string): Promise<Result<PlannedBefore>> {
  const text = await readText(context, file);
  if (!text.ok) return text;
  const bad = (message: string, hint: string): Result<never> => failed({ code: 'plan-invalid', at: { file }, message, hint });
  const other = file === '-' ? null : writableBy(file);
  if (other !== null)
    return bad(`${other} what this plan makes of the firewall`, 'plan again into a file that only you may write');
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(text.value, 'latin1').toString('utf8'));
  } catch {
    return bad('this is no plan: it is not JSON', 'write one with palisade plan --out FILE');
  }
  const read = planFile.safeParse(json);
  if (!read.success) return bad('this is no plan of palisade', 'write one with palisade plan --out FILE');
  const { version, host: name, machine: id, seen, policy, spared } = read.data;
  if (version !== manifest.version)
    return bad(`palisade ${version} wrote this plan, and this is ${manifest.version}`, 'plan again');
  const refused = (message: string, hint: string): Problem => ({ code: 'plan-refused', message, hint });
  const spans = (family: 4 | 6) => spared[family].map(([from, to]) => [BigInt(from), BigInt(to)] as const);
  return ok({
    source: policy,
    spared: { 4: spans(4), 6: spans(6) },
    strangeness(host) {
      if (host.name !== name || machine() !== id)
        return refused(`this plan is for the host ${name}, and this is ${host.name}`, 'apply it there, or plan here');
      if (seenOf(host) !== seen)
        return refused('the firewall is no longer as it was when this was planned', 'plan again, and look at it again');
      return null;
    },
  });
}

/** Who else may decide what stands in a file, in words: nothing in a plan tells whether it is still the one that was looked at. */
function writableBy(file: string): string | null {
  const there = statSync(file);
  if (!there.isFile()) return null;
  if (![0, process.geteuid?.()].includes(there.uid)) return 'another user owns the file, and may decide';
  return (there.mode & 0o022) === 0 ? null : 'others may write the file, and decide';
}

/** Of rules, ours and others', without counters, of addresses, and which sets of ours there are. `null`: something is unknown. */
function seenOf(host: Host): string | null {
  const others = hostText(host, false);
  const [four, six] = [host.rulesets[4], host.rulesets[6]];
  if (others === null || !four.known || !six.known || !host.sets.known) return null;
  const own = [four.value, six.value].map((ruleset) =>
    ownOf(ruleset)
      .map(({ table, policies, chains, jumps }) => [table, [...policies], [...chains], jumps])
      .filter(([, policies, chains]) => (policies?.length ?? 0) + (chains?.length ?? 0) > 0),
  );
  const sets = [...host.sets.value.keys()].filter(isOwnSet).sort();
  return digestOf(JSON.stringify([others, own, sets]));
}

function machine(): string | null {
  try {
    return readFileSync('/etc/machine-id', 'latin1').trim() || null;
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).code === 'string') return null;
    throw error;
  }
}
