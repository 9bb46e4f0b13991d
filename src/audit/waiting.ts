import { chainOf, deletions, sayRef } from './blame.ts';
import { bundled, sayFew, sayNumbers } from './bundle.ts';
import type { Check, Subject } from './check.ts';
import type { Dead } from './dead.ts';
import type { Engine } from './engine.ts';
import type { Finding, Located } from './finding.ts';
import { meeting, plainlyShown } from './packet-sets.ts';

type Elsewhere = Extract<Dead, { kind: 'elsewhere' }>;

/** Rules of chains to which nothing comes that they match. */
export function waiting(
  subject: Subject,
  engine: Engine,
  alike: readonly Elsewhere[],
  { id, refs }: Pick<Check, 'id' | 'refs'>,
): readonly Finding[] {
  return bundled(alike, () => 'chain').map((bundle) => {
    const first = bundle[0] as Elsewhere;
    const { host } = subject;
    const at = bundle.map((dead) => dead.at);
    const chain = chainName(first.at);
    const causedBy = first.callers.map((ref) => ({ ...ref, line: lineOf(engine, ref) }));
    const { diagram } = engine.space;
    const visits = engine.liveness().visits(first.at.table, first.at.chain);
    const { changes } = engine.space;
    const own = meeting(engine, first.rule.rule.constraint);
    // What the rule would match if nothing had sent packets away before.
    const sets = visits.map(({ hook, change }) => ({
      hook,
      packets: diagram.mask(engine.firewall.possible(hook), changes.before(own, change)),
    }));
    const witness = plainlyShown(subject, engine, sets);
    const by = sayFew(
      causedBy.map((ref) => sayRef(host, ref)),
      2,
    );
    const way =
      first.at.table === 'filter' && Object.values(chainOf).includes(first.at.chain)
        ? ''
        : `${by === '' ? '' : `, to which ${by} ${causedBy.length === 1 ? 'leads' : 'lead'}`}`;
    return {
      id,
      severity: 'low',
      certainty: 'certain',
      title: `${sayNumbers(at.map(({ rule }) => Number(rule)))} of ${chain} ${bundle.length === 1 ? 'waits' : 'wait'} for packets that do not come there`,
      why: `Nothing that ${sayRef(host, first.at)} matches comes to ${chain}${way}: other chains decide about it before, or it is not sent there.`,
      family: first.at.family,
      at,
      causedBy,
      witness,
      fix: `Put the rule where its packets pass, or delete it: as it stands nothing changes without it.\n${deletions(at).join('\n')}`,
      refs,
    };
  });
}

function lineOf({ firewall }: Engine, { table, chain, rule }: Located | Omit<Located, 'line'>): number | null {
  const found = firewall.ruleset.tables.find(({ name }) => name === table)?.chains.get(chain);
  return rule === 'policy' ? (found?.line ?? null) : (found?.rules[rule - 1]?.line ?? null);
}

function chainName({ table, chain }: Located): string {
  return `${table === 'filter' ? '' : `${table} `}${chain}`;
}
