import { sayPacket } from '../../audit/probes.ts';
import { admittingAmong, packetsBetween } from '../../change/index.ts';
import type { Host } from '../../model/host/index.ts';
import type { Family } from '../../model/net/index.ts';
import type { Hook } from '../../model/packet/index.ts';
import type { Rule } from '../../model/ruleset/index.ts';
import { rewritesToJson, wayToJson } from '../diff-shapes.ts';
import type { DriftPacketsJson } from '../drift-shape.ts';
import { regionWords } from '../region-words.ts';

/** What is to be found out of two states of a host, which may take seconds and hundreds of megabytes. */
export interface Question {
  readonly before: Host;
  readonly now: Host;
  /** Of which packets are compared. */
  readonly families: readonly Family[];
  /** Regions of each way. */
  readonly most: number;
  /** Rules of now of which is asked whether they let in what was kept out. */
  readonly strange: readonly Place[];
}

/** A rule by where it stands, counted from 1. */
export interface Place {
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
  readonly rule: number;
}

export interface Compared {
  readonly packets: readonly DriftPacketsJson[];
  readonly says: readonly string[];
  /** Those of the rules that do; `null`: that could not be told. */
  readonly admitting: readonly Place[] | null;
}

export function compared({ before, now, families, most, strange }: Question): Compared {
  const all = families.map((family) => packetsBetween(before, now, family, most));
  const told = all.map((one) => {
    if (one.kind === 'unknown')
      return {
        says: [`IPv${one.family}: which packets are treated differently is undecided: ${one.why}`],
        packets: undecided(one.family, one.why),
      };
    const { family, opened, ways, rewrites } = one;
    const packets = {
      family,
      opened: [...opened],
      undecided: null,
      ways: ways.map((way) => wayToJson(way, new Map())),
      rewrites: rewritesToJson(rewrites),
    };
    return {
      packets,
      says: [
        ...opened.map((one) => openedWords(family, one)),
        ...ways.flatMap((way) => wayWords(family, way, opened)),
        ...rewriteWords(family, rewrites),
      ],
    };
  });
  const asked = ([4, 6] as const).map((family) => admitting(before, now, family, strange));
  return {
    packets: told.map(({ packets }) => packets),
    says: told.flatMap(({ says }) => says),
    admitting: asked.includes(null) ? null : asked.flatMap((places) => places ?? []),
  };
}

export function undecided(family: Family, why: string): DriftPacketsJson {
  return { family, opened: [], undecided: why, ways: [], rewrites: null };
}

function admitting(before: Host, now: Host, family: Family, strange: readonly Place[]): readonly Place[] | null {
  const ruleset = now.rulesets[family];
  const places = strange.filter((one) => one.family === family);
  if (places.length === 0) return [];
  if (!ruleset.known) return null;
  const ruleAt = ({ table, chain, rule }: Place): Rule | undefined =>
    ruleset.value.tables.find(({ name }) => name === table)?.chains.get(chain)?.rules[rule - 1];
  const found = admittingAmong(
    before,
    now,
    family,
    places.flatMap((place) => ruleAt(place) ?? []),
  );
  return found && places.filter((place) => found.some((rule) => rule === ruleAt(place)));
}

const chains: Readonly<Record<Hook, string>> = { input: 'INPUT', forward: 'FORWARD', output: 'OUTPUT' };

/** The words by which whoever is woken at night knows the worst. */
function openedWords(family: Family, { hook, exact }: Opened): string {
  return `IPv${family} ${chains[hook]}: everything is now accepted${exact ? '' : '; only a few addresses are still denied'}`;
}

type Opened = Extract<ReturnType<typeof packetsBetween>, { kind: 'compared' }>['opened'][number];
type Way = Extract<ReturnType<typeof packetsBetween>, { kind: 'compared' }>['ways'][number];

/** More regions of a way are in the table of packets only. */
const mostSaid = 3;

function wayWords(family: Family, way: Way, opened: readonly Opened[]): readonly string[] {
  const where = `IPv${family} ${chains[way.hook]}`;
  if (way.kind === 'undecided') return [`${where}: which packets are treated differently is undecided: ${way.why}`];
  const changes = opened.some(({ hook }) => hook === way.hook)
    ? way.differences.filter(({ kind }) => kind !== 'newly-allowed')
    : way.differences;
  return changes.slice(0, mostSaid).map(({ kind, region, before, after, witness }) => {
    const what = regionWords({
      where: region.conditions.flatMap((one) =>
        one.kind === 'field' ? [{ field: one.field, not: one.not, values: [...one.values] }] : [],
      ),
      matches: region.conditions.flatMap((one) => (one.kind === 'match' ? [{ text: one.text, holds: one.holds }] : [])),
      dependsOn: [...region.dependsOn],
    });
    // In the middle of a sentence it ends with a comma.
    const shown = witness === null ? '' : `; such as ${sayPacket(witness.packet).replace(/,$/, '')}`;
    switch (kind) {
      case 'newly-allowed':
        return `${where}: now accepted: ${what}${shown}`;
      case 'newly-blocked':
        return `${where}: no longer accepted: ${what}${shown}`;
      default:
        return `${where}: ${what}: ${before.verdict} before, ${after.verdict} now${shown}`;
    }
  });
}

type Rewrites = Extract<ReturnType<typeof packetsBetween>, { kind: 'compared' }>['rewrites'];

function rewriteWords(family: Family, rewrites: Rewrites): readonly string[] {
  if (rewrites === null) return [`IPv${family}: what is translated and marked otherwise is undecided`];
  return rewrites.differences
    .slice(0, mostSaid)
    .map(
      ({ table, chain, before, after }) =>
        `IPv${family} ${table} ${chain}: packets are changed otherwise: ${before} before, ${after} now`,
    );
}
