import type { Constraint, Effect } from '../../model/packet/index.ts';
import { type Chain, type Rule, type RuleMeaning, type Ruleset, ruleMeaning } from '../../model/ruleset/index.ts';
import { backendOf } from './hooks.ts';

/** One rule, understood. */
export interface UnderstoodRule {
  readonly rule: Rule;
  readonly constraint: Constraint;
  /** What the constraint is for a later fragment, which has no transport header. */
  readonly onFragment: Constraint;
  readonly effect: Effect;
  /** The target as it stands in the rule; empty when there is none. */
  readonly target: string;
  /** False for rules that only count or report, or change what no field holds: nothing hangs on whether they match. */
  readonly deciding: boolean;
  /** A match in it may drop the packet by itself. */
  readonly hotdrop: boolean;
  /** Where such a rule is loaded, whatever leads to it, the kernel puts fragments together first. */
  readonly assembles: boolean;
}

/**
 * Matches and targets that switch connection tracking on, or ask for whole packets (socket, TPROXY), by what their checkentry
 * calls: nf_ct_netns_get, nf_defrag_ipv4_enable. A nat table does not by itself (test/kernel/fragments.test.ts).
 */
const assembling: ReadonlySet<string> = new Set([
  ...['conntrack', 'state', 'connmark', 'connbytes', 'connlimit', 'connlabel', 'helper', 'cluster', 'socket'],
  ...['DNAT', 'SNAT', 'MASQUERADE', 'REDIRECT', 'NETMAP', 'CONNMARK', 'CONNSECMARK', 'SYNPROXY', 'TPROXY'],
]);

const understood = new WeakMap<Ruleset, WeakMap<Chain, readonly UnderstoodRule[]>>();

/** The rules of a chain, understood once for each ruleset: reading text is the expensive part of a packet's way. */
export function rulesOf(ruleset: Ruleset, chain: Chain): readonly UnderstoodRule[] {
  let chains = understood.get(ruleset);
  if (chains === undefined) {
    chains = new WeakMap();
    understood.set(ruleset, chains);
  }
  const before = chains.get(chain);
  if (before !== undefined) return before;
  const rules = chain.rules.map((rule): UnderstoodRule => {
    const meaning = ruleMeaning(ruleset, rule);
    const { constraint, effect } = meaning;
    return {
      rule,
      constraint,
      onFragment: onFragment(ruleset, meaning),
      effect,
      target: effect.kind === 'unknown' ? (meaning.uses.at(-1)?.text ?? effect.target) : '',
      deciding: isDeciding(effect, ruleset),
      hotdrop: some(constraint, (part) => part.kind === 'opaque' && part.hotdrop),
      assembles: effect.kind === 'track' || meaning.uses.some(({ name }) => assembling.has(name)),
    };
  });
  chains.set(chain, rules);
  return rules;
}

/** What TCPMSS does to a packet's length a later rule may ask; of the TOS byte few rulesets do. */
function isDeciding(effect: Effect, ruleset: Ruleset): boolean {
  if (effect.kind === 'service') return asksService(ruleset);
  return effect.kind === 'alter' ? effect.what === 'mss' : effect.kind !== 'continue' && effect.kind !== 'log';
}

const asking = new WeakMap<Ruleset, boolean>();

function asksService(ruleset: Ruleset): boolean {
  const before = asking.get(ruleset);
  if (before !== undefined) return before;
  const found = ruleset.tables.some(({ chains }) =>
    [...chains.values()].some(({ rules }) =>
      rules.some((rule) => some(ruleMeaning(ruleset, rule).constraint, (part) => part.kind === 'number' && part.field === 'tos')),
    ),
  );
  asking.set(ruleset, found);
  return found;
}

/**
 * iptables-nft turns `-m tcp` and `-m udp` into plain comparisons of bytes behind the IP header, and Linux 6.18 makes
 * them on later fragments too (measured; legacy never matches those). What stands there no field of a packet says.
 */
function onFragment(ruleset: Ruleset, { constraint, uses }: RuleMeaning): Constraint {
  if (backendOf(ruleset) !== 'nft') return constraint;
  const native = uses.find(({ name, text }) => (name === 'tcp' || name === 'udp') && text !== `-m ${name}`);
  // These do not match later fragments in either backend, and `! -f` says so itself.
  if (native === undefined || uses.some(({ name }) => name === 'multiport')) return constraint;
  if ((constraint.kind === 'all' ? constraint.of : [constraint]).some(isNoFragment)) return constraint;
  return withoutHeader(constraint, native.text);
}

/** `! -f` */
function isNoFragment(part: Constraint): boolean {
  return part.kind === 'not' && part.of.kind === 'number' && part.of.field === 'fragment' && part.of.ranges[0]?.[0] === 1;
}

function withoutHeader(constraint: Constraint, text: string): Constraint {
  switch (constraint.kind) {
    case 'all':
    case 'any':
      return { kind: constraint.kind, of: constraint.of.map((part) => withoutHeader(part, text)) };
    case 'number':
      if (constraint.field === 'fragment' && constraint.ranges[0]?.[0] === 0) return { kind: 'always' };
      break;
    default:
  }
  const ofHeader = some(
    constraint,
    (part) =>
      (part.kind === 'number' && (part.field === 'sport' || part.field === 'dport')) ||
      (part.kind === 'bits' && part.field === 'flags'),
  );
  return ofHeader ? { kind: 'opaque', text, nature: 'pure', hotdrop: false, unknown: false } : constraint;
}

function some(constraint: Constraint, is: (part: Constraint) => boolean): boolean {
  switch (constraint.kind) {
    case 'all':
    case 'any':
      return constraint.of.some((part) => some(part, is));
    case 'not':
      return some(constraint.of, is);
    default:
      return is(constraint);
  }
}
