import { textDiff } from '../../change/index.ts';
import { readBody, type SnapshotBody, textOf, uncounted, untimed } from '../../change/snapshots/index.ts';
import type { Backend } from '../../model/host/index.ts';
import { ok, type Result } from '../../result.ts';
import type { BackupPartJson } from '../backup-shape.ts';
import { compareSides } from '../diff-compared.ts';
import { sidesOf } from '../diff-sides.ts';
import { type HostAndSets, understand } from '../reading.ts';
import type { Context, Outcome } from '../verb.ts';
import { chosenSnapshot } from './chosen.ts';

type DiffPart = Extract<BackupPartJson, { kind: 'diff' }>;

/** Two snapshots, or one and this host as it is: line by line, and packet by packet. */
export async function compare(
  context: Context,
  names: readonly [string, string],
  { backend, most }: { readonly backend: Backend | undefined; readonly most: number },
): Promise<Outcome<BackupPartJson>> {
  const [before, after] = [await bodyOf(context, names[0]), await bodyOf(context, names[1])];
  if (!before.ok) return { kind: 'invalid', problems: before.problems };
  if (!after.ok) return { kind: 'invalid', problems: after.problems };
  const bodies = [before.value, after.value] as const;
  const hosts = [await understand(bodies[0].texts, backend), await understand(bodies[1].texts, backend)] as const;
  const asked = { before: names[0], after: names[1], most, prove: false };
  const sides = sidesOf(asked, ...hosts);
  if (!sides.ok) return { kind: 'unread', problems: sides.problems };
  const compared = await compareSides(context, asked, sides.value);
  if ('problems' in compared || compared.value === null) return compared as Outcome<BackupPartJson>;
  const part: DiffPart = {
    kind: 'diff',
    lines: linesBetween(hosts[0], hosts[1]),
    sets: setsBetween(textOf(bodies[0].texts, 'ipsets'), textOf(bodies[1].texts, 'ipsets')),
    sysctls: sysctlsBetween(textOf(bodies[0].texts, 'sysctls'), textOf(bodies[1].texts, 'sysctls')),
    nft: uncountedNft(bodies[0].foreignNft) !== uncountedNft(bodies[1].foreignNft),
    packets: compared.value,
  };
  await context.part(part);
  const differs = part.lines.length > 0 || part.sets.length > 0 || part.sysctls.length > 0 || part.nft;
  return { kind: compared.kind === 'done' && differs ? 'found' : compared.kind, value: null };
}

async function bodyOf(context: Context, named: string): Promise<Result<SnapshotBody>> {
  if (named === 'live') return ok(await readBody({ kernel: context.kernel, signal: context.signal }, null));
  const chosen = chosenSnapshot(context, named);
  return chosen.ok ? ok(chosen.value.snapshot) : chosen;
}

function linesBetween({ host: before }: HostAndSets, { host: after }: HostAndSets): DiffPart['lines'] {
  return ([4, 6] as const).flatMap((family) => {
    const [one, other] = [before.rulesets[family], after.rulesets[family]];
    if (!one.known || !other.known) return [];
    return textDiff(one.value, other.value).map(({ kind, table, text }) => ({ family, change: kind, table, text }));
  });
}

/** Members are told by their lines, without how long each has left. */
function setsBetween(before: string, after: string): DiffPart['sets'] {
  const [one, other] = [before, after].map(setsIn) as [ReturnType<typeof setsIn>, ReturnType<typeof setsIn>];
  return [...new Set([...one.keys(), ...other.keys()])].flatMap((set): DiffPart['sets'] => {
    const [old, now] = [one.get(set), other.get(set)];
    const added = [...(now ?? [])].filter((line) => old?.has(line) !== true).length;
    const removed = [...(old ?? [])].filter((line) => now?.has(line) !== true).length;
    if (old !== undefined && now !== undefined && added + removed === 0) return [];
    // The line that makes a set is none of its members.
    const change = old === undefined ? 'added' : now === undefined ? 'removed' : 'changed';
    return [{ set, change, added: added - (old === undefined ? 1 : 0), removed: removed - (now === undefined ? 1 : 0) }];
  });
}

function setsIn(text: string): ReadonlyMap<string, ReadonlySet<string>> {
  const sets = new Map<string, Set<string>>();
  for (const line of text.split('\n')) {
    const name = line.split(' ', 2)[1];
    if (name !== undefined) sets.set(name, (sets.get(name) ?? new Set()).add(untimed(line)));
  }
  return sets;
}

/** Settings that are others, but for numbers that nobody sets. */
export function sysctlsBetween(before: string, after: string): DiffPart['sysctls'] {
  const settings = (text: string): ReadonlyMap<string, string> =>
    new Map(text.split('\n').flatMap((line) => (line.includes(' = ') ? [line.split(' = ', 2) as [string, string]] : [])));
  const [one, other] = [settings(before), settings(after)];
  return [...new Set([...one.keys(), ...other.keys()])]
    .filter((name) => one.get(name) !== other.get(name) && !counts.test(name))
    .map((name) => ({ name, before: one.get(name) ?? null, after: other.get(name) ?? null }));
}

/** Numbers of now, which nobody sets. */
const counts = /_count$/;

/** Tables of nft without what they have counted. */
export function uncountedNft(text: string): string {
  return uncounted(text).replace(/\bcounter packets \d+ bytes \d+/g, 'counter');
}
