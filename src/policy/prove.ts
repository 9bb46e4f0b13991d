import { witnessOf } from '../analysis/answers/index.ts';
import { withoutMatches } from '../analysis/answers/open-matches.ts';
import { surroundingsOf } from '../analysis/evaluate/surroundings.ts';
import { type Node, none, OverBudget } from '../analysis/space/index.ts';
import { createSpace, type Firewall, type Space } from '../analysis/symbolic/index.ts';
import { type Host, hostFromFiles } from '../model/host/index.ts';
import type { Family } from '../model/net/index.ts';
import type { Hook, Packet } from '../model/packet/index.ts';
import { problemLine } from '../result.ts';
import { aloneText } from './compile/alone.ts';
import { type Compiled, type CompiledTable, linesPrefix } from './compile/compile.ts';
import { setsText } from './compile/sets.ts';
import { type Clause, clausesOf } from './meaning.ts';
import type { Ending, Policy, Way } from './policy.ts';
import type { Situation } from './usual.ts';

/** Whether chains do to every packet what the policy says. */
export interface Proof {
  /** One for each family and way. */
  readonly ways: readonly WayProof[];
}

export type WayProof = { readonly family: Family; readonly way: Way } & (
  | { readonly kind: 'equal' }
  /** One packet that may end so by one of the two and never by the other: a fault of palisade. */
  | { readonly kind: 'differs'; readonly packet: Packet | null; readonly ending: Ending; readonly by: 'policy' | 'chains' }
  | { readonly kind: 'unproved'; readonly why: string }
);

const hooks: Readonly<Record<Way, Hook>> = { incoming: 'input', forwarded: 'forward', outgoing: 'output' };
const endings: Readonly<Record<Ending, string>> = { accept: 'ACCEPT', drop: 'DROP', reject: 'REJECT' };

/**
 * Compares what was compiled with what the policy says, for all packets that can exist, in both families: which endings each
 * packet may have, whatever its limits have counted. Both are read on a host without other rules. Later fragments are left out:
 * without their first one nobody takes them, and what stands where ports would be no policy says.
 *
 * @param host what {@link aloneHost} makes of `compiled`.
 */
export function prove(policy: Policy, compiled: Compiled, situation: Situation, alone: Host = aloneHost(compiled)): Proof {
  const host = policy.lines.length === 0 ? alone : aloneHost(withoutLines(compiled));
  return { ways: ([4, 6] as const).flatMap((family) => proveFamily(policy, host, family, situation)) };
}

/** What lines of iptables do in other tables no policy says: they are left out. */
function withoutLines(compiled: Compiled): Compiled {
  const without = (tables: readonly CompiledTable[]): readonly CompiledTable[] =>
    tables.map((table) => ({
      ...table,
      chains: new Map([...table.chains].filter(([name]) => !name.startsWith(linesPrefix))),
      jumps: table.jumps.filter(({ to }) => !to.startsWith(linesPrefix)),
    }));
  return { ...compiled, families: { 4: without(compiled.families[4]), 6: without(compiled.families[6]) } };
}

/** A host with nothing but what was compiled. */
export function aloneHost(compiled: Compiled): Host {
  const rulesets = ([4, 6] as const).map((family) => ({
    file: `IPv${family}`,
    family,
    // A file that holds nothing says nothing.
    text: aloneText(compiled, family) || '*filter\nCOMMIT\n',
  }));
  const host = hostFromFiles({ rulesets, sets: { file: 'sets', text: setsText(compiled.sets) }, readAt: 0 });
  if (!host.ok) throw new Error(`compiled rules do not read again: ${host.problems.map(problemLine).join('; ')}`);
  return host.value;
}

function proveFamily(policy: Policy, host: Host, family: Family, situation: Situation): readonly WayProof[] {
  const ruleset = host.rulesets[family];
  if (!ruleset.known) throw new Error(ruleset.why);
  const clauses = new Map((Object.keys(hooks) as Way[]).map((way) => [way, clausesOf(policy, family, way, situation)] as const));
  const apart = [...clauses.values()].flatMap((all) => all?.map(({ constraint }) => constraint) ?? []);
  const space = createSpace(family, [{ ruleset: ruleset.value, surroundings: surroundingsOf(host), apart }]);
  const [firewall] = space.firewalls;
  if (firewall === undefined) throw new Error('a space without a firewall');
  return [...clauses].map(([way, said]): WayProof => {
    if (said === null)
      return { family, way, kind: 'unproved', why: 'lines of iptables stand in it, or packets are sent on to other machines' };
    try {
      return { family, way, ...compare(space, firewall, hooks[way], said, situation) };
    } catch (error) {
      if (!(error instanceof OverBudget)) throw error;
      return { family, way, kind: 'unproved', why: error.message };
    }
  });
}

type Compared =
  | { readonly kind: 'equal' }
  | { readonly kind: 'differs'; readonly packet: Packet | null; readonly ending: Ending; readonly by: 'policy' | 'chains' };

function compare(
  space: Space,
  firewall: Firewall,
  hook: Hook,
  clauses: readonly Clause[],
  { foreignLinks }: Situation,
): Compared {
  const { diagram } = space;
  const verdicts = firewall.way(hook).verdicts;
  let looked = diagram.mask(
    firewall.possible(hook),
    firewall.matching.set({ kind: 'number', field: 'fragment', ranges: [[0, 0]] }, { tracked: true, scope: '' }),
  );
  // What goes over links of others is theirs to judge.
  if (hook !== 'output') for (const link of foreignLinks) looked = diagram.without(looked, overLink(firewall, link));
  const said = possibleEndings(space, firewall, clauses);
  for (const [ending, verdict] of Object.entries(endings) as [Ending, string][]) {
    const done = diagram.where(verdicts, (value) => {
      const end = value === 0 ? null : space.endings.of(value);
      return end === null ? ending === 'accept' : end.kind === 'decided' && end.decision.verdict === verdict;
    });
    const chains = diagram.mask(looked, whatever(space, done));
    const policy = diagram.mask(looked, whatever(space, said[ending]));
    for (const [by, set] of [
      ['policy', diagram.without(policy, chains)],
      ['chains', diagram.without(chains, policy)],
    ] as const)
      if (set !== none) return { kind: 'differs', packet: witnessOf(space, firewall, hook, set)?.packet ?? null, ending, by };
  }
  return { kind: 'equal' };
}

/** Packets that are in the set with some answers of what no field tells. */
function whatever({ diagram, layout }: Space, set: Node): Node {
  const { f } = withoutMatches(diagram, layout, set);
  return diagram.where(f, (value) => value !== 0);
}

/** By ending the packets that may have it. */
function possibleEndings({ diagram }: Space, { matching }: Firewall, clauses: readonly Clause[]): Readonly<Record<Ending, Node>> {
  const possible: Record<Ending, Node> = { accept: none, drop: none, reject: none };
  let left = diagram.not(none);
  for (const { constraint, endings: ends, goesOn } of clauses) {
    const here = diagram.mask(left, matching.set(constraint, { tracked: true, scope: '' }));
    for (const ending of ends) possible[ending] = diagram.first(possible[ending], here);
    if (!goesOn) left = diagram.without(left, here);
  }
  return possible;
}

function overLink({ matching }: Firewall, pattern: string): Node {
  const prefix = pattern.endsWith('+');
  const name = prefix ? pattern.slice(0, -1) : pattern;
  const over = (field: 'in' | 'out') => matching.set({ kind: 'interface', field, name, prefix }, { tracked: true, scope: '' });
  return matching.diagram.first(over('in'), over('out'));
}
