import type { Host } from '../../model/host/index.ts';
import { bitsOf, type Family, type Prefix, prefixRange, type Ranges, ranges, TCP, UDP } from '../../model/net/index.ts';
import type { Subject } from '../check.ts';
import type { Engine } from '../engine.ts';
import { isLocal, outsideOf } from '../surroundings.ts';
import { unnamedLink, type Vocabulary, vocabularyOf } from '../vocabulary.ts';
import { type Sight, sightOf } from './sight.ts';
import { strangers } from './strangers.ts';

/** A way through the host from one link to another, as packets of new connections take it. */
export interface Road {
  readonly in: string;
  readonly out: string;
  /** False where the outer one of the links may be an inner one. */
  readonly sure: boolean;
  /** Destinations that stand for what is behind the leaving link. */
  readonly near: readonly bigint[];
  readonly tcp: Sight;
  readonly udp: Sight;
  other(proto: number): Sight;
}

/** From links towards strangers to inner ones. Where links are unknown, between two that no rule names. @throws OverBudget */
export function inwardRoads(subject: Subject, engine: Engine): readonly Road[] {
  const { host } = subject;
  const { family } = engine.space;
  const vocabulary = vocabularyOf(host, engine.firewall.ruleset);
  const outside = outsideOf(host, family);
  if (outside.unread !== null) {
    const link = unnamedLink(vocabulary);
    return [roadOf(engine, link, unnamedLink(vocabulary, [link]), true, farValues(vocabulary), strangers[family])];
  }
  return outside.links.flatMap((link) =>
    innerLinks(host, family).map((inner) =>
      roadOf(engine, link, inner, outside.sure, behind(host, family, inner, vocabulary), strangers[family]),
    ),
  );
}

/** From inner links to strangers, for packets of the given sources. @throws OverBudget */
export function outwardRoads(subject: Subject, engine: Engine, sources: (inner: string) => Ranges<bigint>): readonly Road[] {
  const { host } = subject;
  const { family } = engine.space;
  const vocabulary = vocabularyOf(host, engine.firewall.ruleset);
  const outside = outsideOf(host, family);
  return innerLinks(host, family).flatMap((inner) =>
    outside.links.map((link) => roadOf(engine, inner, link, outside.sure, farValues(vocabulary), sources(inner))),
  );
}

/** The same way for other sources. */
export function roadOf(
  engine: Engine,
  from: string,
  to: string,
  sure: boolean,
  near: readonly bigint[],
  far: Ranges<bigint>,
): Road {
  const sight = (proto: number): Sight => sightOf(engine, { hook: 'forward', in: from, out: to, near, far }, proto);
  return {
    in: from,
    out: to,
    sure,
    near,
    get tcp() {
      return sight(TCP);
    },
    get udp() {
      return sight(UDP);
    },
    other: sight,
  };
}

/** Links that do not lead to the world: where routes are known, those without a default route; bridges' ports left out. */
export function innerLinks(host: Host, family: Family): readonly string[] {
  if (!host.links.known || !outsideOf(host, family).sure) return [];
  const { links: outer, beside } = outsideOf(host, family);
  return host.links.value
    .filter(({ loopback, master }) => !loopback && master === null)
    .map(({ name }) => name)
    .filter((name) => !outer.includes(name) && !beside.includes(name));
}

/** Networks that are behind a link: its own, and those that are routed by it, but for everything. */
export function networksBehind(host: Host, family: Family, link: string): readonly Prefix[] {
  const own = host.addresses.known
    ? host.addresses.value.filter((one) => one.link === link && one.prefix.family === family).map(({ prefix }) => prefix)
    : [];
  const routed = host.routes.known
    ? host.routes.value
        .filter((route) => route.family === family && route.link === link && route.type === 'unicast' && route.prefix.length > 0)
        .map(({ prefix }) => prefix)
    : [];
  const wide = [...own, ...routed].filter((prefix) => !isLocal(prefix) && prefix.length < bitsOf(family));
  return [...new Map(wide.map((prefix) => [`${prefixRange(prefix)[0]}/${prefix.length}`, prefix])).values()];
}

export function addressesBehind(host: Host, family: Family, link: string): Ranges<bigint> {
  return ranges(...networksBehind(host, family, link).map(prefixRange));
}

/** Somewhere in the world, as rules tell destinations apart. */
function farValues({ destinations }: Vocabulary): readonly bigint[] {
  return destinations.slice(0, 3).map(({ value }) => value);
}

/** One address of each network behind the link, that is not the host's own. */
function behind(host: Host, family: Family, link: string, vocabulary: Vocabulary): readonly bigint[] {
  const own = new Set(host.addresses.known ? host.addresses.value.map(({ prefix }) => prefix.value) : []);
  const found = networksBehind(host, family, link).flatMap((prefix) => {
    const [lo, hi] = prefixRange(prefix);
    const value = [lo + 9n, lo + 1n, lo + 2n].find((one) => one <= hi && !own.has(one));
    return value === undefined ? [] : [value];
  });
  // Rules tell some of them apart.
  const named = vocabulary.namedDestinations.filter((value) =>
    networksBehind(host, family, link).some((prefix) => {
      const [lo, hi] = prefixRange(prefix);
      return lo <= value && value <= hi && !own.has(value);
    }),
  );
  return [...found, ...named.slice(0, mostNamed)];
}

const mostNamed = 16;
