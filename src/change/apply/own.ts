import { type Chain, lineText, meaningsOf, type Ruleset, type Table } from '../../model/ruleset/index.ts';
import { ownPrefix } from '../../policy/index.ts';

/** What palisade has in one table, beside what others have there. */
export interface OwnTable {
  readonly table: string;
  /** Of all built-in chains. */
  readonly policies: ReadonlyMap<string, string>;
  /** Own chains with their rules, without `-A CHAIN`. */
  readonly chains: ReadonlyMap<string, readonly string[]>;
  /** Jumps from other chains; `position` counts from 1 within theirs. */
  readonly jumps: readonly OwnJump[];
}

export interface OwnJump {
  readonly from: string;
  readonly to: string;
  readonly position: number;
  /** The whole rule, `-A CHAIN … -j PAL-…`: somebody may have given it conditions. */
  readonly text: string;
}

/** What of a ruleset is palisade's, table by table. */
export function ownOf(ruleset: Ruleset): readonly OwnTable[] {
  return ruleset.tables.map((table) => ownIn(ruleset, table));
}

function ownIn(ruleset: Ruleset, { name, chains }: Table): OwnTable {
  const policies = new Map<string, string>();
  const own = new Map<string, readonly string[]>();
  const jumps: OwnJump[] = [];
  for (const chain of chains.values()) {
    if (chain.policy !== null) policies.set(chain.name, chain.policy);
    if (chain.name.startsWith(ownPrefix)) {
      const lead = `-A ${chain.name} `;
      own.set(
        chain.name,
        chain.rules.map((rule) => lineText(ruleset, rule).slice(lead.length)),
      );
    } else jumps.push(...jumpsIn(ruleset, chain));
  }
  return { table: name, policies, chains: own, jumps };
}

function jumpsIn(ruleset: Ruleset, chain: Chain): readonly OwnJump[] {
  const meanings = meaningsOf(ruleset);
  return chain.rules.flatMap((rule, index) => {
    const effect = meanings.get(rule)?.effect;
    const isOwn = effect?.kind === 'jump' && effect.chain.startsWith(ownPrefix);
    return isOwn ? [{ from: chain.name, to: effect.chain, position: index + 1, text: lineText(ruleset, rule) }] : [];
  });
}
