import { type Host, isLoopback, type Listener } from '../../model/host/index.ts';
import { bitsOf, contains, type Family, TCP, UDP } from '../../model/net/index.ts';
import type { Constraint } from '../../model/packet/index.ts';
import { isLocal } from '../evaluate/addresstype.ts';
import { rulesOf } from '../evaluate/rules.ts';
import { type Surroundings, surroundingsOf } from '../evaluate/surroundings.ts';
import { type Node, none, OverBudget, withoutField } from '../space/index.ts';
import { createSpace, type FieldName, type Firewall, type Layout, type Space } from '../symbolic/index.ts';
import type { AddressWords } from './addresses.ts';
import { type Arrivals, arrivalsOf, type Course, type Goal } from './arrivals.ts';
import { type DraftRow, type Found, rowsOf } from './matrix.ts';
import { mergedRows } from './reach-rows.ts';
import { rowWitnesses } from './reach-witness.ts';
import { oddSources, type RoutingFacts, routingCuts, routingFactsOf } from './routing.ts';
import type { Service } from './services.ts';
import { usualLinks } from './usual-values.ts';
import type { Witness } from './witness.ts';

/** Who may reach what: packets of which each field meets its column. */
export interface ReachRow {
  /** Arriving links, the one towards the rest of the world first; `*`: any other. */
  readonly links: readonly string[];
  readonly services: readonly Service[];
  /** Addresses that the sender writes to; `own`: those of this host, of which rows that lead through it never speak. */
  readonly destinations: AddressWords | 'own';
  readonly sources: AddressWords;
  /** DEPENDS: accepted or not as `conditions` tell. */
  readonly verdict: 'ACCEPT' | 'DEPENDS';
  /** What it hangs on, as in the rules or as a field's values. */
  readonly conditions: readonly string[];
  /** Where it leads. */
  readonly goals: readonly Goal[];
  /** Sockets of this host that wait for it; `null` when that is unknown, or it leads elsewhere. */
  readonly listeners: readonly Listener[] | null;
  /** One packet that is let in, if it was found and the interpreter agrees. */
  readonly witness: Witness | null;
}

/** What becomes of all that no row names. */
export interface Refusal {
  readonly links: readonly string[];
  readonly verdicts: readonly string[];
}

export type Reach =
  | {
      readonly kind: 'known';
      readonly family: Family;
      readonly rows: readonly ReachRow[];
      readonly refused: readonly Refusal[];
      /** Links that take packets only from sources that are routed over them (rp_filter). */
      readonly strict: readonly string[];
      readonly assumed: readonly string[];
    }
  | { readonly kind: 'unknown'; readonly family: Family; readonly why: string; readonly remedy: string }
  /** The budget did not suffice. */
  | { readonly kind: 'undecided'; readonly family: Family; readonly why: string };

/** So many rows are made before the answer is undecided: nobody reads more. */
const mostRows = 20_000;

/**
 * Who can reach what on a host: for the first packets of connections that arrive over each link, every service that may
 * be accepted, here or behind the host. Addresses that cannot be a sender's or a service's (multicast, broadcast, the
 * host's own as a source) are left out.
 *
 * @param budget nodes
 */
export function reachOf(host: Host, family: Family, budget?: number): Reach {
  const ruleset = host.rulesets[family];
  if (!ruleset.known) return { kind: 'unknown', family, why: ruleset.why, remedy: ruleset.remedy };
  const surroundings = surroundingsOf(host);
  const facts = routingFactsOf(host, family);
  const apart = [...routingCuts(family, facts, surroundings), ...(surroundings.links === null ? linksNamed(host) : [])];
  try {
    const space = createSpace(family, [{ ruleset: ruleset.value, surroundings, apart }], budget);
    const firewall = space.firewalls[0] as Firewall;
    const assumed = new Set<string>();
    const courses: readonly Course[] = surroundings.routes !== null ? ['routed'] : ['host', 'through'];
    if (surroundings.routes === null) {
      assumed.add('routes are unknown: what the rules let through to this host and what they let through it stand side by side');
    }
    const links = linksOf(space.layout, surroundings, family);
    const rows: DraftRow[] = [];
    const refusals = new Map<string, Set<string>>();
    for (const course of courses) {
      const arrivals = arrivalsOf(space, firewall, facts, course);
      for (const sentence of arrivals.assumed) assumed.add(sentence);
      const asked = askedOf(space, arrivals);
      const known = new Map<Node, Found>();
      for (const { name, code } of links) {
        const arriving = sent(space, firewall, facts, surroundings, name, withCode(space, asked, 'in', code), assumed);
        let found = known.get(arriving);
        if (found === undefined) {
          found = rowsOf(space, surroundings, arrivals, arriving);
          known.set(arriving, found);
        }
        for (const row of found.rows) rows.push({ ...row, links: [name] });
        const verdicts = refusals.get(name) ?? new Set();
        for (const verdict of found.refused) verdicts.add(verdict);
        refusals.set(name, verdicts);
        if (rows.length > mostRows)
          return { kind: 'undecided', family, why: `the answer has more than ${mostRows.toLocaleString('en')} rows` };
      }
    }
    const witnessOf = rowWitnesses(space, firewall);
    const strict = links.filter(({ name }) => facts.reversePath(name) === 'strict' && surroundings.routes !== null);
    return {
      kind: 'known',
      family,
      rows: mergedRows(rows).map(({ sample, ...row }) => ({
        ...row,
        listeners: listenersOf(row, family, surroundings),
        witness: witnessOf(row, sample),
      })),
      refused: refusalsOf(refusals),
      strict: strict.map(({ name }) => name),
      assumed: [...assumed],
    };
  } catch (error) {
    if (error instanceof OverBudget) return { kind: 'undecided', family, why: error.message };
    throw error;
  }
}

