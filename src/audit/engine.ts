import { type Liveness, livenessOf, type Shadows, shadowsOf } from '../analysis/answers/index.ts';
import { routingCuts, routingFactsOf } from '../analysis/answers/routing.ts';
import { surroundingsOf } from '../analysis/evaluate/surroundings.ts';
import { OverBudget } from '../analysis/space/index.ts';
import { createSpace, type Firewall, type Space } from '../analysis/symbolic/index.ts';
import { type Host, type Known, known, unknown } from '../model/host/index.ts';
import type { Family } from '../model/net/index.ts';
import { strangerCuts } from './exposure/strangers.ts';

/** The rules of one family as functions of a packet, and what all checks ask of them, each made once. */
export interface Engine {
  readonly space: Space;
  readonly firewall: Firewall;
  /** Which rules any packet meets. */
  liveness(): Liveness;
  /** Why others are dead. */
  shadows(): Shadows;
}

/** Puts a question to the engine of a family; unknown where the rules are, or where the answer needs more than the budget. */
export type Ask = <T>(family: Family, question: (engine: Engine) => T) => Known<T>;

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
      return known(question(engine.value));
    } catch (error) {
      if (error instanceof OverBudget) return undecided(error);
      throw error;
    }
  };
}

function engineOf(host: Host, family: Family, budget: number | undefined): Known<Engine> {
  const ruleset = host.rulesets[family];
  if (!ruleset.known) return ruleset;
  const surroundings = surroundingsOf(host);
  const apart = [...routingCuts(family, routingFactsOf(host, family), surroundings), ...strangerCuts(family)];
  const space = createSpace(family, [{ ruleset: ruleset.value, surroundings, apart }], budget);
  const [firewall] = space.firewalls;
  if (firewall === undefined) throw new Error('a space without a firewall');
  let liveness: Liveness | null = null;
  let shadows: Shadows | null = null;
  const engine: Engine = {
    space,
    firewall,
    liveness: () => (liveness ??= livenessOf(space, firewall)),
    shadows: () => (shadows ??= shadowsOf(space, firewall, engine.liveness())),
  };
  return known(engine);
}

function undecided({ message }: OverBudget): Known<never> {
  return unknown(
    `undecided: ${message}`,
    'put addresses into an ipset instead of one rule each, or ask about single packets with palisade trace',
  );
}
