import { readlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type BootLoad, bootLoads } from '../../audit/boot-loads.ts';
import { starterOf } from '../../audit/booting.ts';
import { holdsOwnRules } from '../../audit/neighbours.ts';
import { differing } from '../../audit/same-rules.ts';
import { bootInstalled, hasBoot, type OwnRecord, plannedRuleset, readRecord } from '../../change/index.ts';
import { keptTexts } from '../../change/snapshots/index.ts';
import { fileAt, type Host, hostFromTexts, type TextName } from '../../model/host/index.ts';
import type { Family } from '../../model/net/index.ts';
import { emptyRuleset, parseRuleset, type Ruleset } from '../../model/ruleset/index.ts';
import { problemLine } from '../../result.ts';
import { compiledOf, records } from '../changing/records.ts';
import type { DriftPartJson } from '../drift-shape.ts';
import type { Context } from '../verb.ts';
import { comparedAside } from './aside.ts';

export type BootStanding = Extract<DriftPartJson, { kind: 'boot' }>;

/** What says which rules a machine starts with. */
const aboutBoot: readonly TextName[] = [...keptTexts, 'files', 'units', 'processes'];

/**
 * What the next start of the machine brings, beside what is in force, by what it does to packets: rules that services load from files, and
 * what palisade restores of its own.
 *
 * @param most regions of each way
 */
export async function bootStandings(context: Context, most: number): Promise<readonly BootStanding[]> {
  const host = hostFromTexts(await context.kernel.read({ signal: context.signal, only: aboutBoot }));
  const standings: BootStanding[] = [];
  for (const family of [4, 6] as const) standings.push(await standingOf(context, host, family, most));
  return standings;
}

/** As {@link bootStandings}, of a host that has been read. */
export async function standingOf(
  context: Pick<Context, 'stateFolder' | 'kernel' | 'signal'>,
  host: Host,
  family: Family,
  most: number,
): Promise<BootStanding> {
  const said = (stands: BootStanding['stands'], source: string, why: string | null): BootStanding => ({
    kind: 'boot',
    family,
    source,
    stands,
    why,
    packets: null,
  });
  const live = host.rulesets[family];
  if (!live.known) return said('unknown', 'nobody', live.why);
  const starter = starterOf(host);
  if (!starter.known) return said('unknown', 'nobody', starter.why);
  const loads = bootLoads(host, family);
  if (!loads.known) return said('unknown', 'nobody', loads.why);
  const restores = loads.value.some(({ confirmed }) => confirmed === true);
  const own = restores ? bootRecord(context) : null;
  if (own !== null && 'why' in own) return said('unknown', 'palisade', own.why);
  const others = loads.value.filter(({ confirmed }) => confirmed !== true);
  const source = sourceWords(others, own !== null);
  if (others.length === 0 && own === null)
    return holdsOwnRules(live.value)
      ? said('nothing-saved', 'nobody', 'no service or script that starts with the machine loads these rules')
      : said('same', 'nobody', null);
  const maker = others.find(({ saved }) => saved === null);
  if (maker !== undefined)
    return said('unknown', source, `${maker.by} makes rules when the machine starts in a way that palisade does not read`);
  const saved = savedRules(host, family, others.at(-1)?.saved ?? null);
  if ('stands' in saved) return said(saved.stands, source, saved.why);
  const boot = own === null ? saved.ruleset : plannedRuleset(saved.ruleset, compiledOf(own.record, host, null), family);
  const started = { ...boot, writer: boot.writer ?? live.value.writer };
  const difference = differing(host, live.value, started, { now: 'now', other: 'after a start' });
  if (!difference.known) return said('unknown', source, difference.why);
  if (difference.value === null) return said('same', source, null);
  const next: Host = { ...host, rulesets: { ...host.rulesets, [family]: { known: true, value: started } } };
  const question = { before: host, now: next, families: [family], most, strange: [] };
  const { packets } = await comparedAside(context, question);
  const beside = difference.value.neighbours
    ? ' Rules that programs add by themselves were left out as far as they can be told.'
    : '';
  return { ...said('differs', source, `${difference.value.example}${beside}`), packets: packets[0] ?? null };
}

/** What palisade restores when the machine starts; `null`: nothing. */
function bootRecord(context: Pick<Context, 'stateFolder'>): { readonly record: OwnRecord } | { readonly why: string } | null {
  const state = resolve(context.stateFolder);
  if (!hasBoot(state)) return null;
  const installed = bootInstalled(state);
  if (installed === 'other') return { why: 'the units restore what was confirmed in another state folder than this one' };
  const record = readRecord(records(state).confirmed);
  if (record === null) return { why: 'nothing that was confirmed is in the state folder' };
  const kept = readlinkSync(join(state, 'boot/current'));
  return kept === String(record.at)
    ? { record }
    : { why: 'what was written for the start of the machine is not what was confirmed last; palisade apply writes it anew' };
}

function sourceWords(loads: readonly BootLoad[], own: boolean): string {
  const said = loads.map(({ by, saved }) => (saved === null ? by : `${by} (${saved})`));
  return [...said, ...(own ? ['palisade'] : [])].join(', ') || 'nobody';
}

type Saved = { readonly ruleset: Ruleset } | { readonly stands: BootStanding['stands']; readonly why: string };

function savedRules(host: Host, family: Family, path: string | null): Saved {
  if (path === null) return { ruleset: emptyRuleset(family, 'nothing saved') };
  if (!host.files.known) return { stands: 'unknown', why: host.files.why };
  const file = fileAt(host.files.value, path);
  if (!file.known) return { stands: 'unknown', why: file.why };
  if (file.value === null) return { stands: 'nothing-saved', why: `${path} is not there` };
  if (!file.value.text.known) return { stands: 'unknown', why: file.value.text.why };
  const text = file.value.text.value;
  if (text.trim() === '') return { ruleset: emptyRuleset(family, path) };
  const parsed = parseRuleset(text, { file: path, family });
  if (parsed.ok) return { ruleset: parsed.value };
  return { stands: 'differs', why: `it cannot be loaded: ${parsed.problems.map(problemLine)[0] ?? ''}` };
}