/** Links that rules of either family name: what is said of one is then said of the other. */
function linksNamed(host: Host): readonly Constraint[] {
  const found = new Map<string, Constraint>();
  const visit = (part: Constraint): void => {
    if (part.kind === 'all' || part.kind === 'any') for (const each of part.of) visit(each);
    else if (part.kind === 'not') visit(part.of);
    else if (part.kind === 'interface' && part.field === 'in') found.set(`${part.name} ${part.prefix}`, part);
  };
  for (const ruleset of [host.rulesets[4], host.rulesets[6]]) {
    if (!ruleset.known) continue;
    for (const { chains } of ruleset.value.tables)
      for (const chain of chains.values()) for (const { constraint } of rulesOf(ruleset.value, chain)) visit(constraint);
  }
  return [...found.values()];
}

/** Who waits for packets of the row that come to this host with their own destination. */
function listenersOf(
  { goals, services, links }: ReachRow,
  family: Family,
  { listeners }: Surroundings,
): readonly Listener[] | null {
  if (listeners === null || !goals.some(({ kind }) => kind === 'host')) return null;
  return listeners.filter(
    ({ proto, port, address, families, link }) =>
      families.includes(family) &&
      (link === null || links.includes(link)) &&
      (address === null || !isLoopback(address)) &&
      services.some(({ proto: [number], ports }) => number === (proto === 'tcp' ? TCP : UDP) && contains(ports ?? [], port)),
  );
}

function refusalsOf(byLink: ReadonlyMap<string, ReadonlySet<string>>): readonly Refusal[] {
  const alike = Map.groupBy(byLink, ([, verdicts]) => [...verdicts].sort().join());
  return [...alike]
    .filter(([key]) => key !== '')
    .map(([key, entries]) => ({ links: entries.map(([name]) => name), verdicts: key.split(',') }));
}

/** Links over which packets arrive from elsewhere: those of the host, or where they are unknown those that rules name. */
function linksOf(
  layout: Layout,
  surroundings: Surroundings,
  family: Family,
): readonly { readonly name: string; readonly code: number }[] {
  const { interfaces } = layout;
  const { links } = surroundings;
  if (links !== null) {
    // What comes in by a bridge's port arrives by the bridge.
    const ports = new Set(
      links.filter(({ master }) => links.some(({ name, kind }) => name === master && kind === 'bridge')).map(({ name }) => name),
    );
    return usualLinks(surroundings, family)
      .filter((name) => !ports.has(name) && links.some((link) => link.name === name))
      .map((name) => ({ name, code: interfaces.codeOf(name) }));
  }
  return Array.from({ length: interfaces.size }, (_, code) => code)
    .filter((code) => code > 0 && interfaces.nameOf(code) !== 'lo')
    .map((code) => ({
      name: interfaces.isOther(code) ? `${interfaces.beginningOf(code) ?? ''}*` : interfaces.nameOf(code),
      code,
    }));
}

/** Outcomes without what a first packet leaves no choice of: its connection is itself, and it has no mark yet. */
function askedOf({ diagram, layout }: Space, { outcomes }: Arrivals): Node {
  const given: readonly FieldName[] = [
    'state', 'fragment', 'flags', 'origProto', 'origSrc', 'origDst', 'origDport', 'origSport', 'direction', 'status', 'exempt', 'template', 'shortened',
  ]; // biome-ignore format: a list of names
  let asked = outcomes;
  for (const field of given) asked = withoutField(diagram, asked, layout.axis(field));
  for (const bit of layout.markBits)
    for (const field of ['mark', 'connmark'] as const)
      asked = withoutField(diagram, asked, { level: layout.markLevel(field, bit), width: 1 });
  return asked;
}

function withCode({ changes }: Space, f: Node, field: FieldName, code: number): Node {
  return changes.before(f, changes.of({ fields: new Map([[field, { kind: 'to', code }]]) }));
}

/** Without packets whose source the kernel does not take from the link. */
function sent(
  { diagram, layout, family }: Space,
  { matching }: Firewall,
  facts: RoutingFacts,
  surroundings: Surroundings,
  link: string,
  asked: Node,
  assumed: Set<string>,
): Node {
  const mode = facts.reversePath(link);
  if (mode === null) assumed.add('whether the kernel drops packets by their source address (rp_filter) is unknown; taken as no');
  const axis = layout.axis('src');
  const codes: number[] = [];
  const main = (surroundings.routes ?? []).filter(
    ({ family: of, table, type }) => of === family && table === 'main' && type === 'unicast',
  );
  for (let code = 0; code < axis.size; code += 1) {
    const [lo] = layout.addressesOf('src', code);
    if (contains(oddSources[family], lo) || isLocal(family, lo, surroundings) === true) continue;
    if (mode === 'strict' && surroundings.routes !== null) {
      const covering = main.filter(
        ({ prefix }) =>
          prefix.length === 0 ||
          lo >> BigInt(bitsOf(family) - prefix.length) === prefix.value >> BigInt(bitsOf(family) - prefix.length),
      );
      const narrowest = Math.max(...covering.map(({ prefix }) => prefix.length));
      if (!covering.some((route) => route.prefix.length === narrowest && route.link === link)) continue;
    }
    codes.push(code, code);
  }
  return codes.length === 0 ? none : diagram.mask(matching.fieldSet('src', Int32Array.from(codes)), asked);
}
