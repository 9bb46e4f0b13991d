import type { Family } from '../../model/net/index.ts';
import { sayRef, toolOf } from '../blame.ts';
import type { Check, Subject } from '../check.ts';
import { command } from '../command.ts';
import type { Engine } from '../engine.ts';
import { dockerFacts, dockerRules, filter, hardened4, hardened6, natRouter, natRules } from '../examples.ts';
import {
  assumptions,
  exposed,
  legacyPorts,
  ofFamilies,
  type Published,
  portsIn,
  publishedOf,
  type Said,
  type Shown,
  sayFew,
  sayPublished,
  sensitivePorts,
  translates,
  unlessUnseen,
} from '../exposure/index.ts';
import { forwarding } from '../surroundings.ts';
import type { Unread } from '../unread.ts';

/**
 * Ports that rules of nat lead on to other machines, from anyone, followed through FORWARD. High where management, databases,
 * legacy protocols or more than 1024 ports are led on; single ports of other services are somebody's decision and low. What
 * container runtimes publish is FW-CTR-01's.
 */
export const fwNat01: Check = {
  id: 'FW-NAT-01',
  title: 'nat leads strangers to no machine that should not meet them',
  severity: 'high',
  kinds: ['S'],
  refs: ['PCI-DSS 4.0 1.4.4'],
  why: 'A port that is led on puts an inner machine on the Internet. The rules of INPUT do not see it.',
  fix: 'Lead on only what the world needs, and give the other rules of nat a source.',
  run: (subject) =>
    ofFamilies(subject, fwNat01.id, (family) =>
      unlessUnseen(subject, family, 'forward', (engine) => familyAnswer(subject, family, engine)),
    ),
  examples: [
    {
      title: 'remote desktop of an inner machine, by another port',
      v4: natRules(
        ['-A PREROUTING -i eth0 -p tcp -m tcp --dport 33890 -j DNAT --to-destination 10.0.0.5:3389'],
        ['-A FORWARD -d 10.0.0.5/32 -p tcp -m tcp --dport 3389 -j ACCEPT'],
      ),
      v6: hardened6,
      facts: natRouter,
      finds: ['high 4'],
    },
    {
      title: 'a web server',
      v4: natRules(
        ['-A PREROUTING -i eth0 -p tcp -m tcp --dport 443 -j DNAT --to-destination 10.0.0.5'],
        ['-A FORWARD -d 10.0.0.5/32 -p tcp -m tcp --dport 443 -j ACCEPT'],
      ),
      v6: hardened6,
      facts: natRouter,
      finds: ['low 4'],
    },
    {
      title: 'a whole machine',
      v4: natRules(['-A PREROUTING -i eth0 -j DNAT --to-destination 10.0.0.5'], ['-A FORWARD -d 10.0.0.5/32 -j ACCEPT']),
      v6: hardened6,
      facts: natRouter,
      finds: ['high 4'],
    },
    {
      title: 'led on, and denied by FORWARD',
      v4: natRules(['-A PREROUTING -i eth0 -p tcp -m tcp --dport 3306 -j DNAT --to-destination 10.0.0.5'], []),
      v6: hardened6,
      facts: natRouter,
      finds: [],
    },
    {
      title: 'for the partner alone',
      v4: natRules(
        ['-A PREROUTING -s 203.0.113.7/32 -i eth0 -p tcp -m tcp --dport 3306 -j DNAT --to-destination 10.0.0.5'],
        ['-A FORWARD -d 10.0.0.5/32 -j ACCEPT'],
      ),
      v6: hardened6,
      facts: natRouter,
      finds: [],
    },
    {
      title: 'containers are told elsewhere',
      v4: dockerRules({ published: ['5432'] }),
      v6: hardened6,
      facts: dockerFacts,
      finds: [],
    },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, finds: [] },
    { title: 'rules that were not read', v4: null, v6: filter([]), finds: [], unknown: 1 },
  ],
};

type Seen = Published & { readonly shown: Extract<Shown, { kind: 'yes' | 'maybe' }> };

const most = 1024;

function familyAnswer(subject: Subject, family: Family, engine: Engine): Said {
  if (!translates(engine.firewall.ruleset)) return [];
  const forwards = forwarding(subject.host, family).on;
  if (forwards === false) return [];
  const published = publishedOf(subject, engine).filter(({ container }) => !container);
  const open = published.filter((one): one is Seen => one.shown.kind === 'yes' || one.shown.kind === 'maybe');
  const missing: Unread | null = published.map((one) => one.shown).find((seen) => seen.kind === 'unknown') ?? null;
  const first = open.find(isGrave) ?? open[0];
  if (first === undefined) return missing === null ? [] : { unknown: missing };
  const grave = isGrave(first);
  const names = [...new Set((grave ? open.filter(isGrave) : open).map(sayPublished))];
  return [
    exposed(subject, {
      check: fwNat01,
      family,
      severity: grave ? 'high' : 'low',
      title: `Led on to other machines from anyone over IPv${family}: ${sayFew(names)}`,
      shown: first.shown,
      sure: first.door.sure && forwards === true,
      meaning: [
        first.by === null ? '' : `${sayRef(subject.host, first.by)} gives it another destination before INPUT is asked.`,
        forwards === true ? '' : 'Whether the host forwards at all is not known.',
        ...assumptions(first.door),
      ].map((sentence) => sentence.replace(/^rule/, 'Rule')),
      fix: grave
        ? `Give the rule of nat a source, or lead strangers to a VPN instead; this denies new connections to it until then.\n${open
            .filter(isGrave)
            .map(
              ({ door, proto, ports: [[lo, hi] = [0, 0]] }) =>
                command`${toolOf(family)} -I FORWARD 1 -i ${door.link} -p ${proto} -m conntrack --ctstate NEW --ctorigdstport ${lo === hi ? lo : `${lo}:${hi}`} -j DROP`,
            )
            .join('\n')}`
        : 'See that each is still wanted.',
    }),
  ];
}

function isGrave({ ports, port, proto }: Published): boolean {
  if (portsIn(ports) > most) return true;
  const number = proto === 'tcp' ? 6 : 17;
  const inner = port === null ? ports : [[Number(port), Number(port)] as const];
  return [...sensitivePorts, ...legacyPorts].some(
    (one) => one.proto === number && inner.some(([lo, hi]) => lo <= one.port && one.port <= hi),
  );
}
