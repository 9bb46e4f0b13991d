import type { Family } from '../../model/net/index.ts';
import { toolOf } from '../blame.ts';
import type { Check, Subject } from '../check.ts';
import type { Engine } from '../engine.ts';
import { filter, guide, hardened4, hardened6, oneLink } from '../examples.ts';
import {
  addressOf,
  anyone,
  exitsOf,
  exposed,
  isOpenToAll,
  ofFamilies,
  type Said,
  sayFew,
  shown,
  sightOf,
  unlessUnseen,
} from '../exposure/index.ts';
import type { Finding } from '../finding.ts';
import type { Unread } from '../unread.ts';

const metadata = addressOf('169.254.169.254');
const cloud = {
  ...oneLink,
  routes: [
    { to: 'default', via: '198.51.100.1', link: 'eth0' },
    { to: '169.254.169.254', via: '198.51.100.1', link: 'eth0' },
  ],
};

/** What taken-over machines send, with names for people. */
const abused = [
  [25, 'mail'],
  [445, 'SMB'],
  [3389, 'remote desktop'],
  [6667, 'IRC'],
] as const;

/**
 * Ports that taken-over machines use, to anyone; told only where OUTPUT denies something, else FW-EGR-01 has said it all. And the
 * cloud's metadata service, where a route to it shows that there is one: new TCP connections to its port 80 by any user. A rule for one
 * user (`-m owner`) does not count.
 */
export const fwEgr02: Check = {
  id: 'FW-EGR-02',
  title: 'what taken-over machines send does not leave, and only root reaches the cloud’s metadata',
  severity: 'medium',
  kinds: ['S'],
  refs: ['Wool 2004, outbound services', 'PCI-DSS 4.0 1.3.2'],
  why: 'Spam, worms and remote control leave by a few ports; and the metadata service hands out the machine’s keys to whoever asks.',
  fix: 'Mail goes by your own relay alone; let only root ask the metadata service (-m owner --uid-owner 0).',
  run: (subject) =>
    ofFamilies(subject, fwEgr02.id, (family) =>
      unlessUnseen(subject, family, 'output', (engine) => familyAnswer(subject, family, engine)),
    ),
  examples: [
    {
      title: 'mail to anyone',
      v4: filter(['-A OUTPUT -p tcp -m multiport --dports 25,80,443 -j ACCEPT'], { OUTPUT: 'DROP' }),
      v6: hardened6,
      finds: ['medium 4'],
    },
    {
      title: 'mail to the own relay',
      v4: filter(['-A OUTPUT -d 203.0.113.25/32 -p tcp -m tcp --dport 25 -j ACCEPT'], { OUTPUT: 'DROP' }),
      v6: hardened6,
      finds: [],
    },
    { title: 'the guide lets everything out', v4: guide, v6: hardened6, finds: [] },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, finds: [] },
    { title: 'everybody asks the metadata service', v4: hardened4, v6: hardened6, facts: cloud, finds: ['medium 4'] },
    {
      title: 'only root asks it',
      v4: hardened4.replace(
        '-A OUTPUT -o lo',
        '-A OUTPUT -d 169.254.169.254/32 -m owner --uid-owner 0 -j ACCEPT\n-A OUTPUT -d 169.254.169.254/32 -j DROP\n-A OUTPUT -o lo',
      ),
      v6: hardened6,
      facts: cloud,
      finds: [],
    },
    { title: 'rules that were not read', v4: null, v6: hardened6, finds: [], unknown: 1 },
  ],
};

function familyAnswer(subject: Subject, family: Family, engine: Engine): Said {
  const findings: Finding[] = [];
  let missing: Unread | null = null;
  const exits = exitsOf(subject, engine).filter(({ named }) => !named);
  for (const exit of exits) {
    if (isOpenToAll(subject, engine, exit, 'certain')) continue;
    const open = abused.filter(([port]) => exit.tcp.share(port, 'certain') >= anyone[family]);
    const [first] = open;
    if (first === undefined) continue;
    const seen = shown(subject, exit.tcp.packet('certain', [[first[0], first[0]]]));
    if (seen.kind === 'unknown') missing ??= seen;
    if (seen.kind !== 'yes' && seen.kind !== 'maybe') continue;
    findings.push(
      exposed(subject, {
        check: fwEgr02,
        family,
        severity: 'medium',
        title: `What taken-over machines send may go to anyone over IPv${family}: ${sayFew(open.map(([port, name]) => `${port}/tcp (${name})`))}`,
        shown: seen,
        sure: exit.sure,
        meaning: ['Other ports are denied, and these are not.', exit.said],
        fix: 'Let them go to the machines that need them alone, such as your mail relay.',
      }),
    );
    break;
  }
  if (family === 4) findings.push(...reachesMetadata(subject, engine));
  return findings.length === 0 && missing !== null ? { unknown: missing } : findings;
}

function reachesMetadata(subject: Subject, engine: Engine): readonly Finding[] {
  const { routes } = subject.host;
  // A route that is made for it says that it is there; a default route says nothing.
  const route = routes.known
    ? routes.value.find(
        ({ family, prefix, type }) => family === 4 && type === 'unicast' && prefix.length === 32 && prefix.value === metadata,
      )
    : undefined;
  if (route === undefined || route.link === null) return [];
  const exit = exitsOf(subject, engine)[0];
  const near = exit?.tcp.course.near ?? [];
  const sight = sightOf(engine, { hook: 'output', in: null, out: route.link, near, far: [[metadata, metadata]] }, 6);
  if (sight.share(80, 'certain') === 0) return [];
  const seen = shown(subject, sight.packet('certain', [[80, 80]]));
  if (seen.kind !== 'yes' && seen.kind !== 'maybe') return [];
  return [
    exposed(subject, {
      check: fwEgr02,
      family: 4,
      severity: 'medium',
      title: 'Every user reaches the cloud’s metadata service',
      shown: seen,
      sure: true,
      meaning: ['It hands out keys of the machine; a program that can be made to fetch a page fetches them.'],
      fix: `Let only root ask it.\n${toolOf(4)} -I OUTPUT 1 -d 169.254.169.254 -m owner ! --uid-owner 0 -j REJECT`,
    }),
  ];
}
