import { createHash } from 'node:crypto';
import { compareRulesets, type Difference, wholePackets } from '../analysis/answers/index.ts';
import { surroundingsOf } from '../analysis/evaluate/surroundings.ts';
import type { Source } from '../analysis/symbolic/index.ts';
import { othersOn, plannedRuleset, remainingRuleset, removalText, rulesOfOthers, situationOf } from '../change/index.ts';
import { type Host, isNotGiven, type Known, known } from '../model/host/index.ts';
import { type Family, formatAddress } from '../model/net/index.ts';
import type { Packet } from '../model/packet/index.ts';
import { type Rule, type Ruleset, ruleMeaning } from '../model/ruleset/index.ts';
import {
  type Adopted,
  type AdoptedRule,
  adopt,
  aloneHost,
  type Compiled,
  compile,
  namesIn,
  ownPrefix,
  readPolicy,
} from '../policy/index.ts';
import { ok, type Problem, type Result } from '../result.ts';

/** A policy made of a host's rules, and whether both do the same to every packet. */
export type Adoption =
  | {
      readonly kind: 'adopted';
      readonly text: string;
      readonly rules: readonly AdoptedRule[];
      /** Families whose rules were there to be proved. */
      readonly families: readonly Family[];
      /** Programs whose rules stay as they are. */
      readonly beside: readonly string[];
      /** Programs that have to give up the firewall, and how. */
      readonly inPlace: readonly { readonly name: string; readonly off: string | null }[];
      /** ipsets whose addresses the policy holds as they were read. */
      readonly frozen: readonly string[];
      readonly basics: readonly string[];
      /** By family, what `iptables-restore --noflush` reads to take the adopted rules away; empty where there are none. */
      readonly removal: Readonly<Record<Family, string>>;
    }
  /** It is not the same, or nobody can tell. */
  | { readonly kind: 'refused'; readonly problems: readonly Problem[]; readonly text: string | null };

/**
 * Turns a host's rules into a policy, and proves that every packet of every family that is known is treated alike: by the rules as
 * they are, and by the policy with what other programs keep. Later fragments are left out, as where policies are proved.
 *
 * @param head comments at the head of the file
 * @returns unknown where rules could not be read
 */
