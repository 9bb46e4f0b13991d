import { hookTables } from '../../analysis/evaluate/hooks.ts';
import { createEvaluator } from '../../analysis/index.ts';
import { type Host, known } from '../../model/host/index.ts';
import type { Family } from '../../model/net/index.ts';
import type { Effect, Packet, RuleRef, Step, Trace } from '../../model/packet/index.ts';
import { parseRuleset, type Ruleset, ruleMeaning, ruleText } from '../../model/ruleset/index.ts';
import type { Left, StandingRule, State } from '../../model/ruleset/script/index.ts';
import { ruleAt } from '../blame.ts';
import { createAsk } from '../engine.ts';
import { accepted, type Held } from '../measure.ts';

/** Whether each of a few packets is let through at a moment, in the order in which they were given. */
export type Follower = (left: State['left'], policies: PolicyLines) => readonly Followed[];

export interface Followed {
  readonly held: Held;
  /** It is refused by a TCP reset, which ends a connection; what is dropped is sent again. */
  readonly resets: boolean;
}

/** Line of the script that last set a policy, by {@link policyKey}. */
export type PolicyLines = ReadonlyMap<string, number>;

export function policyKey({ family, table, chain }: Omit<RuleRef, 'rule'>): string {
  return `${family} ${table} ${chain}`;
}

/** Which rules matter to certain packets, so that it need not be found out again for the same ones. */
export type Relevance = WeakMap<object, boolean>;

/**
 * Follows a few packets through every state of a script. Rules that none of them meets are left out of each state before it
 * is built, and a state that then looks like the one before has its answers: a script of thousands of commands has few that
 * matter. Rules are named by their numbers and by the lines of the script; one from before the script has no line.
 */
export function createFollower(host: Host, packets: readonly Packet[], kept: Relevance = new WeakMap()): Follower {
  const families = ([4, 6] as const).filter((family) => packets.some((packet) => packet.family === family));
  const last = new Map<Family, { readonly said: string; readonly followed: readonly (Followed | null)[] }>();
  const keeps = (family: Family): ((standing: StandingRule) => boolean) => {
    const own = packets.filter((packet) => packet.family === family);
    return (standing) => {
      let answer = kept.get(standing.rule);
      if (answer === undefined) {
        answer = mayMatch(host, own, standing);
        kept.set(standing.rule, answer);
      }
      return answer;
    };
  };
  return (left, policies) => {
    const answers: (Followed | null)[] = packets.map(() => null);
    for (const family of families) {
      const few = left(family, keeps(family));
      // What changes packets may bring them to rules that they did not match before.
      const now = changesPackets(few.ruleset) ? left(family) : few;
      // Places count too: what stands before may have moved the rules.
      const said = [now.ruleset.text, now.numbers, now.lines, ...policies].join(' ');
      let known = last.get(family);
      if (known === undefined || known.said !== said) {
        const followed = packets.map((packet) => (packet.family === family ? ask(host, packet, now, policies) : null));
        known = { said, followed };
        last.set(family, known);
      }
      for (const [index, one] of known.followed.entries()) answers[index] ??= one;
    }
    return answers as Followed[];
  };
}

function ask(host: Host, packet: Packet, left: Left, policies: PolicyLines): Followed {
  const fact = host.rulesets[packet.family];
  if (!fact.known) return { held: { kind: 'unknown', why: fact.why, remedy: fact.remedy }, resets: false };
  const then: Host = { ...host, rulesets: { ...host.rulesets, [packet.family]: known(left.ruleset) } };
  const held = accepted({ host: then, evaluator: createEvaluator(then), ask: createAsk(then) }, packet);
  if (held.kind === 'unknown') return { held, resets: false };
  const named = namer(left, policies);
  const resets = held.witnesses.some(({ trace: { verdict, decidedBy } }) => {
    const rule = decidedBy === null ? null : ruleAt(then, decidedBy);
    return verdict === 'REJECT' && rule !== null && ruleText(left.ruleset, rule).includes('--reject-with tcp-reset');
  });
  const witnesses = held.witnesses.map(({ packet: shown, trace }) => ({ packet: shown, trace: renamed(trace, named) }));
  return { held: { ...held, witnesses }, resets };
}

type Named = <T extends RuleRef & { readonly line: number | null }>(place: T) => T;

/** Gives places in the text of a state their numbers among all rules, and lines of the script. */
export function namer({ ruleset, lines, numbers }: Left, policies: PolicyLines): Named {
  const rules = ruleset.tables.flatMap((table) => [...table.chains.values()].flatMap((chain) => chain.rules));
  const at = new Map(
    rules
      .sort((a, b) => a.line - b.line)
      .map((rule, index) => [rule.line, { line: lines[index] ?? null, rule: numbers[index] ?? rule.number }]),
  );
  return (place) => {
    if (place.rule === 'policy') return { ...place, line: policies.get(policyKey(place)) ?? null };
    const found = place.line === null ? undefined : at.get(place.line);
    return found === undefined ? place : { ...place, ...found };
  };
}

function renamed(trace: Trace, named: Named): Trace {
  const decided = <T extends { readonly decidedBy: RuleRef | null; readonly line: number | null }>(one: T): T => {
    if (one.decidedBy === null) return one;
    const { line, ...by } = named({ ...one.decidedBy, line: one.line });
    return { ...one, decidedBy: by, line };
  };
  return { ...decided(trace), path: trace.path.map((step): Step => named(step)), outcomes: trace.outcomes.map(decided) };
}

/** Whether the rule alone could match one of the packets, in any chain of its table that they come to. */
function mayMatch(host: Host, packets: readonly Packet[], { table, rule }: StandingRule): boolean {
  const [family] = packets.map((packet) => packet.family);
  if (family === undefined) return false;
  const stations = hookTables.nft;
  const chains = new Set(
    packets.flatMap(({ hook }) => stations[hook].flatMap((one) => (one.table === table ? [one.chain] : []))),
  );
  return [...chains].some((chain) => {
    const jump = rule.says.jump === null ? '' : `:${rule.says.jump.chain} -\n`;
    const parsed = parseRuleset(`*${table}\n${jump}-A ${chain} ${rule.text}\nCOMMIT\n`, { file: '', family });
    if (!parsed.ok) return true;
    const { trace } = createEvaluator({ ...host, rulesets: { ...host.rulesets, [family]: known(parsed.value) } });
    return packets.some((packet) => {
      const said = trace(packet);
      const isQuiet = said?.verdict === 'ACCEPT' && said.dependsOn.length === 0;
      return !isQuiet || said.path.some((step) => step.rule !== 'policy');
    });
  });
}

const harmless: ReadonlySet<Effect['kind']> = new Set<Effect['kind']>(['continue', 'verdict', 'return', 'jump', 'log']);

function changesPackets(ruleset: Ruleset): boolean {
  return ruleset.tables.some(({ rules }) => rules.some((rule) => !harmless.has(ruleMeaning(ruleset, rule).effect.kind)));
}
