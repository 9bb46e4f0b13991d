import { type Host, known } from '../../model/host/index.ts';
import { type Chain, meaningsOf, type Rule, type Ruleset, type Table } from '../../model/ruleset/index.ts';
import { sayRef } from '../blame.ts';
import { sayFew } from '../bundle.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { filter, hardened6, oneLink } from '../examples.ts';
import { eachText } from '../families.ts';
import type { Finding, Located } from '../finding.ts';
import { templateOf } from '../owners.ts';

/**
 * Rules that have counted nothing although packets went past them: later rules of their chain, or its policy, have counted a hundred.
 * That is evidence and no proof: counters begin anew whenever rules are loaded or zeroed, and a rule for a rare case
 * counts nothing until the case comes. Since when they count the kernel does not say; it cannot be longer than it runs.
 * Rules that no packet can meet are FW-ANOM-01's.
 */
export const fwAnom06: Check = {
  id: 'FW-ANOM-06',
  title: 'every rule has matched something since counting began',
  severity: 'info',
  kinds: ['L'],
  refs: ['PCI-DSS 4.0 1.2.7', 'Lynis FIRE-4513'],
  why: 'A rule that nothing has used for months may be left from a service that is gone.',
  fix: 'Ask whoever needs the rule; delete it if nobody does.',
  run,
  examples: [
    {
      title: 'one rule that counted nothing beside others that did',
      v4: filter([
        '[120:7200] -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT',
        '[0:0] -A INPUT -p tcp -m tcp --dport 8080 -j ACCEPT',
        '[900:54000] -A INPUT -j LOG',
      ]),
      finds: ['info 4'],
    },
    {
      title: 'all have counted',
      v4: filter(['[120:7200] -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT', '[900:54000] -A INPUT -j LOG']),
      finds: [],
    },
    {
      title: 'nothing has come so far',
      v4: filter(['[0:0] -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT', '[0:0] -A INPUT -j LOG']),
      finds: [],
    },
    {
      title: 'the policy counts',
      v4: filter(['[0:0] -A INPUT -p tcp -m tcp --dport 8080 -j ACCEPT']).replace(':INPUT DROP [0:0]', ':INPUT DROP [500:30000]'),
      finds: ['info 4'],
    },
    {
      title: 'dead rules are said elsewhere',
      v4: filter([
        '[120:7200] -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT',
        '[0:0] -A INPUT -s 192.0.2.1/32 -p tcp -m tcp --dport 22 -j DROP',
        '[900:54000] -A INPUT -j LOG',
      ]),
      finds: [],
    },
    {
      title: 'counters that were not printed',
      v4: filter(['-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT']),
      facts: oneLink,
      finds: [],
      unknown: 1,
    },
    { title: 'rules that were not read', v4: null, v6: hardened6, finds: [], unknown: 2 },
  ],
};

/** Fewer packets say nothing about what comes; ours to say. */
const enough = 100n;
/** More of them are counted, not listed. */
const listedMost = 64;

function run(subject: Subject): Answer {
  return eachText(fwAnom06, subject, ({ family, ruleset }) => {
    if (ruleset.tables.every(({ rules }) => rules.every(({ counters }) => counters === null)))
      return {
        known: false,
        why: 'the rules were saved without their counters',
        remedy: `save them with ${family === 4 ? 'iptables' : 'ip6tables'}-save -c, or let palisade read the host`,
      };
    const idle = ruleset.tables.flatMap((table) => [...table.chains.values()].flatMap((chain) => idleIn(ruleset, table, chain)));
    const live = subject.ask(family, (engine) =>
      idle.filter(({ table, chain, rule }) => engine.liveness().isLive(table, chain, Number(rule))),
    );
    const found = live.known ? live.value : idle;
    return known(found.length === 0 ? [] : [describe(subject, found)]);
  });
}

/** Of one chain: those behind which enough was counted. What a chain's last rules let pass its policy, or its caller, counts. */
function idleIn(ruleset: Ruleset, table: Table, chain: Chain): readonly Located[] {
  if (templateOf(chain.name) !== null) return [];
  const meanings = meaningsOf(ruleset);
  const behind: bigint[] = [chain.counters?.packets ?? 0n];
  for (const { counters } of [...chain.rules].reverse()) behind.unshift((behind[0] ?? 0n) + (counters?.packets ?? 0n));
  const past = (from: number): boolean => (behind[from] ?? 0n) >= enough;
  return chain.rules.flatMap((rule, index) => {
    if (rule.counters === null || hasCounted(rule) || !past(index + 1) || meanings.get(rule) === undefined) return [];
    return [{ family: ruleset.family, table: table.name, chain: chain.name, rule: rule.number, line: rule.line }];
  });
}

function hasCounted({ counters }: Rule): boolean {
  return counters !== null && counters.packets > 0n;
}

function describe(subject: Subject, idle: readonly Located[]): Finding {
  const { host } = subject;
  const first = idle[0] as Located;
  const one = idle.length === 1;
  return {
    id: fwAnom06.id,
    severity: 'info',
    certainty: 'possible',
    title: `${idle.length} ${one ? 'rule has' : 'rules have'} counted no packet, though packets came past`,
    why: `${one ? 'It is' : 'They are'} ${sayFew(
      idle.map((ref) => sayRef(host, ref)),
      3,
    )}. ${since(host)} That proves nothing: what ${one ? 'it is' : 'they are'} for may be rare.`,
    family: first.family,
    at: idle.slice(0, listedMost),
    causedBy: [],
    witness: null,
    fix: fwAnom06.fix,
    refs: fwAnom06.refs,
  };
}

/** The kernel keeps no time of when rules were loaded or zeroed. */
function since({ origin }: Host): string {
  return origin === 'live'
    ? 'They count since the rules were loaded or last zeroed, at most since the host started.'
    : 'Since when they count the saved rules do not say.';
}
