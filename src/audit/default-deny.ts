import { bystanders, rewritten } from '../analysis/answers/bystanders.ts';
import type { Host } from '../model/host/index.ts';
import { type Family, TCP, UDP } from '../model/net/index.ts';
import type { Hook } from '../model/packet/index.ts';
import type { Subject } from './check.ts';
import type { Witness } from './finding.ts';
import { accepted, fromStrangers, type Held, measure } from './measure.ts';
import { clientPort, opening } from './probes.ts';
import { type Own, outsideOf, ownAddresses } from './surroundings.ts';
import { isNamed, namedLinks, unnamedLink, unnamedProtocol, type Vocabulary, vocabularyOf } from './vocabulary.ts';

/**
 * Whether a chain denies what no rule was written for, asked with packets, never by its policy's text.
 *
 * *What no rule was written for* is: a new connection from (or to) anyone, for most ports, of TCP, UDP or a protocol that no
 * rule names, on a link that faces the outside or that no rule names. So an accept for one narrow source, one inner
 * link, some ports, ICMP or a named protocol is a decision and no fault here, and so is one for a MAC address, a user or
 * whoever knocked before (`usual.ts`); two half-space accepts, an accept in a user chain without bounds, and an accept for
 * all of UDP are faults. *Anyone* is at least a 64th of the IPv4 world, more than all private networks together, or an IPv6
 * /20. *Most ports* is three eighths of them, from an ordinary source port or from one that a rule names: who sends chooses it.
 *
 * A link without a default route, but with an address of the world's, is looked at too: what it alone lets in is possible. To a
 * link-local address packets come from neighbours, and are shown so. Forwarded packets leave by a link that is there.
 *
 * One packet is tried for every part of the world between the addresses and ports that rules name, the biggest parts
 * first, at most 512 parts; complete reasoning comes with the packet-space engine.
 */
export type DefaultDeny =
  | { readonly kind: 'denied' }
  | {
      readonly kind: 'accepted';
      readonly certain: boolean;
      /** IP protocol numbers that are let through, of those tried. */
      readonly protocols: readonly number[];
      readonly tried: readonly number[];
      readonly links: readonly string[];
      /** The first is the plainest. */
      readonly witnesses: readonly [Witness, ...Witness[]];
      /** What was taken for granted, as sentences. */
      readonly said: readonly string[];
    }
  | { readonly kind: 'unknown'; readonly why: string; readonly remedy: string };

/** A share of the outside world; of IPv6's a /20, which is what whole registries' regions consist of. */
const anyone: Readonly<Record<Family, number>> = { 4: 1 / 64, 6: 1 / 2 ** 17 };
const mostPorts = 3 / 8;
/** Source ports that rules name and that are tried beside an ordinary one. */
const sourcePortsTried = 8;
/** Destinations tried on the way through the host. */
const destinationsTried = 3;

interface Way {
  readonly in: string | null;
  readonly out: string | null;
  /** The link that makes the way one of strangers. */
  readonly link: string;
  readonly outside: boolean;
}

export function defaultDeny(subject: Subject, family: Family, hook: Hook): DefaultDeny {
  const { host } = subject;
  const fact = host.rulesets[family];
  if (!fact.known) return { kind: 'unknown', why: fact.why, remedy: fact.remedy };
  const vocabulary = vocabularyOf(host, fact.value);
  const beside = bystanders(host, family, hook);
  if (beside.kind === 'may-rewrite') return { kind: 'unknown', ...rewritten(family, beside) };

  const outside = outsideOf(host, family);
  // Out by a link without a default route goes only what is for its own network.
  const strangers = hook === 'output' ? outside.links : [...outside.links, ...outside.beside];
  const protocols = [TCP, UDP, unnamedProtocol(vocabulary)];
  const answers: { readonly way: Way; readonly proto: number; readonly held: Held; readonly own: Own }[] = [];
  for (const way of waysOf(host, hook, strangers, vocabulary)) {
    const own = ownAddresses(host, family, way.link, vocabulary);
    for (const proto of protocols) answers.push({ way, proto, held: ask(subject, vocabulary, hook, way, proto, own), own });
  }

  const yes = answers.filter(({ held }) => held.kind === 'yes');
  const maybe = answers.filter(({ held }) => held.kind === 'maybe');
  const best = yes.length > 0 ? yes : maybe;
  const witnesses = best.flatMap(({ held }) => (held.kind === 'yes' || held.kind === 'maybe' ? held.witnesses : []));
  const [first, ...others] = witnesses;
  if (first !== undefined) {
    const links = [...new Set(best.map(({ way }) => way.link))];
    // Chosen links of which only some are open may be inner ones.
    const surelyOutside =
      best.some(({ way }) => !way.outside || (outside.sure && outside.links.includes(way.link))) ||
      outside.links.every((link) => links.includes(link));
    const said = [...new Set(best.map(({ own }) => own.said))].filter((sentence) => sentence !== '' && hook !== 'forward');
    if (beside.kind === 'may-drop') said.push(`Packets also meet ${beside.names.join(', ')}: named, not modelled.`);
    return {
      kind: 'accepted',
      certain: yes.length > 0 && surelyOutside && beside.kind === 'none',
      protocols: [...new Set(best.map(({ proto }) => proto))],
      tried: protocols,
      links,
      witnesses: [first, ...others],
      said,
    };
  }
  const blank = answers.find(({ held }) => held.kind === 'unknown')?.held;
  if (blank?.kind === 'unknown') return blank;
  return outside.unread === null ? { kind: 'denied' } : trusted(subject, family, hook, vocabulary, outside.unread);
}

