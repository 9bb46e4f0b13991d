import { bitsOf, type Family, type Ranges, ranges } from '../../model/net/index.ts';
import { isLocal } from '../evaluate/addresstype.ts';
import type { Surroundings } from '../evaluate/surroundings.ts';
import { grouped, type Node, none, splitBy } from '../space/index.ts';
import type { Layout, Space } from '../symbolic/index.ts';
import { type AddressWords, addressWords, complement, type NamedRanges, namedRanges } from './addresses.ts';
import type { Arrivals, Goal } from './arrivals.ts';
import type { ReachRow } from './reach.ts';
import { residueOf } from './residue.ts';
import { type Service, servicesOf } from './services.ts';

/** A row in the making. */
export interface DraftRow extends ReachRow {
  /** Packets of it, or of one of the rows that it was made of; all of them arrive by the first link. */
  readonly sample: Sample;
}

export interface Sample {
  readonly services: readonly Service[];
  /** Codes, as intervals. */
  readonly src: Pieces;
  readonly dst: Pieces;
}

type Pieces = readonly (readonly [number, number])[];

/** What one function of arriving packets says. */
export interface Found {
  readonly rows: readonly Omit<DraftRow, 'links'>[];
  readonly refused: ReadonlySet<string>;
}

/** Rows by service, then destination, then source: what is left then says whether the packet is accepted. */
export function rowsOf(space: Space, surroundings: Surroundings, arrivals: Arrivals, arriving: Node): Found {
  const { diagram, layout, family } = space;
  const sets = namedRanges(family, surroundings.sets);
  const rows: Omit<DraftRow, 'links'>[] = [];
  const refused = new Set<string>();
  // Services that lead to the same function are one.
  const services = new Map<Node, Service[]>();
  for (const { service, rest } of servicesOf(space, arriving)) {
    const same = services.get(rest);
    if (same === undefined) services.set(rest, [service]);
    else same.push(service);
  }
  for (const [rest, of] of services) {
    const destinations = grouped(splitBy(diagram, rest, layout.axis('dst')), layout.axis('dst').size);
    const noDestination = (destinations.get(none) ?? []).map(([lo, hi]) => addressRange(layout, 'dst', lo, hi));
    const own = (surroundings.addresses ?? [])
      .filter(({ prefix }) => prefix.family === family)
      .map(({ prefix }) => [prefix.value, prefix.value] as const);
    for (const [behind, codes] of destinations) {
      if (behind === none) continue;
      const to = ranges(...codes.map(([lo, hi]) => addressRange(layout, 'dst', lo, hi)));
      const sources = grouped(splitBy(diagram, behind, layout.axis('src')), layout.axis('src').size);
      const noSource = (sources.get(none) ?? []).map(([lo, hi]) => addressRange(layout, 'src', lo, hi));
      for (const [last, sourceCodes] of sources) {
        if (last === none) continue;
        const residue = residueOf(space, arrivals, last);
        for (const verdict of residue.refused) refused.add(verdict);
        if (residue.verdict === 'REFUSED') continue;
        const from = ranges(...sourceCodes.map(([lo, hi]) => addressRange(layout, 'src', lo, hi)));
        rows.push({
          services: of,
          // Whatever goes through the host is not for it.
          destinations: destinationWords(
            family,
            surroundings,
            to,
            residue.goals.every(({ kind }) => kind === 'through') ? ranges(...noDestination, ...own) : noDestination,
            sets,
          ),
          sources: addressWords(family, from, noSource, sets),
          verdict: residue.verdict,
          conditions: residue.conditions,
          goals: residue.goals.map((goal) => plainGoal(goal, of)),
          listeners: null,
          witness: null,
          sample: { services: of, src: sourceCodes, dst: codes },
        });
      }
    }
  }
  return { rows, refused };
}

/** A port that stays as it was need not be said. */
function plainGoal(goal: Goal, services: readonly Service[]): Goal {
  const same =
    goal.kind === 'published' &&
    services.every(({ ports }) => ports?.length === 1 && String(ports[0]?.[0]) === goal.port && ports[0]?.[0] === ports[0]?.[1]);
  return same ? { ...goal, port: null } : goal;
}

function destinationWords(
  family: Family,
  surroundings: Surroundings,
  to: Ranges<bigint>,
  open: Ranges<bigint>,
  sets: readonly NamedRanges[],
): AddressWords | 'own' {
  const own = (surroundings.addresses ?? [])
    // What is not routed to the host is not its own yet, such as an IPv6 address that is still being tried out.
    .filter(
      ({ prefix, link }) => prefix.family === family && link !== 'lo' && isLocal(family, prefix.value, surroundings) !== false,
    )
    .map(({ prefix }) => prefix.value);
  const has = (value: bigint): boolean => to.some(([lo, hi]) => lo <= value && value <= hi);
  const words = addressWords(family, to, open, sets);
  if (surroundings.routes === null || own.length === 0 || !own.every(has)) return words;
  const others = complement(family, ranges(...open, ...localOnly(family, surroundings, to)));
  return to.every(([lo, hi]) => !others.some(([from, end]) => lo <= end && from <= hi)) ? 'own' : words;
}

/** Of the intervals those that are the host's own. */
function localOnly(family: Family, surroundings: Surroundings, within: Ranges<bigint>): Ranges<bigint> {
  const locals = (surroundings.routes ?? [])
    .filter((route) => route.family === family && route.type === 'local' && route.table === 'local')
    .map(({ prefix }) => {
      const free = BigInt(bitsOf(family) - prefix.length);
      const lo = (prefix.value >> free) << free;
      return [lo, lo + (1n << free) - 1n] as const;
    });
  return within.length === 0 ? [] : ranges(...locals);
}

function addressRange(layout: Layout, field: 'src' | 'dst', first: number, last: number): readonly [bigint, bigint] {
  return [layout.addressesOf(field, first)[0], layout.addressesOf(field, last)[1]];
}
