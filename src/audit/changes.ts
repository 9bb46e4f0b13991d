import { meaningsOf, type RuleMeaning, type Ruleset, type Table } from '../model/ruleset/index.ts';

/** What a rule may change of what later rules look at. */
export interface Changes {
  readonly mark: boolean;
  readonly sets: boolean;
  readonly state: boolean;
}

/** The same of each chain of a table, its own jumps included. */
export type Changing = ReadonlyMap<string, Changes>;

const all: Changes = { mark: true, sets: true, state: true };
const none: Changes = { mark: false, sets: false, state: false };

/** What one rule may change; `chains` says it of the chains that it jumps to. */
export function changesOf(meaning: RuleMeaning, chains: Changing): Changes {
  const { effect } = meaning;
  switch (effect.kind) {
    case 'write':
    case 'copy':
      return { ...none, mark: true };
    case 'untrack':
    case 'track':
      return { ...none, state: true };
    case 'jump':
      return chains.get(effect.chain) ?? all;
    // What else of a packet they change later rules may look at as well.
    case 'hops':
    case 'service':
    case 'alter':
    case 'deliver':
    case 'unknown':
      return all;
    case 'continue':
      return isSetTarget(meaning) ? { ...none, sets: true } : none;
    default:
      return none;
  }
}

/** Targets are the last thing that a rule uses. */
export function isSetTarget({ uses }: RuleMeaning): boolean {
  return uses.at(-1)?.name === 'SET';
}

/** Goes over the table until nothing new is found, since chains may call each other in any order. */
export function changingChains(ruleset: Ruleset, table: Table): Changing {
  const meanings = meaningsOf(ruleset);
  const done = new Map<string, Changes>();
  for (const name of table.chains.keys()) done.set(name, none);
  let grew = true;
  while (grew) {
    grew = false;
    for (const chain of table.chains.values()) {
      let sum = done.get(chain.name) ?? none;
      for (const rule of chain.rules) {
        const meaning = meanings.get(rule);
        if (meaning === undefined) continue;
        const does = changesOf(meaning, done);
        sum = { mark: sum.mark || does.mark, sets: sum.sets || does.sets, state: sum.state || does.state };
      }
      const before = done.get(chain.name) ?? none;
      if (sum.mark !== before.mark || sum.sets !== before.sets || sum.state !== before.state) {
        done.set(chain.name, sum);
        grew = true;
      }
    }
  }
  return done;
}
