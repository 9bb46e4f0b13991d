import { type Liveness, livenessOf, type Shadows, shadowsOf } from '../analysis/answers/index.ts';
import { routingCuts, routingFactsOf } from '../analysis/answers/routing.ts';
import { surroundingsOf } from '../analysis/evaluate/surroundings.ts';
import { OverBudget } from '../analysis/space/index.ts';
import { createSpace, type Firewall, type Space } from '../analysis/symbolic/index.ts';
import { type Host, type Known, known, unknown } from '../model/host/index.ts';
import type { Family } from '../model/net/index.ts';
import { meaningsOf } from '../model/ruleset/index.ts';
import { strangerCuts } from './exposure/strangers.ts';

/** The rules of one family as functions of a packet, and what all checks ask of them, each made once. */
export interface Engine {
  readonly space: Space;
  readonly firewall: Firewall;
  /** Which rules any packet meets. @throws OverBudget, also later */
  liveness(): Liveness;
  /** Why others are dead. @throws OverBudget, also later */
  shadows(): Shadows;
}

/** Puts a question to the engine of a family; unknown where the rules are, or where the answer needs more than the budget. */
export type Ask = <T>(family: Family, question: (engine: Engine) => T) => Known<T>;

/** A question may take so much of what is left: others can be asked behind one that goes over it. */
const share = 0.75;

export function createAsk(host: Host, budget?: number): Ask {
  const engines = new Map<Family, Known<Engine>>();
  return (family, question) => {
    let engine = engines.get(family);
    if (engine === undefined) {
      engine = engineOf(host, family, budget);
      engines.set(family, engine);
    }
    if (!engine.known) return engine;
    try {
      const { value } = engine;
      return known(value.space.diagram.within(share, () => question(value)));
    } catch (error) {
      if (error instanceof OverBudget) return undecided(error);
      throw error;
    }
  };
}

function engineOf(host: Host, family: Family, budget: number | undefined): Known<Engine> {
  const ruleset = host.rulesets[family];
  if (!ruleset.known) return ruleset;
  // Checks ask for all of them, and the engine then reads no rule a second time.
  meaningsOf(ruleset.value);
  const surroundings = surroundingsOf(host);
  const apart = [...routingCuts(family, routingFactsOf(host, family), surroundings), ...strangerCuts(family)];
  const space = createSpace(family, [{ ruleset: ruleset.value, surroundings, apart }], budget);
  const [firewall] = space.firewalls;
  if (firewall === undefined) throw new Error('a space without a firewall');
  const engine: Engine = {
    space,
    firewall,
    liveness: once(() => livenessOf(space, firewall)),
    shadows: once(() => shadowsOf(space, firewall, engine.liveness())),
  };
  return known(engine);
}

/** Asks when first called; what goes over the budget is not asked again. */
function once<T>(ask: () => T): () => T {
  let answer: { readonly value: T } | OverBudget | null = null;
  return () => {
    try {
      answer ??= { value: ask() };
    } catch (error) {
      if (!(error instanceof OverBudget)) throw error;
      answer = error;
    }
    if (answer instanceof OverBudget) throw answer;
    return answer.value;
  };
}

function undecided({ message }: OverBudget): Known<never> {
  return unknown(
    `undecided: ${message}`,
    'put addresses into an ipset instead of one rule each, or ask about single packets with palisade trace',
  );
}
