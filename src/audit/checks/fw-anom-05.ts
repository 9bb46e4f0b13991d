import { loopOf } from '../../analysis/answers/index.ts';
import { known } from '../../model/host/index.ts';
import { type Chain, isBuiltin, meaningsOf, type Rule, type Ruleset, type Table } from '../../model/ruleset/index.ts';
import { sayRef, toolOf } from '../blame.ts';
import { sayFew } from '../bundle.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { command } from '../command.ts';
import { filter, guide, hardened4, hardened6 } from '../examples.ts';
import { eachText } from '../families.ts';
import type { Finding, Located } from '../finding.ts';
import { isShipped } from '../owners.ts';

/**
 * Chains to which no rule leads, chains without rules to which some do, jumps in a circle (which the kernel refuses: such a text
 * cannot be loaded) and RETURN in a built-in chain, which means its policy and reads like something else. Chains that programs
 * write by templates are left out: they keep them for rules to come.
 */
export const fwAnom05: Check = {
  id: 'FW-ANOM-05',
  title: 'every chain is called and holds rules',
  severity: 'info',
  kinds: ['Y'],
  refs: [],
  why: 'Rules in a chain that nothing calls look as if they were in force.',
  fix: 'Call the chain where its rules should count, or delete it.',
  run,
  examples: [
    { title: 'the guide', v4: guide, finds: [] },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, finds: [] },
    {
      title: 'a chain that nothing calls',
      v4: filter([':web - [0:0]', '-A web -p tcp -m tcp --dport 80 -j ACCEPT']),
      finds: ['info 4'],
    },
    { title: 'a chain without rules', v4: filter([':web - [0:0]', '-A INPUT -j web']), finds: ['info 4'] },
    { title: 'neither called nor filled', v4: filter([':old - [0:0]', '-A INPUT -i lo -j ACCEPT']), finds: ['info 4'] },
    {
      title: 'called by a chain that nothing calls',
      v4: filter([':a - [0:0]', ':b - [0:0]', '-A a -j b', '-A b -j DROP']),
      finds: ['info 4'],
    },
    { title: 'called by goto', v4: filter([':web - [0:0]', '-A INPUT -g web', '-A web -j DROP']), finds: [] },
    {
      title: 'RETURN in a built-in chain',
      v4: filter(['-A INPUT -s 192.0.2.0/24 -j RETURN', '-A INPUT -j LOG']),
      finds: ['info 4'],
    },
    { title: 'what Docker keeps for later', v4: filter([':DOCKER - [0:0]', '-A FORWARD -j DOCKER']), finds: [] },
    { title: 'rules that were not read', v4: null, v6: hardened6, finds: [], unknown: 1 },
  ],
};

function run(subject: Subject): Answer {
  return eachText(fwAnom05, subject, ({ ruleset }) => {
    const findings: Finding[] = [];
    const loop = loopOf(ruleset);
    if (loop !== null) findings.push(circle(subject, ruleset, place(ruleset, loop.table, loop.rule)));
    const [uncalled, hollow, returns] = oddities(ruleset);
    if (uncalled.length > 0) findings.push(unreferenced(ruleset, uncalled));
    if (hollow.length > 0) findings.push(empty(subject, ruleset, hollow));
    if (returns.length > 0) findings.push(returning(subject, ruleset, returns));
    return known(findings);
  });
}

type Named = { readonly table: Table; readonly chain: Chain; readonly by: readonly Rule[] };

function oddities(ruleset: Ruleset): readonly [readonly Named[], readonly Named[], readonly Located[]] {
  const meanings = meaningsOf(ruleset);
  const uncalled: Named[] = [];
  const hollow: Named[] = [];
  const returns: Located[] = [];
  for (const table of ruleset.tables) {
    const callers = new Map<string, Rule[]>();
    for (const rule of table.rules) {
      const effect = meanings.get(rule)?.effect;
      if (effect?.kind === 'jump') callers.set(effect.chain, [...(callers.get(effect.chain) ?? []), rule]);
      if (effect?.kind === 'return' && isBuiltin(table.name, rule.chain)) returns.push(place(ruleset, table.name, rule));
    }
    for (const chain of table.chains.values()) {
      if (isBuiltin(table.name, chain.name) || isShipped(chain.name)) continue;
      const by = callers.get(chain.name) ?? [];
      if (by.length === 0) uncalled.push({ table, chain, by });
      else if (chain.rules.length === 0) hollow.push({ table, chain, by });
    }
  }
  return [uncalled, hollow, returns];
}

