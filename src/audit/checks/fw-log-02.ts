import { none } from '../../analysis/space/index.ts';
import { known } from '../../model/host/index.ts';
import { never } from '../../model/packet/index.ts';
import { meaningsOf, ruleText } from '../../model/ruleset/index.ts';
import { allowing, deciders, denying, ruleAt, sayList, sayRef } from '../blame.ts';
import { bundled, sayFew } from '../bundle.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { command, ruleWords, toolIn } from '../command.ts';
import type { Engine } from '../engine.ts';
import { empty, filter, guide, hardened4, hardened6 } from '../examples.ts';
import { eachFamily } from '../families.ts';
import type { Finding, Located, Witness } from '../finding.ts';
import { type LogRule, logRulesOf } from '../logs.ts';
import { endingIn, openings, shownBy, whatever } from '../packet-sets.ts';
import { matchesOn, walksOf } from '../walks.ts';

const open = (text: string): string => text.replace('-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n', '');

/**
 * A prefix that says *dropped* (denied, blocked, rejected) on packets of which some are accepted later, and one that says *accepted* on
 * packets that are then dropped. Only first packets of connections are looked at, the whole way through the host.
 */
export const fwLog02: Check = {
  id: 'FW-LOG-02',
  title: 'what a log line says of a packet is what becomes of it',
  severity: 'medium',
  kinds: ['S'],
  refs: ['NIST 800-53 AU-3'],
  why: 'Whoever reads "dropped" beside an address that got in will not look further.',
  fix: 'Log and drop in one chain of their own, so that nothing can come between.',
  run,
  examples: [
    { title: 'nothing at all', v4: empty, v6: empty, finds: [] },
    { title: 'the guide drops all that it logs, since the rules behind are dead', v4: guide, finds: [] },
    { title: 'the guide without its first rule logs as dropped what it then accepts', v4: open(guide), finds: ['medium 4'] },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, finds: [] },
    {
      title: 'logged and dropped in one chain',
      v4: filter([
        ':logdrop - [0:0]',
        '-A INPUT -p tcp -m tcp --dport 23 -j logdrop',
        '-A INPUT -p tcp -j ACCEPT',
        '-A logdrop -j LOG --log-prefix "DROPPED: "',
        '-A logdrop -j DROP',
      ]),
      finds: [],
    },
    {
      title: 'the policy accepts',
      v4: filter(['-A INPUT -j LOG --log-prefix "denied: "'], { INPUT: 'ACCEPT' }),
      finds: ['medium 4'],
    },
    {
      title: 'said to be accepted',
      v4: filter([
        '-A INPUT -p tcp -m tcp --dport 443 -j LOG --log-prefix "accept "',
        '-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT',
      ]),
      finds: ['medium 4'],
    },
    {
      title: 'a prefix that promises nothing',
      v4: filter(['-A INPUT -j LOG --log-prefix "in: "'], { INPUT: 'ACCEPT' }),
      finds: [],
    },
    { title: 'rules that were not read', v4: null, v6: empty, finds: [], unknown: 1 },
  ],
};

const saysDenied = /drop|den(y|ied)|block|reject|refuse|discard/i;
const saysAllowed = /accept|allow|permit|pass(ed)?\b/i;

function run(subject: Subject): Answer {
  return eachFamily(fwLog02, subject, ({ family, ruleset, alone }) => {
    const claims = logRulesOf(ruleset).flatMap((log) => {
      const denied = saysDenied.test(log.prefix);
      return denied === saysAllowed.test(log.prefix) ? [] : [{ log, denied }];
    });
    if (claims.length === 0) return known([]);
    return subject.ask(family, (engine) => {
      const lies = claims.flatMap(({ log, denied }) => {
        const witness = contradiction(subject, engine, log, denied);
        return witness === null ? [] : [{ log, denied, witness }];
      });
      return bundled(lies, ({ log }) => log.prefix).map((bundle) => describe(subject, bundle, alone));
    });
  });
}

interface Lie {
  readonly log: LogRule;
  readonly denied: boolean;
  readonly witness: Witness;
}

/** A packet that one way through the rules reports so, and that ends the other way on the same way. */
function contradiction(subject: Subject, engine: Engine, { at, rule }: LogRule, denied: boolean): Witness | null {
  const constraint = meaningsOf(engine.firewall.ruleset).get(rule)?.constraint ?? never;
  const { diagram } = engine.space;
  const contrary = denied ? allowing : denying;
  for (const { hook, packets } of engine.liveness().hits(at.table, at.chain, Number(at.rule))) {
    const fresh = diagram.mask(whatever(engine, packets), openings(subject, engine, hook));
    const ending = whatever(engine, endingIn(engine, hook, fresh, contrary));
    const witness = ending === none ? null : shownBy(engine, hook, diagram.mask(fresh, ending));
    if (witness === null) continue;
    const lies = walksOf(subject, witness.packet).some(
      (walk) => contrary.includes(walk.verdict) && matchesOn(walk, at, constraint),
    );
    if (lies) return witness;
  }
  return null;
}

function describe({ host }: Subject, lies: readonly Lie[], alone: boolean): Finding {
  const { log, denied, witness } = lies[0] as Lie;
  const by = deciders([witness], denied ? allowing : denying);
  const end = denied ? 'accepted' : 'denied';
  return {
    id: fwLog02.id,
    severity: 'medium',
    certainty: denied && !alone ? 'possible' : witness.trace.verdict === 'DEPENDS' ? 'possible' : 'certain',
    title: `The log says "${log.prefix.trim()}" of packets that are ${end}`,
    why: `${sayRef(host, log.at)} reports such a packet, and ${sayList(by.map((ref) => sayRef(host, ref)))} lets it ${denied ? 'in' : 'go no further'}.${
      lies.length > 1
        ? ` The same holds for ${sayFew(
            lies.slice(1).map(({ log: other }) => sayRef(host, other.at)),
            2,
          )}.`
        : ''
    }`.replace(/^./, (letter) => letter.toUpperCase()),
    family: log.at.family,
    at: lies.map((lie) => lie.log.at),
    causedBy: by,
    witness,
    fix: mended(host, log.at, by),
    refs: fwLog02.refs,
  };
}

/** To the end of its chain, where only the policy is left to deny; elsewhere under a prefix that promises nothing. */
function mended(host: Subject['host'], { family, table, chain, rule }: Located, by: readonly Located[]): string {
  const fact = host.rulesets[family];
  const found = ruleAt(host, { family, table, chain, rule });
  if (!fact.known || found === null) return fwLog02.fix;
  const words = ruleWords(ruleText(fact.value, found));
  const tool = toolIn({ family, table });
  const behind = by.every(
    (ref) => ref.table === table && ref.chain === chain && ref.rule !== 'policy' && Number(ref.rule) > Number(rule),
  );
  const policy = fact.value.tables.find(({ name }) => name === table)?.chains.get(chain)?.policy;
  if (behind && policy === 'DROP')
    return `Log behind the rules that accept, last of all.\n${command`${tool} -D ${chain} ${rule}`}\n${command`${tool} -A ${chain} ${words}`}`;
  const prefix = words.findLastIndex((word) => /^--(log|nflog|ulog)-prefix$/.test(word));
  const honest = prefix < 0 ? words : words.with(prefix + 1, 'seen: ');
  return `Give it a prefix that promises nothing, or log where the verdict is given.\n${command`${tool} -R ${chain} ${rule} ${honest}`}`;
}
