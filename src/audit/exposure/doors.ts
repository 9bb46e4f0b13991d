import { bystanders, rewritten } from '../../analysis/answers/bystanders.ts';
import { type Family, type Ranges, TCP, UDP } from '../../model/net/index.ts';
import type { Subject } from '../check.ts';
import type { Engine } from '../engine.ts';
import { ipv4Absent, ipv6Off, isLocal, outsideOf, ownAddresses } from '../surroundings.ts';
import type { Unread } from '../unread.ts';
import { namedLinks, unnamedLink, vocabularyOf } from '../vocabulary.ts';
import { type Sight, sightOf } from './sight.ts';
import { neighbours, strangers } from './strangers.ts';

/** A link by which strangers come to the host itself. */
export interface Door {
  readonly link: string;
  /** False where the link may be an inner one. */
  readonly sure: boolean;
  /** Why it is not known whether strangers come by it: links are unknown, and only rules name it. */
  readonly unread: Unread | null;
  /** The host's addresses there; those that stand for them, where they are unknown. */
  readonly own: readonly bigint[];
  /** A sentence on what was taken for granted; often empty. */
  readonly said: string;
  readonly tcp: Sight;
  readonly udp: Sight;
  /** Of a protocol without ports. */
  other(proto: number): Sight;
}

/** True where no packet of the family can be for the host, so that nothing is asked. */
export function isAbsent({ host }: Subject, family: Family): boolean {
  return family === 6 ? ipv6Off(host) : ipv4Absent(host);
}

/**
 * Links towards strangers: those of default routes first. Without knowledge of links one that no rule names, and then those
 * that rules name. Where the host has no address but link-local ones strangers are its neighbours.
 *
 * @throws OverBudget
 */
export function doorsOf(subject: Subject, engine: Engine): readonly Door[] {
  const { host } = subject;
  const { family } = engine.space;
  const vocabulary = vocabularyOf(host, engine.firewall.ruleset);
  const outside = outsideOf(host, family);
  const links: { readonly link: string; readonly sure: boolean; readonly unread: Unread | null }[] = [
    ...outside.links.map((link) => ({ link, sure: outside.sure, unread: null })),
    ...outside.beside.map((link) => ({ link, sure: false, unread: null })),
  ];
  if (links.length === 0) {
    links.push({ link: unnamedLink(vocabulary), sure: true, unread: null });
    if (outside.unread !== null) {
      links.push(
        ...namedLinks(vocabulary, 'in')
          .slice(0, mostNamed)
          .map((link) => ({ link, sure: false, unread: outside.unread })),
      );
    }
  }
  return links.flatMap((one) => {
    const own = ownAddresses(host, family, one.link, vocabulary);
    const unicast = own.addresses.filter((value) => isUnicast(family, value));
    const wide = unicast.filter((value) => !isLocal({ family, value }));
    const near = wide.length > 0 ? wide : unicast;
    const far = wide.length > 0 ? strangers[family] : neighbours[family];
    if (!own.standIn || near.length < 2) return [doorOf(engine, one, near, far, own.said)];
    // A destination that only the rules name need not be this host's.
    return [
      doorOf(engine, one, near.slice(0, 1), far, own.said),
      doorOf(engine, { ...one, sure: false }, near.slice(1), far, own.said),
    ];
  });
}

function doorOf(
  engine: Engine,
  one: Pick<Door, 'link' | 'sure' | 'unread'>,
  near: readonly bigint[],
  far: Ranges<bigint>,
  said: string,
): Door {
  const sight = (proto: number): Sight => sightOf(engine, { hook: 'input', in: one.link, out: null, near, far }, proto);
  return {
    ...one,
    own: near,
    said,
    get tcp() {
      return sight(TCP);
    },
    get udp() {
      return sight(UDP);
    },
    other: sight,
  };
}

/** Not multicast nor broadcast. */
function isUnicast(family: Family, value: bigint): boolean {
  return family === 4 ? value >> 29n !== 7n : value >> 120n !== 0xffn;
}

/** Rules name more links on big routers than can be asked one by one. */
const mostNamed = 8;

/** Why what the rules accept on the way may be denied all the same: others look at the packet too. `null` where none do. */
export function unseen({ host }: Subject, family: Family, hook: 'input' | 'forward' | 'output'): Unread | null {
  const beside = bystanders(host, family, hook);
  switch (beside.kind) {
    case 'none':
      return null;
    case 'may-rewrite':
      return rewritten(family, beside);
    case 'may-drop':
      return {
        why: `IPv${family} packets also meet ${beside.names.join(', ')}, which palisade names but does not model: they may deny what these rules accept`,
        remedy: 'keep all rules in one place, or look at the others with nft list ruleset',
      };
  }
}
