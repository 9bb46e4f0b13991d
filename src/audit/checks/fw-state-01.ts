import { known } from '../../model/host/index.ts';
import { TCP } from '../../model/net/index.ts';
import type { Packet, Trace } from '../../model/packet/index.ts';
import type { Ruleset } from '../../model/ruleset/index.ts';
import { allowing, deciders, sayList, sayRef, toolOf } from '../blame.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { empty, filter, guide, hardened4, hardened6 } from '../examples.ts';
import { eachFamily, type FamilyRules } from '../families.ts';
import type { Finding, Witness } from '../finding.ts';
import { opening, replyTo } from '../probes.ts';
import { outsideOf, ownAddresses } from '../surroundings.ts';
import { throttles } from '../usual.ts';
import { unnamedLink, vocabularyOf } from '../vocabulary.ts';

/**
 * Follows the answer to a connection that the host opens. With how many rules of the filter table it is compared before one accepts
 * it is what every packet of every connection costs; a limit on its way slows all of them down together. Answers that are
 * dropped are FW-BASE-05's, drops for certain sources before it are meant. How many are too many is ours to say.
 */
export const fwState01: Check = {
  id: 'FW-STATE-01',
  title: 'packets of running connections are accepted early, and behind no limit',
  severity: 'low',
  kinds: ['S', 'Y'],
  refs: ['NIST 800-41r1 4.1'],
  why: 'Nearly all packets belong to running connections. Each is compared with every rule before the one that accepts it.',
  fix: 'Accept RELATED,ESTABLISHED first.',
  run,
  examples: [
    { title: 'nothing at all', v4: empty, finds: [] },
    { title: 'the guide has no such rule', v4: guide, finds: [] },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, finds: [] },
    {
      title: 'behind a hundred rules',
      v4: filter([
        ...Array.from({ length: 100 }, (_, index) => `-A INPUT -s 192.0.2.${index}/32 -j DROP`),
        '-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
      ]),
      finds: ['low 4'],
    },
    {
      title: 'behind a hundred rules of another chain',
      v4: filter([
        ':bad - [0:0]',
        '-A INPUT -j bad',
        '-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
        ...Array.from({ length: 100 }, (_, index) => `-A bad -s 192.0.2.${index}/32 -j DROP`),
      ]),
      finds: ['low 4'],
    },
    {
      title: 'behind a limit',
      v4: filter([
        '-A INPUT -p tcp -m hashlimit --hashlimit-above 50/sec --hashlimit-mode srcip --hashlimit-name all -j DROP',
        '-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
      ]),
      finds: ['low 4'],
    },
    { title: 'rules that were not read', v4: null, v6: hardened6, finds: [], unknown: 1 },
  ],
};

const compareMost = 32;

function run(subject: Subject): Answer {
  return eachFamily(fwState01, subject, (rules) => known(ask(subject, rules)), ['input']);
}

function ask(subject: Subject, { family, ruleset, alone }: FamilyRules): readonly Finding[] {
  const { host } = subject;
  const vocabulary = vocabularyOf(host, ruleset);
  const link = outsideOf(host, family).links[0] ?? unnamedLink(vocabulary);
  const [src = 0n] = ownAddresses(host, family, link, vocabulary).addresses;
  const dst = vocabulary.sources[0]?.value ?? 1n;
  const packet = replyTo(opening({ family, hook: 'output', out: link, src, dst, proto: TCP, dport: 443 }));
  const trace = subject.evaluator.trace(packet);
  if (trace === null || !mayPass(trace)) return [];
  const witness: Witness = { packet, trace };
  const at = deciders([witness], allowing).filter(({ rule }) => rule !== 'policy');
  if (at.length === 0) return [];
  const limits = trace.dependsOn.filter(throttles);
  const compared = comparisons(ruleset, packet, trace);
  if (limits.length === 0 && compared <= compareMost) return [];
  const by = sayList(at.map((ref) => sayRef(host, ref)));
  return [
    {
      id: fwState01.id,
      severity: 'low',
      certainty: alone && limits.length === 0 ? 'certain' : 'possible',
      title:
        limits.length > 0
          ? `Running IPv${family} connections hang on a limit`
          : `Packets of running IPv${family} connections meet ${compared} rules before one accepts them`,
      why:
        limits.length > 0
          ? `The answer to a connection that the host opened is accepted by ${by} only as long as ${sayList(limits)} allows: a flood stalls all connections.`
          : `The answer to a connection that the host opened is accepted by ${by}, behind ${compared - 1} others that it is compared with.`,
      family,
      at,
      causedBy: [],
      witness,
      fix: `Accept what belongs to running connections first. Sources that are banned further down then keep the connections that they have.\n${toolOf(family)} -I INPUT 1 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
      refs: fwState01.refs,
    },
  ];
}

function mayPass(trace: Trace): boolean {
  return (
    trace.verdict === 'ACCEPT' || (trace.verdict === 'DEPENDS' && trace.outcomes.some(({ verdict }) => verdict === 'ACCEPT'))
  );
}

/** With how many rules of filter it is compared: those of a chain that it falls through, and of others up to the last that it matched. */
function comparisons(ruleset: Ruleset, { family }: Packet, { path, decidedBy }: Trace): number {
  const filter = ruleset.tables.find(({ name }) => name === 'filter');
  if (filter === undefined || decidedBy?.table !== 'filter' || decidedBy.family !== family) return 0;
  const last = new Map<string, number>();
  let sum = 0;
  for (const { table, chain, rule, effect } of path) {
    if (table !== 'filter' || rule === 'policy') continue;
    last.set(chain, rule);
    const called = effect === 'jump' || effect === 'goto' ? jumpTarget(ruleset, chain, rule) : undefined;
    // Whether it comes back the next steps say; if so it has met all of the chain.
    if (called !== undefined && !path.some((step) => step.table === 'filter' && step.chain === called)) {
      sum += filter.chains.get(called)?.rules.length ?? 0;
    }
  }
  for (const number of last.values()) sum += number;
  return sum;
}

function jumpTarget(ruleset: Ruleset, chain: string, number: number): string | undefined {
  const rule = ruleset.tables.find(({ name }) => name === 'filter')?.chains.get(chain)?.rules[number - 1];
  return rule === undefined ? undefined : / -[jg] (\S+)/.exec(ruleset.text.slice(rule.start, rule.end))?.[1];
}
