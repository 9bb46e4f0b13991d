import type { BaseChain, Host, Unknown } from '../../model/host/index.ts';
import type { Family } from '../../model/net/index.ts';
import type { FinalVerdict, Hook, Packet, Trace } from '../../model/packet/index.ts';
import type { Ruleset } from '../../model/ruleset/index.ts';

type Unread = Pick<Unknown, 'why' | 'remedy'>;

/**
 * Rules beside those that palisade models, which see the same packets. They can only take away: what the modelled rules
 * deny stays denied, what they accept is only possibly accepted. Unless they rewrite before: then nothing can be said.
 */
export type Bystanders =
  | { readonly kind: 'none' }
  | { readonly kind: 'may-drop'; readonly names: readonly string[] }
  | { readonly kind: 'may-rewrite'; readonly names: readonly string[] };

/** nft's hooks on each way, in order; `ingress` is netdev's and inet's, before all others. */
const waysPast: Readonly<Record<Hook, readonly string[]>> = {
  input: ['ingress', 'prerouting', 'input'],
  forward: ['ingress', 'prerouting', 'forward', 'postrouting', 'egress'],
  output: ['output', 'postrouting', 'egress'],
};

/** Hooks at which a translation changes what later rules see; source translation at the end of a way does not. */
const rewriting = new Set(['ingress', 'prerouting', 'output']);

export function bystanders(host: Host, family: Family, hook: Hook): Bystanders {
  const ways = waysPast[hook];
  const dropping: string[] = [];
  const changing: string[] = [];
  for (const chain of foreignChains(host, family)) {
    if (!ways.includes(chain.hook) || !acts(chain)) continue;
    // Filter chains may mark, untrack and rewrite too; only their rules would tell, which are not read.
    if (rewriting.has(chain.hook)) changing.push(chainName(chain));
    else dropping.push(chainName(chain));
  }
  const backends = host.backends[family];
  if (host.rulesets[family].known && backends.known && holdsRules(backends.value.nft) && holdsRules(backends.value.legacy)) {
    const other = host.rulesets[family].value === backends.value.nft ? 'legacy' : 'nft';
    const rules = backends.value[other];
    const translates = rules?.tables.some(({ name, rules: inTable }) => name === 'nat' && inTable.length > 0) === true;
    (translates ? changing : dropping).push(`the rules in the ${other} backend`);
  }
  if (!host.foreignChains.known && host.origin === 'live') dropping.push('nftables rules, which could not be read');
  if (nativeUnread(host, family) !== null) dropping.push('rules that nft may have made among those of iptables');
  if (changing.length > 0) return { kind: 'may-rewrite', names: [...changing, ...dropping] };
  return dropping.length > 0 ? { kind: 'may-drop', names: dropping } : { kind: 'none' };
}

/** How far what the modelled rules do with a packet is what becomes of it. */
export interface Standing {
  /**
   * `possible`: others may still take what these rules let through. `unknown`: others may have changed it before it comes to
   * them. What these rules deny is certain but then.
   */
  readonly certainty: 'certain' | 'possible' | 'unknown';
  /** What else sees the packet, by name. */
  readonly beside: readonly string[];
}

/** The standing of many packets on one host. */
export function createStandings(host: Host): (packet: Pick<Packet, 'family' | 'hook'>, trace: Said) => Standing {
  const ways = new Map<string, Bystanders>();
  return ({ family, hook }, trace) => {
    const key = `${family} ${hook}`;
    const beside = ways.get(key) ?? bystanders(host, family, hook);
    ways.set(key, beside);
    return standingOf(beside, trace);
  };
}

type Said = Pick<Trace, 'verdict' | 'outcomes'>;

function standingOf(beside: Bystanders, trace: Said): Standing {
  if (beside.kind === 'none') return { certainty: 'certain', beside: [] };
  const certainty = beside.kind === 'may-rewrite' ? 'unknown' : isDenied(trace) ? 'certain' : 'possible';
  return { certainty, beside: beside.names };
}

/** Whatever its open matches answer. */
function isDenied({ verdict, outcomes }: Said): boolean {
  const denies = (one: FinalVerdict): boolean => one === 'DROP' || one === 'REJECT';
  if (verdict === 'DEPENDS') return outcomes.every((ending) => denies(ending.verdict));
  return verdict !== 'UNDECIDED' && denies(verdict);
}

/**
 * Why it is not known whether nft put rules of its own into the tables of iptables, where the rules were read. Files never
 * tell; there the ruleset is taken as it is written.
 */
export function nativeUnread(host: Host, family: Family): Unread | null {
  const native = host.nativeRules[family];
  return host.origin === 'live' && host.foreignChains.known && host.rulesets[family].known && !native.known ? native : null;
}

/** Why nothing can be said where others rewrite packets before. */
export function rewritten(family: Family, beside: Extract<Bystanders, { kind: 'may-rewrite' }>): Unread {
  return {
    why: `IPv${family} packets also meet ${beside.names.join(', ')}, which palisade names but does not model`,
    remedy: 'keep all rules in one place, or look at the others with nft list ruleset',
  };
}

/** nft base chains that see packets of the family; none when they are unknown. */
export function foreignChains(host: Host, family: Family): readonly BaseChain[] {
  if (!host.foreignChains.known) return [];
  const families = new Set(['inet', 'netdev', family === 4 ? 'ip' : 'ip6']);
  return host.foreignChains.value.filter((chain) => families.has(chain.family));
}

/** An empty base chain that accepts does nothing. */
export function acts(chain: BaseChain): boolean {
  return chain.rules > 0 || chain.policy === 'drop';
}

/** As `nft list` heads it: family, table, chain, hook, priority, policy. */
export function chainName(chain: BaseChain): string {
  return `${chain.family} ${chain.table} ${chain.chain} (${chain.type}, hook ${chain.hook}, priority ${chain.priority}, policy ${chain.policy})`;
}

/** A rule anywhere, or a policy that denies. */
export function holdsRules(ruleset: Ruleset | null): boolean {
  return (
    ruleset?.tables.some(
      (table) => table.rules.length > 0 || [...table.chains.values()].some(({ policy }) => policy === 'DROP'),
    ) === true
  );
}
