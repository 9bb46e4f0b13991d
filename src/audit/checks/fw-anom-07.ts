import { none } from '../../analysis/space/index.ts';
import { known } from '../../model/host/index.ts';
import { type Chain, isBuiltin, meaningsOf, type Rule, type Table } from '../../model/ruleset/index.ts';
import { allowing, deciders, sayList, sayRef, toolOf } from '../blame.ts';
import { sayFew } from '../bundle.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { command } from '../command.ts';
import type { Engine } from '../engine.ts';
import { empty, filter, guide, hardened4, hardened6 } from '../examples.ts';
import { eachFamily } from '../families.ts';
import type { Finding, Located, Witness } from '../finding.ts';
import { templateOf } from '../owners.ts';
import { endingIn, openings, shownBy } from '../packet-sets.ts';

/**
 * A chain that is called for certain ports and holds nothing but rules that accept, as for a list of those who may: what it does not
 * accept goes back to its caller, and is accepted there. So the list keeps nobody out. Only first packets of connections
 * count. Chains that deny something themselves, or that are called for everything, were written to go on.
 */
export const fwAnom07: Check = {
  id: 'FW-ANOM-07',
  title: 'what a chain of accepts leaves over is denied',
  severity: 'low',
  kinds: ['S'],
  refs: [],
  why: 'A list of those who may come in that lets everybody else pass on to an accept is no list.',
  fix: 'End the chain in a rule that denies.',
  run,
  examples: [
    { title: 'nothing at all', v4: empty, v6: empty, finds: [] },
    { title: 'the guide', v4: guide, finds: [] },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, finds: [] },
    { title: 'a list, and then everybody', v4: listed('-A INPUT -p tcp -j ACCEPT'), finds: ['low 4'] },
    { title: 'a list, and then the policy', v4: listed(), finds: [] },
    { title: 'a list that ends in a drop', v4: listed('-A ssh -j DROP', '-A INPUT -p tcp -j ACCEPT'), finds: [] },
    {
      title: 'a list for everything',
      v4: listed('-A INPUT -p tcp -j ACCEPT').replace('-p tcp -m tcp --dport 22 -j ssh', '-j ssh'),
      finds: [],
    },
    { title: 'rules that were not read', v4: null, v6: empty, finds: [], unknown: 1 },
  ],
};

function listed(...more: readonly string[]): string {
  return filter([':ssh - [0:0]', '-A INPUT -p tcp -m tcp --dport 22 -j ssh', '-A ssh -s 192.0.2.0/24 -j ACCEPT', ...more]);
}

function run(subject: Subject): Answer {
  return eachFamily(fwAnom07, subject, ({ family, ruleset, alone }) => {
    const lists = ruleset.tables.flatMap((table) =>
      table.name !== 'filter'
        ? []
        : [...table.chains.values()].flatMap((chain) => {
            const callers = callersOf(subject, family, table, chain);
            return callers === null ? [] : [{ table, chain, callers }];
          }),
    );
    if (lists.length === 0) return known([]);
    return subject.ask(family, (engine) =>
      lists.flatMap((list) => {
        const witness = passedOn(subject, engine, list);
        return witness === null ? [] : [describe(subject, family, list, witness, alone)];
      }),
    );
  });
}

interface List {
  readonly table: Table;
  readonly chain: Chain;
  readonly callers: readonly Rule[];
}

/** Rules that call the chain for certain ports; `null` if the chain is no list of accepts, or is called for more. */
function callersOf({ host }: Subject, family: 4 | 6, table: Table, chain: Chain): readonly Rule[] | null {
  const fact = host.rulesets[family];
  if (!fact.known || isBuiltin(table.name, chain.name) || templateOf(chain.name) !== null || chain.rules.length === 0)
    return null;
  const ruleset = fact.value;
  const meanings = meaningsOf(ruleset);
  const accepts = chain.rules.every((rule) => {
    const effect = meanings.get(rule)?.effect;
    return effect?.kind === 'log' || effect?.kind === 'continue' || (effect?.kind === 'verdict' && effect.verdict === 'ACCEPT');
  });
  if (!accepts || chain.rules.every((rule) => meanings.get(rule)?.effect.kind !== 'verdict')) return null;
  const callers = table.rules.filter((rule) => {
    const effect = meanings.get(rule)?.effect;
    return effect?.kind === 'jump' && effect.chain === chain.name;
  });
  const byPort = callers.every((rule) => / --d(?:estination-)?ports? /.test(ruleset.text.slice(rule.start, rule.end)));
  return callers.length > 0 && byPort ? callers : null;
}

/** A packet that the chain leaves over and that is let in all the same. */
function passedOn(subject: Subject, engine: Engine, { table, chain }: List): Witness | null {
  const { space, firewall } = engine;
  const { diagram, changes } = space;
  for (const { hook, stop, packets, change } of engine.liveness().visits(table.name, chain.name)) {
    if (!firewall.chains.isSteady(table, chain)) continue;
    const leaving = changes.before(firewall.chains.leaving(table, chain, stop.setting), change);
    const sent = diagram.where(leaving, (value) => value !== 0);
    const over = diagram.without(diagram.mask(packets, openings(subject, engine, hook)), sent);
    const set = endingIn(engine, hook, over, ['ACCEPT']);
    if (set === none) continue;
    const witness = shownBy(engine, hook, set);
    if (witness !== null) return witness;
  }
  return null;
}

function describe({ host }: Subject, family: 4 | 6, { table, chain, callers }: List, witness: Witness, alone: boolean): Finding {
  const place = (rule: Rule): Located => ({ family, table: table.name, chain: rule.chain, rule: rule.number, line: rule.line });
  const by = deciders([witness], allowing);
  return {
    id: fwAnom07.id,
    severity: 'low',
    certainty: alone && witness.trace.verdict === 'ACCEPT' ? 'certain' : 'possible',
    title: `The chain ${chain.name} keeps nobody out: what it leaves over is accepted`,
    why: `${sayFew(
      callers.map((rule) => sayRef(host, place(rule))),
      2,
    )} asks ${chain.name} who may come in, and it denies nobody. What it does not accept goes on and is accepted by ${sayList(by.map((ref) => sayRef(host, ref)))}.`.replace(
      /^./,
      (letter) => letter.toUpperCase(),
    ),
    family,
    at: chain.rules.slice(0, 8).map(place),
    causedBy: by,
    witness,
    // Pasted unread it would lock out whoever is not in the list.
    fix: `If only those in the list may come in, make sure that your own address is in it, and end it with: ${command`${toolOf(family)} -A ${chain.name} -j DROP`}`,
    refs: fwAnom07.refs,
  };
}
