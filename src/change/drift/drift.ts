import { type Backend, type Host, holdsRules, hostFromTexts, type Known, known } from '../../model/host/index.ts';
import type { Family } from '../../model/net/index.ts';
import { emptyRuleset, type Ruleset } from '../../model/ruleset/index.ts';
import type { OwnRecord } from '../history/record.ts';
import type { SnapshotBody } from '../snapshots/index.ts';
import type { Difference, Holder } from './difference.ts';
import { nativeBetween } from './native.ts';
import { type Owner, ownersOf } from './owner.ts';
import { rulesBetween } from './rules.ts';
import { setsBetween } from './sets.ts';

/** A host at one moment, as far as it can have been changed by somebody. */
export interface Moment {
  readonly host: Host;
  /** As `ipset save` prints them. */
  readonly sets: Known<string>;
  /** Tables that iptables did not make, as nft prints them. */
  readonly foreignNft: string;
}

/** What is other than it was. */
export interface Drift {
  readonly differences: readonly Difference[];
  /** What could not be compared. */
  readonly unknown: readonly { readonly what: string; readonly why: string; readonly remedy: string }[];
}

/** The moment that a snapshot keeps, or that was just read for one. */
export function momentOf({ texts, foreignNft }: Pick<SnapshotBody, 'texts' | 'foreignNft'>, before?: Host): Moment {
  const host = hostFromTexts(texts, before === undefined ? {} : { before });
  const { ipsets } = texts.texts;
  return { host, foreignNft, sets: ipsets.read ? known(ipsets.text) : host.sets.known ? known('') : host.sets };
}

/**
 * What somebody changed since a moment: rules of both backends, chains, policies, sets, and what nft has beside iptables, each with whose it
 * is. What changes by itself, as counters do, is no difference; what programs change of their own is one, and no drift.
 *
 * @param own what was confirmed last: whose policies are palisade's to keep; `null` where no policy is in force
 */
export function driftBetween(baseline: Moment, now: Moment, own: Pick<OwnRecord, 'families'> | null): Drift {
  const owners = ownersOf([baseline.host, now.host], now.host.readAt);
  const hasDocker = [baseline.host, now.host].some((host) => rulesetsIn(host).some(({ text }) => /^:DOCKER /m.test(text)));
  const differences: Difference[] = [];
  const unknown: Drift['unknown'][number][] = [];
  for (const family of [4, 6] as const) {
    const [was, is] = [baseline.host.backends[family], now.host.backends[family]];
    for (const [of, when] of [
      [was, 'in what was confirmed'],
      [is, 'now'],
    ] as const)
      if (!of.known) unknown.push({ what: `the IPv${family} rules ${when}`, why: of.why, remedy: of.remedy });
    if (!was.known || !is.known) continue;
    const [before, after] = [holderOf(was.value), holderOf(is.value)];
    if (before !== after && before !== 'none' && after !== 'none')
      differences.push({ kind: 'backend-changed', family, before, after, owner: { kind: 'unknown' }, drift: true });
    const policyOwner = (table: string, chain: string, _before: string, to: string): Owner => {
      if (own?.families[family].some((one) => one.table === table && one.policies.has(chain)) === true) return { kind: 'own' };
      // It does so when it turns forwarding on.
      const isDockers = hasDocker && table === 'filter' && chain === 'FORWARD' && to === 'DROP';
      return isDockers ? { kind: 'program', name: 'Docker', beside: true } : { kind: 'unknown' };
    };
    for (const [backend, old, fresh] of sidesOf(family, was.value, is.value, before, after))
      differences.push(...rulesBetween(backend, old, fresh, owners, policyOwner));
  }
  if (baseline.sets.known && now.sets.known)
    differences.push(
      ...setsBetween({ host: baseline.host, text: baseline.sets.value }, { host: now.host, text: now.sets.value }, owners),
    );
  else {
    const [of] = [baseline.sets, now.sets].filter((sets) => !sets.known);
    if (of?.known === false) unknown.push({ what: 'the sets', why: of.why, remedy: of.remedy });
  }
  const chains = [baseline.host.foreignChains, now.host.foreignChains].find((one) => !one.known);
  if (chains?.known === false) unknown.push({ what: 'what nft has beside iptables', why: chains.why, remedy: chains.remedy });
  differences.push(...nativeBetween(baseline, now, owners));
  return { differences, unknown };
}

type Use = { readonly nft: Ruleset | null; readonly legacy: Ruleset | null };

function holderOf({ nft, legacy }: Use): Holder {
  const [byNft, byLegacy] = [nft !== null && holdsRules(nft), legacy !== null && holdsRules(legacy)];
  return byNft ? (byLegacy ? 'both' : 'nft') : byLegacy ? 'legacy' : 'none';
}

/** What is compared with what: each backend with itself, but rules that have moved to the other one, with those there. */
function sidesOf(
  family: Family,
  was: Use,
  is: Use,
  before: Holder,
  after: Holder,
): readonly (readonly [Backend, Ruleset, Ruleset])[] {
  const none = emptyRuleset(family, 'no rules');
  const hasMoved = (before === 'nft' && after === 'legacy') || (before === 'legacy' && after === 'nft');
  if (hasMoved) return [[after, was[before] ?? none, is[after] ?? none]];
  return (['nft', 'legacy'] as const).map((backend) => [backend, was[backend] ?? none, is[backend] ?? none]);
}

function rulesetsIn({ backends }: Host): readonly Ruleset[] {
  return ([4, 6] as const).flatMap((family) => {
    const of = backends[family];
    return of.known ? [of.value.nft, of.value.legacy].filter((ruleset) => ruleset !== null) : [];
  });
}
