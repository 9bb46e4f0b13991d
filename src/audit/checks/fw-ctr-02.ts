import type { Family } from '../../model/net/index.ts';
import { meaningsOf } from '../../model/ruleset/index.ts';
import { toolOf } from '../blame.ts';
import type { Check, Subject } from '../check.ts';
import { shellWord } from '../command.ts';
import type { Engine } from '../engine.ts';
import { dockerFacts, dockerRules, hardened4, hardened6, oneLink } from '../examples.ts';
import {
  exposed,
  ofFamilies,
  type Published,
  publishedOf,
  type Said,
  type Shown,
  sayFew,
  sayPublished,
  unlessUnseen,
} from '../exposure/index.ts';
import { forwarding } from '../surroundings.ts';
import type { Unread } from '../unread.ts';

/**
 * Where Docker's chains are: DOCKER-USER is there, packets for published ports meet it before they are accepted, and some rule of it
 * denies something. Asked only while something is published to anyone; without that nothing needs a filter. Kubernetes' chains and
 * Podman's have no such place, and are left alone.
 */
export const fwCtr02: Check = {
  id: 'FW-CTR-02',
  title: 'DOCKER-USER stands before Docker’s own rules and filters what is published',
  severity: 'medium',
  kinds: ['S', 'H'],
  refs: ['Docker, packet filtering and firewalls', 'CIS Docker 2.x'],
  why: 'It is the one place where rules for published ports stay: Docker writes its other chains anew at every start.',
  fix: 'Put rules for published ports into DOCKER-USER, by the port that was asked for (-m conntrack --ctorigdstport).',
  run: (subject) =>
    ofFamilies(subject, fwCtr02.id, (family) =>
      unlessUnseen(subject, family, 'forward', (engine) => familyAnswer(subject, family, engine)),
    ),
  examples: [
    {
      title: 'as Docker leaves it',
      v4: dockerRules({ published: ['8080'] }),
      v6: hardened6,
      facts: dockerFacts,
      finds: ['medium 4'],
    },
    {
      title: 'filtered for some',
      v4: dockerRules({
        published: ['8080', '8081'],
        user: ['-A DOCKER-USER -i eth0 -p tcp -m conntrack --ctorigdstport 8081 -j DROP'],
      }),
      v6: hardened6,
      facts: dockerFacts,
      finds: [],
    },
    {
      title: 'an accept stands before it',
      v4: dockerRules({
        published: ['8080', '8081'],
        user: ['-A DOCKER-USER -i eth0 -p tcp -m conntrack --ctorigdstport 8081 -j DROP'],
      }).replace('-A FORWARD -j DOCKER-USER', '-A FORWARD -o docker0 -j ACCEPT\n-A FORWARD -j DOCKER-USER'),
      v6: hardened6,
      facts: dockerFacts,
      finds: ['medium 4'],
    },
    { title: 'nothing is published', v4: dockerRules({ published: [] }), v6: hardened6, facts: dockerFacts, finds: [] },
    { title: 'no containers', v4: hardened4, v6: hardened6, facts: oneLink, finds: [] },
    {
      title: 'whether the packet is for the host is not known',
      v4: dockerRules({ published: ['8080'] }),
      v6: hardened6,
      facts: {},
      finds: [],
      unknown: 1,
    },
    { title: 'rules that were not read', v4: null, v6: hardened6, facts: dockerFacts, finds: [], unknown: 1 },
  ],
};

type Seen = Published & { readonly shown: Extract<Shown, { kind: 'yes' | 'maybe' }> };

function familyAnswer(subject: Subject, family: Family, engine: Engine): Said {
  const { ruleset } = engine.firewall;
  const filter = ruleset.tables.find(({ name }) => name === 'filter');
  if (filter?.chains.has('DOCKER') !== true || forwarding(subject.host, family).on === false) return [];
  const published = publishedOf(subject, engine);
  const missing: Unread | null = published.map((one) => one.shown).find((seen) => seen.kind === 'unknown') ?? null;
  const open = published.filter((one): one is Seen => one.container && (one.shown.kind === 'yes' || one.shown.kind === 'maybe'));
  const [first] = open;
  if (first === undefined) return missing === null ? [] : { unknown: missing };
  const chain = filter.chains.get('DOCKER-USER');
  const meanings = meaningsOf(ruleset);
  const past = open.find(({ shown: { witness } }) => !metUser(witness));
  const filters = chain?.rules.some((rule) => {
    const effect = meanings.get(rule)?.effect;
    return effect?.kind === 'jump' || (effect?.kind === 'verdict' && effect.verdict !== 'ACCEPT');
  });
  const fault =
    chain === undefined
      ? 'There is no chain DOCKER-USER'
      : past !== undefined
        ? 'Packets for published ports are accepted before they meet DOCKER-USER'
        : filters === true
          ? null
          : 'DOCKER-USER denies nothing';
  if (fault === null) return [];
  const shown = past ?? first;
  const tool = toolOf(family);
  return [
    exposed(subject, {
      check: fwCtr02,
      family,
      severity: 'medium',
      title: `${fault} (IPv${family}), and anyone reaches ${sayFew(open.map(sayPublished))}`,
      shown: shown.shown,
      sure: shown.door.sure && forwarding(subject.host, family).on === true,
      meaning: ['No rule of yours has a say in it.'],
      fix:
        past !== undefined && chain !== undefined
          ? `Let FORWARD call DOCKER-USER before all else.\n${tool} -I FORWARD 1 -j DOCKER-USER`
          : `Decide in DOCKER-USER who may reach the published ports, by the port that was asked for, for example:\n${tool} -I DOCKER-USER 1 -i ${shellWord(shown.door.link)} ! -s YOUR-NETWORK -p ${shown.proto} -m conntrack --ctstate NEW --ctorigdstport ${shown.ports[0]?.[0] ?? 0} -j DROP`,
    }),
  ];

  /** DOCKER-USER was called on the packet's way. */
  function metUser({ trace }: Seen['shown']['witness']): boolean {
    return trace.path.some((step) => {
      const rule = step.rule === 'policy' ? undefined : filter?.chains.get(step.chain)?.rules[step.rule - 1];
      const effect = rule === undefined ? undefined : meanings.get(rule)?.effect;
      return step.table === 'filter' && effect?.kind === 'jump' && effect.chain === 'DOCKER-USER';
    });
  }
}
