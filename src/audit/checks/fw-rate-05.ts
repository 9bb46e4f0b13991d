import { type Host, isLoopback, known, type Listener } from '../../model/host/index.ts';
import { type Family, TCP, UDP } from '../../model/net/index.ts';
import { allowing, deciders, sayRef, toolOf } from '../blame.ts';
import { sayFew } from '../bundle.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { empty, filter, guide, hardened4, hardened6, oneLink } from '../examples.ts';
import { eachFamily, type FamilyRules } from '../families.ts';
import type { Finding, Witness } from '../finding.ts';
import { isLimited } from '../limiters.ts';
import { accepted, fromStranger } from '../measure.ts';
import { opening } from '../probes.ts';
import { outsideOf, ownAddresses, sshPorts } from '../surroundings.ts';
import { unnamedLink, type Vocabulary, vocabularyOf } from '../vocabulary.ts';

const listeners = [
  { proto: 'tcp', port: 22, process: 'sshd' },
  { proto: 'tcp', port: 80, process: 'nginx' },
];

/**
 * Ports at which the host listens, or that a rule names where listeners were not read, to which strangers connect by a rule's
 * leave without any limit on their way: limit, hashlimit, connlimit, recent or SYNPROXY. SSH is FW-RATE-01's. What only a
 * policy lets in is not looked at: to shut that comes first.
 */
export const fwRate05: Check = {
  id: 'FW-RATE-05',
  title: 'public services are protected from too many connections',
  severity: 'low',
  kinds: ['S'],
  refs: ['NIST 800-53 SC-5', 'STIG RHEL-09-251030'],
  why: 'One client can hold every connection that a server has.',
  fix: 'Allow each source so many connections at a time.',
  run,
  examples: [
    { title: 'nothing at all', v4: empty, v6: empty, facts: { ...oneLink, listeners }, finds: [] },
    { title: 'the guide', v4: guide, facts: { ...oneLink, listeners }, finds: ['low 4'] },
    {
      title: 'the guide, on a host where nothing but SSH listens',
      v4: guide,
      facts: { ...oneLink, listeners: listeners.slice(0, 1) },
      finds: [],
    },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, facts: { ...oneLink, listeners }, finds: [] },
    {
      title: 'listeners that nobody read: the ports of the rules',
      v4: filter(['-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT']),
      finds: ['low 4'],
    },
    {
      title: 'so many at a time',
      v4: filter([
        '-A INPUT -p tcp -m tcp --dport 80 -m connlimit --connlimit-above 50 --connlimit-mask 32 --connlimit-saddr -j DROP',
        '-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT',
      ]),
      finds: [],
    },
    { title: 'only for the own network', v4: filter(['-A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 80 -j ACCEPT']), finds: [] },
    { title: 'rules that were not read', v4: null, v6: empty, finds: [], unknown: 1 },
  ],
};

/** Ports that are tried on a host. */
const triedMost = 64;

function run(subject: Subject): Answer {
  return eachFamily(fwRate05, subject, (rules) => known(ask(subject, rules)), ['input']);
}

interface Service {
  readonly proto: 'tcp' | 'udp';
  readonly port: number;
  readonly process: string | null;
}

function ask(subject: Subject, { family, ruleset, alone }: FamilyRules): readonly Finding[] {
  const { host } = subject;
  const vocabulary = vocabularyOf(host, ruleset);
  const link = outsideOf(host, family).links[0] ?? unnamedLink(vocabulary);
  const [dst = 0n] = ownAddresses(host, family, link, vocabulary).addresses;
  const open: { readonly service: Service; readonly witness: Witness; readonly certain: boolean }[] = [];
  for (const service of servicesOf(host, family, vocabulary).slice(0, triedMost)) {
    const { proto, port } = service;
    const held = fromStranger(vocabulary, dst, (src) =>
      accepted(subject, opening({ family, hook: 'input', in: link, src, dst, proto: proto === 'tcp' ? TCP : UDP, dport: port })),
    );
    const [witness] = held.kind === 'yes' || held.kind === 'maybe' ? held.witnesses : [];
    if (witness === undefined || isLimited(witness.trace)) continue;
    // SYNPROXY takes connections over itself, and nobody knows what it lets pass.
    if (witness.trace.dependsOn.some((match) => match.includes('SYNPROXY'))) continue;
    if (deciders([witness], allowing).every(({ rule }) => rule === 'policy')) continue;
    open.push({ service, witness, certain: held.kind === 'yes' });
  }
  const first = open.find(({ certain }) => certain) ?? open[0];
  if (first === undefined) return [];
  const at = deciders(
    open.map(({ witness }) => witness),
    allowing,
  ).filter(({ rule }) => rule !== 'policy');
  const names = open.map(
    ({ service }) => `${service.port}/${service.proto}${service.process === null ? '' : ` (${service.process})`}`,
  );
  const tcp = open.filter(({ service }) => service.proto === 'tcp').map(({ service }) => service.port);
  const before = at.find(({ table, chain }) => table === 'filter' && chain === 'INPUT')?.rule;
  const where = typeof before === 'number' ? before : 1;
  return [
    {
      id: fwRate05.id,
      severity: 'low',
      certainty: first.certain && alone && host.listeners.known ? 'certain' : 'possible',
      title: `Strangers may open as many IPv${family} connections as they like: ${sayFew(names)}`,
      why: `${sayFew(
        at.map((ref) => sayRef(host, ref)),
        3,
      )} ${at.length === 1 ? 'lets' : 'let'} them in, and no limit stands on the way: one client can hold every connection that the server has.`.replace(
        /^./,
        (letter) => letter.toUpperCase(),
      ),
      family,
      at,
      causedBy: [],
      witness: first.witness,
      fix:
        tcp.length > 0
          ? `Allow each source so many connections at a time; behind a proxy or a large network many clients share one.\n${toolOf(family)} -I INPUT ${where} -p tcp -m multiport --dports ${tcp.slice(0, 15).join()} -m connlimit --connlimit-above 100 --connlimit-mask ${family === 4 ? 32 : 64} --connlimit-saddr -j DROP`
          : `Limit the packets of each source.\n${toolOf(family)} -I INPUT ${where} -p udp --dport ${first.service.port} -m hashlimit --hashlimit-above 50/second --hashlimit-burst 100 --hashlimit-mode srcip --hashlimit-name udp${family}-${first.service.port} -j DROP`,
      refs: fwRate05.refs,
    },
  ];
}

/** Where strangers may find something, each port once; the ports that rules name where listeners are not known. */
function servicesOf(host: Host, family: Family, { namedPorts }: Vocabulary): readonly Service[] {
  const ssh = sshPorts(host, family);
  const isPublic = ({ address, families }: Listener): boolean =>
    families.includes(family) && (address === null || !isLoopback(address));
  const all: readonly Service[] = host.listeners.known
    ? host.listeners.value.filter(isPublic)
    : namedPorts
        .filter(({ lo, hi }) => lo === hi)
        .flatMap(({ lo }) => (['tcp', 'udp'] as const).map((proto) => ({ proto, port: lo, process: null })));
  const distinct = new Map(all.map((service) => [`${service.port} ${service.proto}`, service]));
  return [...distinct.values()].filter(({ proto, port }) => proto === 'udp' || !ssh.includes(port));
}