function place({ family }: Ruleset, table: string, rule: Rule): Located {
  return { family, table, chain: rule.chain, rule: rule.number, line: rule.line };
}

function finding(family: 4 | 6, said: Pick<Finding, 'title' | 'why' | 'at' | 'fix'>): Finding {
  return {
    id: fwAnom05.id,
    severity: 'info',
    certainty: 'certain',
    family,
    causedBy: [],
    witness: null,
    refs: fwAnom05.refs,
    ...said,
  };
}

function nameOf({ table, chain }: Named): string {
  return `${table.name === 'filter' ? '' : `${table.name} `}${chain.name}`;
}

function unreferenced(ruleset: Ruleset, uncalled: readonly Named[]): Finding {
  const rules = uncalled.reduce((sum, { chain }) => sum + chain.rules.length, 0);
  const one = uncalled.length === 1;
  return finding(ruleset.family, {
    title: `${one ? 'The chain' : `${uncalled.length} chains:`} ${sayFew(uncalled.map(nameOf))} ${one ? 'is' : 'are'} called by no rule`,
    why:
      rules === 0
        ? `${one ? 'It holds' : 'They hold'} no rules either.`
        : `${rules === 1 ? 'Its only rule is' : `The ${rules} rules in ${one ? 'it' : 'them'} are`} not in force.`,
    at: uncalled.flatMap(({ table, chain }) => chain.rules.slice(0, 1).map((rule) => place(ruleset, table.name, rule))),
    fix: `Call ${one ? 'it' : 'them'} where ${one ? 'its' : 'their'} rules should count, or delete ${one ? 'it' : 'them'}.\n${uncalled
      .slice(0, 16)
      .flatMap(({ table, chain }) =>
        ['-F', '-X'].map((verb) => command`${toolOf(ruleset.family)} -t ${table.name} ${verb} ${chain.name}`),
      )
      .join('\n')}`,
  });
}

function empty({ host }: Subject, ruleset: Ruleset, hollow: readonly Named[]): Finding {
  const at = hollow.flatMap(({ table, by }) => by.map((rule) => place(ruleset, table.name, rule)));
  const one = hollow.length === 1;
  return finding(ruleset.family, {
    title: `${one ? 'The chain' : `${hollow.length} chains:`} ${sayFew(hollow.map(nameOf))} ${one ? 'is' : 'are'} called and ${one ? 'holds' : 'hold'} no rules`,
    why: `${sayRef(host, at[0] as Located)} sends packets to a chain that does nothing with them.`.replace(/^./, (letter) =>
      letter.toUpperCase(),
    ),
    at,
    fix: 'Put the rules in that were meant to be there, or delete the jump and the chain.',
  });
}

function returning({ host }: Subject, ruleset: Ruleset, returns: readonly Located[]): Finding {
  const first = returns[0] as Located;
  const policy = ruleset.tables.find(({ name }) => name === first.table)?.chains.get(first.chain)?.policy ?? 'ACCEPT';
  return finding(ruleset.family, {
    title: `RETURN in ${sayFew([...new Set(returns.map(({ chain }) => chain))])} means the policy`,
    why: `There is nothing to return to: what ${sayRef(host, first)} matches ends in ${policy}, and would end elsewhere if the policy changed.`,
    at: returns,
    fix: `Write -j ${policy} if that is meant.`,
  });
}

function circle({ host }: Subject, ruleset: Ruleset, at: Located): Finding {
  return finding(ruleset.family, {
    title: 'Jumps lead in a circle',
    why: `${sayRef(host, at)} leads back to a chain that it was reached from; the kernel refuses to load that.`.replace(
      /^./,
      (letter) => letter.toUpperCase(),
    ),
    at: [at],
    fix: 'Delete one of the jumps.',
  });
}
