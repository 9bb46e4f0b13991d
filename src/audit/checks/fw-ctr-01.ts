import { type Family, formatAddress } from '../../model/net/index.ts';
import { sayRef, toolOf } from '../blame.ts';
import type { Check, Subject } from '../check.ts';
import { command } from '../command.ts';
import type { Engine } from '../engine.ts';
import { dockerFacts, dockerRules, hardened4, hardened6, oneLink } from '../examples.ts';
import {
  addressesBehind,
  assumptions,
  capital,
  type Door,
  doorsOf,
  exposed,
  hasRuntime,
  inputVerdict,
  loopbackPorts,
  networksBehind,
  type OwnPort,
  ofFamilies,
  type Published,
  publishedOf,
  type Said,
  type Shown,
  sayFew,
  sayPublished,
  sensitivePorts,
  shown,
  sightOf,
  unlessUnseen,
} from '../exposure/index.ts';
import type { Finding, Located } from '../finding.ts';
import { forwarding } from '../surroundings.ts';
import type { Unread } from '../unread.ts';

/**
 * Ports that chains of a container runtime (Docker, Podman, CNI) lead on by nat, from anyone: they never come to INPUT. High where INPUT
 * would deny them, by rule or policy, so that whoever wrote it believes them shut, or where databases and the like answer; else
 * medium. And ports that are published on 127.0.0.1: their container's own address may be open to neighbours, who need no nat (medium).
 * Hosts without such chains are not asked.
 */