function waysOf(host: Host, hook: Hook, outside: readonly string[], vocabulary: Vocabulary): readonly Way[] {
  const unnamed = unnamedLink(vocabulary);
  const links = [...outside.map((link) => ({ link, outside: true })), { link: unnamed, outside: false }];
  return links.map((way) => {
    if (hook === 'output') return { ...way, in: null, out: way.link };
    return { ...way, in: way.link, out: hook === 'forward' ? onward(host, vocabulary, way.link, unnamed) : null };
  });
}

/**
 * Where a packet that arrived on the link is forwarded to: a link of this host that no rule names, another one if there is one,
 * else back where it came from; an invented one when rules name them all.
 */
function onward(host: Host, vocabulary: Vocabulary, from: string, unnamed: string): string {
  const links = host.links.known ? host.links.value.filter(({ loopback, master }) => !loopback && master === null) : [];
  const free = links.map(({ name }) => name).filter((name) => !isNamed(vocabulary, name));
  return free.find((name) => name !== from) ?? free.find((name) => name === from) ?? unnamedLink(vocabulary, [unnamed]);
}

function ask(subject: Subject, vocabulary: Vocabulary, hook: Hook, way: Way, proto: number, own: Own): Held {
  const { family } = vocabulary;
  const packet = (src: bigint, dst: bigint): Held => {
    const aim = { family, hook, in: way.in, out: way.out, src, dst, proto };
    if (proto !== TCP && proto !== UDP) return accepted(subject, opening(aim));
    const sports = [clientPort, ...vocabulary.namedSourcePorts.slice(0, sourcePortsTried)];
    const bySource = sports.map((sport) =>
      measure(vocabulary.ports, mostPorts, (dport) => accepted(subject, opening({ ...aim, sport, dport }))),
    );
    return worstOf(bySource);
  };
  if (hook === 'output') {
    const [src = 0n] = own.addresses;
    return measure(vocabulary.destinations, anyone[family], (dst) => packet(src, dst));
  }
  const destinations =
    hook === 'input' ? own.addresses : vocabulary.destinations.slice(0, destinationsTried).map(({ value }) => value);
  const answers = destinations.map((dst) => fromStrangers(vocabulary, dst, anyone[family], (src) => packet(src, dst)));
  const worst = worstOf(answers);
  // A destination that only the rules name need not be this host's.
  if (worst.kind === 'yes' && hook === 'input' && own.standIn && answers[0]?.kind !== 'yes') return { ...worst, kind: 'maybe' };
  return worst;
}

function worstOf(answers: readonly Held[]): Held {
  for (const kind of ['yes', 'maybe'] as const) {
    const found = answers.filter((answer) => answer.kind === kind);
    const [first] = found;
    // What lets others in is to be mended as well.
    if (first?.kind === kind) return { ...first, witnesses: found.flatMap((one) => (one.kind === kind ? one.witnesses : [])) };
  }
  const unanswered = answers.find(({ kind }) => kind === 'unknown');
  if (unanswered !== undefined) return unanswered;
  return answers[0] ?? { kind: 'no', witnesses: [] };
}

/** Without knowledge of links: a link by whose name everything is let through may be an inner one, or the outside. */
function trusted(
  subject: Subject,
  family: Family,
  hook: Hook,
  vocabulary: Vocabulary,
  unread: { readonly why: string; readonly remedy: string },
): DefaultDeny {
  const own = ownAddresses(subject.host, family, null, vocabulary);
  const unnamed = unnamedLink(vocabulary);
  for (const link of namedLinks(vocabulary, hook === 'output' ? 'out' : 'in').slice(0, 16)) {
    const way =
      hook === 'output'
        ? { in: null, out: link }
        : { in: link, out: hook === 'forward' ? unnamedLink(vocabulary, [unnamed]) : null };
    const held = ask(subject, vocabulary, hook, { ...way, link, outside: false }, TCP, own);
    if (held.kind === 'no') continue;
    return {
      kind: 'unknown',
      why: `everything on ${link} is let through, and whether ${link} faces the outside is not known: ${unread.why}`,
      remedy: unread.remedy,
    };
  }
  return { kind: 'denied' };
}
