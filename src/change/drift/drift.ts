import { type Backend, type Host, holdsRules, hostFromTexts, type Known, known } from '../../model/host/index.ts';
import type { Family } from '../../model/net/index.ts';
import { emptyRuleset, parseRuleset, type Ruleset } from '../../model/ruleset/index.ts';
import type { OwnRecord } from '../history/record.ts';
import type { SnapshotBody } from '../snapshots/index.ts';
import type { Difference, Holder } from './difference.ts';
import { intrudersBetween, nativeBetween } from './native.ts';
import { type Owner, type Owners, ownersOf } from './owner.ts';
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
  /** The host as it now stands, but for what drifted: rules and sets of that are as they were. */
  readonly undone: () => Host;
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
  const families = ([4, 6] as const).map((family) => familyBetween(family, baseline.host, now.host, owners, own));
  const unknown = families.flatMap((one) => one.unknown);
  const sets =
    baseline.sets.known && now.sets.known
      ? setsBetween({ host: baseline.host, text: baseline.sets.value }, { host: now.host, text: now.sets.value }, owners)
      : [];
  for (const [what, facts] of [
    ['the sets', [baseline.sets, now.sets]],
    ['what nft has beside iptables', [baseline.host.foreignChains, now.host.foreignChains]],
  ] as const) {
    const unread = facts.find((fact) => !fact.known);
    if (unread?.known === false) unknown.push({ what, why: unread.why, remedy: unread.remedy });
  }
  return {
    differences: [...families.flatMap(({ differences }) => differences), ...sets, ...nativeBetween(baseline, now, owners)],
    unknown,
    undone: () => ({
      ...now.host,
      rulesets: { 4: families[0]?.undone() ?? now.host.rulesets[4], 6: families[1]?.undone() ?? now.host.rulesets[6] },
      sets: setsWithout(baseline.host, now.host, sets),
    }),
  };
}

interface FamilyDrift extends Pick<Drift, 'differences' | 'unknown'> {
  readonly undone: () => Known<Ruleset>;
}

function familyBetween(
  family: Family,
  baseline: Host,
  now: Host,
  owners: Owners,
  own: Pick<OwnRecord, 'families'> | null,
): FamilyDrift {
  const [was, is] = [baseline.backends[family], now.backends[family]];
  const intruders = intrudersBetween(baseline, now, family);
  if (!was.known || !is.known) {
    const [of, when] = was.known ? [is, 'now'] : [was, 'in what was confirmed'];
    if (of.known) throw new Error('what is known is not unknown');
    const unread = { what: `the IPv${family} rules ${when}`, why: of.why, remedy: of.remedy };
    return { differences: intruders, unknown: [unread], undone: () => of };
  }
  const [before, after] = [holderOf(was.value), holderOf(is.value)];
  const hasDocker = [was.value, is.value].some(({ nft, legacy }) =>
    [nft, legacy].some((one) => /^:DOCKER /m.test(one?.text ?? '')),
  );
  const policyOwner = (table: string, chain: string, _before: string, to: string): Owner => {
    if (own?.families[family].some((one) => one.table === table && one.policies.has(chain)) === true) return { kind: 'own' };
    // It does so when it turns forwarding on.
    const isDockers = hasDocker && table === 'filter' && chain === 'FORWARD' && to === 'DROP';
    return isDockers ? { kind: 'program', name: 'Docker', beside: true } : { kind: 'unknown' };
  };
  const compared = sidesOf(family, was.value, is.value, before, after).map(([backend, old, fresh]) => ({
    backend,
    old,
    ...rulesBetween(backend, old, fresh, owners, policyOwner),
  }));
  const inForce = [after, before].find((holder) => holder === 'nft' || holder === 'legacy') ?? 'nft';
  const moved: Difference[] =
    before !== after && before !== 'none' && after !== 'none'
      ? [{ kind: 'backend-changed', family, before, after, owner: { kind: 'unknown' }, drift: true }]
      : [];
  return {
    differences: [...moved, ...intruders, ...compared.flatMap(({ differences }) => differences)],
    unknown: [],
    undone() {
      const one = compared.find(({ backend }) => backend === inForce);
      if (one === undefined || after === 'both') return now.rulesets[family];
      const { writer } = is.value[inForce] ?? one.old;
      const text = one.undone();
      const parsed = parseRuleset(text, { family, file: 'what was confirmed' });
      // Without what a program has taken away since, rules of others may not read.
      const ruleset = text === '' ? emptyRuleset(family, 'no rules') : parsed.ok ? parsed.value : one.old;
      return known({ ...ruleset, writer: writer ?? one.old.writer });
    },
  };
}

/** Sets as they are, and those that drifted as they were. */
function setsWithout(baseline: Host, now: Host, differences: readonly Difference[]): Host['sets'] {
  if (!baseline.sets.known || !now.sets.known) return now.sets;
  const sets = new Map(now.sets.value);
  for (const one of differences) {
    if (!one.drift || !('set' in one)) continue;
    const was = baseline.sets.value.get(one.set);
    if (was === undefined) sets.delete(one.set);
    else sets.set(one.set, was);
  }
  return known(sets);
}

type Use = { readonly nft: Ruleset | null; readonly legacy: Ruleset | null };

function holderOf({ nft, legacy }: Use): Holder {
  const [byNft, byLegacy] = [nft !== null && holdsRules(nft), legacy !== null && holdsRules(legacy)];
  return byNft ? (byLegacy ? 'both' : 'nft') : byLegacy ? 'legacy' : 'none';
}

/** What is compared with what: each backend with itself, but rules that have moved to the other one with those there. */
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