export const fwCtr01: Check = {
  id: 'FW-CTR-01',
  title: 'ports that containers publish are open to those only who are meant',
  severity: 'high',
  kinds: ['S', 'H'],
  refs: ['Docker, packet filtering and firewalls'],
  why: 'A published port is led on before INPUT is asked. What INPUT denies is open all the same.',
  fix: 'Publish on an inner address (-p 10.0.0.1:5432:5432), or filter in DOCKER-USER by the port that was asked for.',
  run: (subject) =>
    ofFamilies(subject, fwCtr01.id, (family) =>
      unlessUnseen(subject, family, 'forward', (engine) => familyAnswer(subject, family, engine)),
    ),
  examples: [
    {
      title: 'a database behind INPUT DROP, and a rule of INPUT that pretends to shut it',
      v4: dockerRules({ published: ['5432'], input: ['-A INPUT -p tcp -m tcp --dport 5432 -j DROP'] }),
      v6: hardened6,
      facts: dockerFacts,
      finds: ['high 4'],
    },
    {
      title: 'a web server that INPUT lets in as well',
      v4: dockerRules({ published: ['80'], input: ['-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT'] }),
      v6: hardened6,
      facts: dockerFacts,
      finds: ['medium 4'],
    },
    {
      title: 'filtered in DOCKER-USER',
      v4: dockerRules({ published: ['5432'], user: ['-A DOCKER-USER ! -s 203.0.113.0/28 -i eth0 -j DROP'] }),
      v6: hardened6,
      facts: dockerFacts,
      finds: [],
    },
    {
      title: 'filtered in DOCKER-USER by the port that was asked for',
      v4: dockerRules({
        published: ['5432'],
        user: ['-A DOCKER-USER -i eth0 -p tcp -m conntrack --ctorigdstport 5432 --ctdir ORIGINAL -j DROP'],
      }),
      v6: hardened6,
      facts: dockerFacts,
      finds: [],
    },
    {
      title: 'published on the loopback: a neighbour writes to the container itself',
      v4: dockerRules({ published: ['-d 127.0.0.1/32 5432'] }),
      v6: hardened6,
      facts: dockerFacts,
      finds: ['medium 4'],
    },
    {
      title: 'published on the loopback, and newer Docker denies its neighbours',
      v4: `*raw
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A PREROUTING -d 172.17.0.2/32 ! -i docker0 -j DROP
COMMIT
${dockerRules({ published: ['-d 127.0.0.1/32 5432'] })}`,
      v6: hardened6,
      facts: dockerFacts,
      finds: [],
    },
    { title: 'nothing is published', v4: dockerRules({ published: [] }), v6: hardened6, facts: dockerFacts, finds: [] },
    { title: 'no containers', v4: hardened4, v6: hardened6, facts: oneLink, finds: [] },
    {
      title: 'whether the packet is for the host is not known',
      v4: dockerRules({ published: ['5432'] }),
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
  if (!hasRuntime(engine.firewall.ruleset) || forwarding(subject.host, family).on === false) return [];
  const published = publishedOf(subject, engine);
  const open = published.filter((one): one is Seen => one.container && (one.shown.kind === 'yes' || one.shown.kind === 'maybe'));
  const missing: Unread | null = published.map((one) => one.shown).find((seen) => seen.kind === 'unknown') ?? null;
  const findings = [...passingInput(subject, family, engine, open), ...besideNat(subject, family, engine)];
  return findings.length === 0 && missing !== null ? { unknown: missing } : findings;
}

/** What INPUT says of each is compared with what becomes of it. */
function passingInput(subject: Subject, family: Family, engine: Engine, open: readonly Seen[]): readonly Finding[] {
  const judged = open.map((one) => {
    const input = inputVerdict(engine, one.shown.witness.packet);
    const denied = input !== null && (input.verdict === 'DROP' || input.verdict === 'REJECT');
    return { one, pretends: denied ? input : null, grave: denied || isSensitive(one) };
  });
  const first =
    judged.find(({ pretends }) => pretends !== null && pretends.by.rule !== 'policy') ??
    judged.find(({ grave }) => grave) ??
    judged[0];
  if (first === undefined) return [];
  const { one, pretends } = first;
  const causes = new Map<string, Located>();
  for (const { pretends: other } of judged)
    if (other !== null && other.by.rule !== 'policy') causes.set(`${other.by.rule}`, { ...other.by, line: other.line });
  const finding = exposed(subject, {
    check: fwCtr01,
    family,
    severity: judged.some(({ grave }) => grave) ? 'high' : 'medium',
    title: `Published by containers to anyone over IPv${family}, past INPUT: ${sayFew(judged.map((each) => sayPublished(each.one)))}`,
    shown: one.shown,
    sure: one.door.sure && forwarding(subject.host, family).on === true,
    meaning: [
      pretends === null
        ? 'It is led on before INPUT is asked.'
        : `INPUT would deny it (${sayRef(subject.host, pretends.by)}), and is never asked: the packet was led on before.`,
      ...assumptions(one.door),
    ],
    fix: `Publish on an inner address instead, or deny by the port that was asked for; established connections go on.\n${open
      .map(({ proto, ports, door }) => shutting(engine, family, proto, ports[0] ?? [0, 0], door))
      .join('\n')}`,
  });
  return [{ ...finding, causedBy: [...causes.values()] }];
}

function isSensitive({ ports, port, proto }: Published): boolean {
  if (proto !== 'tcp') return false;
  const inner = port === null ? [] : [Number(port)];
  return sensitivePorts.some(({ port: one }) => inner.includes(one) || ports.some(([lo, hi]) => lo === one && hi === one));
}

function shutting(engine: Engine, family: Family, proto: string, [lo, hi]: readonly [number, number], { link }: Door): string {
  const filter = engine.firewall.ruleset.tables.find(({ name }) => name === 'filter');
  const chain = filter?.chains.has('DOCKER-USER') === true ? 'DOCKER-USER' : 'FORWARD';
  return command`${toolOf(family)} -I ${chain} 1 -i ${link} -p ${proto} -m conntrack --ctstate NEW --ctorigdstport ${lo === hi ? lo : `${lo}:${hi}`} -j DROP`;
}

/** Containers that are published on the loopback alone, and whose own address neighbours reach. */
function besideNat(subject: Subject, family: Family, engine: Engine): readonly Finding[] {
  const { host } = subject;
  const found: { readonly port: OwnPort; readonly door: Door; readonly seen: Extract<Shown, { kind: 'yes' | 'maybe' }> }[] = [];
  for (const port of loopbackPorts(engine.firewall.ruleset)) {
    const out = linkOf(subject, family, port.address);
    if (out === null) continue;
    for (const door of doorsOf(subject, engine).filter(({ unread }) => unread === null)) {
      const far = addressesBehind(host, family, door.link);
      if (far.length === 0 || door.link === out) continue;
      const sight = sightOf(
        engine,
        { hook: 'forward', in: door.link, out, near: [port.address], far },
        port.proto === 'tcp' ? 6 : 17,
      );
      const seen = shown(subject, sight.packet('certain', [[port.port, port.port]]));
      if (seen.kind === 'yes' || seen.kind === 'maybe') found.push({ port, door, seen });
    }
  }
  const [first] = found;
  if (first === undefined) return [];
  const say = ({ asked, proto, address, port }: OwnPort): string =>
    `127.0.0.1:${asked}/${proto} → ${formatAddress({ family, value: address })}:${port}`;
  return [
    exposed(subject, {
      check: fwCtr01,
      family,
      severity: 'medium',
      title: `Published on the loopback alone, and open to neighbours: ${sayFew(found.map(({ port }) => say(port)))}`,
      shown: first.seen,
      sure: first.door.sure && forwarding(host, family).on === true,
      meaning: [
        `Who shares ${first.door.link} with the host sends to the container's own address by the host as a router; nat is not needed for it.`,
        ...assumptions(first.door).map(capital),
      ],
      fix: `Drop what comes from elsewhere for the containers' addresses, before all else.\n${[
        ...new Set(found.map(({ port }) => port.address)),
      ]
        .map((value) => {
          const link = linkOf(subject, family, value);
          return command`${toolOf(family)} -t raw -I PREROUTING 1 -d ${formatAddress({ family, value })} ! -i ${link ?? 'lo'} -m addrtype ! --src-type LOCAL -j DROP`;
        })
        .join('\n')}`,
    }),
  ];
}

/** The inner link behind which an address is. */
function linkOf({ host }: Subject, family: Family, address: bigint): string | null {
  if (!host.links.known) return null;
  const { value } = host.links;
  return (
    value.find(({ name, loopback }) => !loopback && networksBehind(host, family, name).some((prefix) => covers(prefix, address)))
      ?.name ?? null
  );
}

function covers({ family, value, length }: { family: Family; value: bigint; length: number }, address: bigint): boolean {
  const free = BigInt((family === 4 ? 32 : 128) - length);
  return value >> free === address >> free;
}
