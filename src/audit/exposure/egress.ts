import { TCP, UDP } from '../../model/net/index.ts';
import type { Subject } from '../check.ts';
import type { Engine } from '../engine.ts';
import { outsideOf, ownAddresses } from '../surroundings.ts';
import { namedLinks, unnamedLink, vocabularyOf } from '../vocabulary.ts';
import { type Sight, sightOf } from './sight.ts';
import { strangers } from './strangers.ts';

/** A link by which the host itself reaches strangers. */
export interface Exit {
  readonly link: string;
  readonly sure: boolean;
  /** Only rules name the link. */
  readonly named: boolean;
  readonly said: string;
  readonly tcp: Sight;
  readonly udp: Sight;
  other(proto: number): Sight;
}

/** Links of default routes; without knowledge of links one that no rule names, and those that rules name. @throws OverBudget */
export function exitsOf(subject: Subject, engine: Engine): readonly Exit[] {
  const { host } = subject;
  const { family } = engine.space;
  const vocabulary = vocabularyOf(host, engine.firewall.ruleset);
  const outside = outsideOf(host, family);
  const links =
    outside.links.length > 0
      ? outside.links.map((link) => ({ link, sure: outside.sure, named: false }))
      : [
          { link: unnamedLink(vocabulary), sure: true, named: false },
          ...(outside.unread === null ? [] : namedLinks(vocabulary, 'out').slice(0, mostNamed)).map((link) => ({
            link,
            sure: false,
            named: true,
          })),
        ];
  return links.map((one) => {
    const own = ownAddresses(host, family, one.link, vocabulary);
    const sight = (proto: number): Sight =>
      sightOf(
        engine,
        { hook: 'output', in: null, out: one.link, near: own.addresses.slice(0, 1), far: strangers[family] },
        proto,
      );
    return {
      ...one,
      said: own.said,
      get tcp() {
        return sight(TCP);
      },
      get udp() {
        return sight(UDP);
      },
      other: sight,
    };
  });
}

const mostNamed = 8;