export function adoptionOf(host: Host, head: readonly string[]): Known<Adoption> {
  const rulesets: Record<Family, Ruleset | null> = { 4: null, 6: null };
  for (const family of [4, 6] as const) {
    const ruleset = host.rulesets[family];
    if (ruleset.known) rulesets[family] = ruleset.value;
    else if (!isNotGiven(host, family)) return ruleset;
  }
  const families = ([4, 6] as const).filter((family) => rulesets[family] !== null);
  const own = families.some((family) => rulesets[family]?.tables.some(({ chains }) => [...chains.keys()].some(isOwnChain)));
  if (own) return known({ kind: 'refused', problems: [already], text: null });
  const foreign = new Set(families.flatMap((family) => [...rulesOfOthers(host, rulesets[family] as Ruleset)]));
  const others = othersOn(host);
  const sets = host.sets.known ? host.sets.value : new Map();
  let problems: readonly Problem[] = [];
  let text: string | null = null;
  // Basics are tried first; where they say something else than the rules, the rules are written out.
  for (const basics of [true, false]) {
    const adopted = adopt({ rulesets, sets, foreign, head, basics });
    if (adopted.kind === 'unsayable') return known({ kind: 'refused', problems: [unsayable(adopted)], text: null });
    problems = differencesOf(host, adopted);
    text = adopted.text;
    if (problems.length === 0) {
      const removal = (family: Family): string => {
        const ruleset = rulesets[family];
        return ruleset === null ? '' : removalText(ruleset, foreign);
      };
      return known({
        ...adopted,
        families,
        beside: others.flatMap(({ name, wayOut }) => (wayOut === null ? [name] : [])),
        inPlace: others.flatMap(({ name, wayOut }) =>
          wayOut === null ? [] : [{ name, off: /`([^`]+)`/.exec(wayOut)?.[1] ?? null }],
        ),
        removal: { 4: removal(4), 6: removal(6) },
      });
    }
    if (adopted.basics.length === 0) break;
  }
  return known({ kind: 'refused', problems, text });
}

function unsayable({ family, line, text, why }: Adopted & { kind: 'unsayable' }): Problem {
  return {
    code: 'adopt-refused',
    message: `IPv${family} line ${line}, ${text}: ${why}`,
    hint: 'take the rule away or write it otherwise, and adopt again',
  };
}

/** What the policy would do otherwise than the rules that are there; empty where all is proved to be alike. */
export function differencesOf(host: Host, adopted: Pick<Adopted & { kind: 'adopted' }, 'text' | 'rules'>): readonly Problem[] {
  const adoptedHost = hostWith(host, adopted.text);
  if (!adoptedHost.ok) return adoptedHost.problems;
  const after = adoptedHost.value.host;
  const kept = new Set(
    adopted.rules.filter(({ fate }) => fate === 'raw' || fate === 'term').map(({ family, line }) => `${family} ${line}`),
  );
  return ([4, 6] as const).flatMap((family) => {
    const [old, now] = [host.rulesets[family], after.rulesets[family]];
    if (!old.known || !now.known) return [];
    const foreign = rulesOfOthers(host, old.value);
    const isAdopted = (rule: Rule): boolean => !foreign.has(rule) && kept.has(`${family} ${rule.line}`);
    const compared = compareRulesets(
      family,
      named({ ruleset: old.value, surroundings: surroundingsOf(host) }, isAdopted),
      named({ ruleset: now.value, surroundings: surroundingsOf(after) }, (rule) => isOwn(now.value, rule)),
      { most: 1, within: () => wholePackets },
    );
    const ways = compared.ways.flatMap((way): readonly Problem[] => {
      if (way.kind === 'undecided') return [undecided(family, way.why)];
      if (way.equal) return [];
      const [first] = way.differences;
      const problem = first === undefined ? otherwise(family, 'treat') : different(family, first);
      const forwarders = way.hook === 'forward' ? othersOn(host).filter(({ links }) => links.length > 0) : [];
      return [forwarders.length === 0 ? problem : { ...problem, hint: leftTo(forwarders.map(({ name }) => name)) }];
    });
    if (compared.rewrites === null) return [...ways, undecided(family, 'what is translated and marked is too much to compare')];
    return compared.rewrites.differences.length === 0 ? ways : [...ways, otherwise(family, 'translate or mark')];
  });
}

/** The host with an adopted policy and what other programs keep, and nothing else of its own. */
export function hostWith(host: Host, text: string): Result<{ readonly host: Host; readonly compiled: Compiled }> {
  const read = readPolicy(text, 'the adopted policy', {
    now: 0,
    file: () => null,
    fetched: () => ({ addresses: [], lacking: 'nobody asked' }),
  });
  if (!read.ok) return read;
  const digest = (of: string): string => createHash('sha256').update(of).digest('hex');
  const compiled = compile(read.value, { ...situationOf(host), digest });
  const planned = (family: Family): Host['rulesets'][Family] => {
    const ruleset = host.rulesets[family];
    if (!ruleset.known) return ruleset;
    return known(plannedRuleset(remainingRuleset(ruleset.value, rulesOfOthers(host, ruleset.value), family), compiled, family));
  };
  const made = aloneHost(compiled).sets;
  const sets = known(new Map([...(host.sets.known ? host.sets.value : []), ...(made.known ? made.value : [])]));
  return ok({ compiled, host: { ...host, sets, rulesets: { 4: planned(4), 6: planned(6) } } });
}

const already: Problem = {
  code: 'adopt-refused',
  message: 'rules of a policy of palisade stand here already',
  hint: 'go on with that policy, or run palisade uninstall first',
};

function isOwnChain(name: string): boolean {
  return name.startsWith(ownPrefix);
}

const hint = 'nothing was written; please report it with the rules';

/** Rules with answers of their own, such as limits, go by what they ask and in which order: their chains are others. */
function named(source: Source, counts: (rule: Rule) => boolean): Source {
  const names = namesIn(source.ruleset, (_table, rule) => counts(rule));
  return { ...source, nameOf: (_table, rule) => names.get(rule) ?? null };
}

/** A rule of an own chain, or one that leads there. */
function isOwn(ruleset: Ruleset, rule: Rule): boolean {
  if (rule.chain.startsWith(ownPrefix)) return true;
  const { effect } = ruleMeaning(ruleset, rule);
  return effect.kind === 'jump' && effect.chain.startsWith(ownPrefix);
}

function undecided(family: Family, why: string): Problem {
  return {
    code: 'adopt-refused',
    message: `IPv${family}: whether a policy does the same cannot be told: ${why}`,
    hint: 'nothing was written; adopt simpler rules, or write the policy by hand and compare with palisade plan',
  };
}

/** A policy's rules speak of nothing that goes over links of those who forward, and the old ones may. */
function leftTo(names: readonly string[]): string {
  return `nothing was written: a policy leaves to ${names.join(' and ')} what goes over their links; give the rules of FORWARD the links that they are for, or move those for containers to DOCKER-USER`;
}

function otherwise(family: Family, does: string): Problem {
  return { code: 'adopt-refused', message: `IPv${family}: the policy would ${does} packets otherwise`, hint };
}

function different(family: Family, { before, after, witness }: Difference): Problem {
  const packet = witness === null ? 'some packets' : wordsOf(witness.packet);
  return {
    code: 'adopt-refused',
    message: `IPv${family}: the policy would ${after.verdict} ${packet}, where the rules ${before.verdict}`,
    hint,
  };
}

function wordsOf({ family, src, dst, proto, dport, hook }: Packet): string {
  const [from, to] = [src, dst].map((value) => formatAddress({ family, value }));
  return `protocol ${proto} from ${from} to ${to}${dport === null ? '' : ` port ${dport}`} (${hook})`;
}
