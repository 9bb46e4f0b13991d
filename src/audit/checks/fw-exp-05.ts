import type { Family } from '../../model/net/index.ts';
import { deletions, sayRef } from '../blame.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { filter, guide, hardened4, hardened6, oneLink } from '../examples.ts';
import { listenersAt } from '../exposure/exposed.ts';
import {
  assumptions,
  atDoors,
  type Door,
  exposed,
  type OpenPort,
  ported,
  type Said,
  sayFew,
  shown,
  sightFor,
} from '../exposure/index.ts';

const sshOnly = { ...oneLink, listeners: [{ proto: 'tcp', port: 22, process: 'sshd' }] };

/** Runs of more ports are kept for what comes and goes (passive FTP, media): that nobody waits there now tells nothing. */
const widest = 32;

/** Clients that take their answers from a raw socket, which no list of listeners shows: DHCP and DHCPv6. */
const raw = new Set(['udp 68', 'udp 546']);

/**
 * Ports that anyone reaches, in runs of at most 32, at which nobody waits for packets of the family. What rules of nat send to another
 * port is left out. Needs the listeners, of all programs: as of the moment of reading.
 */
export const fwExp05: Check = {
  id: 'FW-EXP-05',
  title: 'every port that rules open has a service that waits there',
  severity: 'low',
  kinds: ['S', 'H'],
  refs: ['PCI-DSS 4.0 1.2.7', 'NIST 800-41r1 5.5'],
  why: 'A rule that outlives its service opens the port to whatever program takes it next, malware included.',
  fix: 'Delete the rule, or start the service that it was written for.',
  run,
  examples: [
    {
      title: 'the guide opens ports for services that are not there',
      v4: guide,
      v6: hardened6.replaceAll('80,443', '22'),
      facts: sshOnly,
      finds: ['low 4'],
    },
    {
      title: 'everything open has its service',
      v4: guide,
      v6: hardened6,
      facts: { ...oneLink, listeners: [22, 80, 443].map((port) => ({ proto: 'tcp', port })) },
      finds: [],
    },
    {
      title: 'the service waits on the loopback alone',
      v4: filter(['-A INPUT -p tcp -m tcp --dport 5432 -j ACCEPT']),
      v6: filter([]),
      facts: { ...oneLink, listeners: [{ proto: 'tcp', port: 5432, address: '127.0.0.1' }] },
      finds: ['low 4'],
    },
    {
      title: 'it waits for IPv4 alone',
      v4: filter(['-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT']),
      v6: filter(['-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT']),
      facts: { ...oneLink, listeners: [{ proto: 'tcp', port: 80, address: '0.0.0.0' }] },
      finds: ['low 6'],
    },
    {
      title: 'sent on to another port',
      v4: `*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A PREROUTING -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080
COMMIT
${filter(['-A INPUT -p tcp -m tcp --dport 8080 -j ACCEPT'])}`,
      v6: filter([]),
      facts: { ...oneLink, listeners: [{ proto: 'tcp', port: 8080 }] },
      finds: [],
    },
    {
      title: 'ports for passive FTP',
      v4: filter(['-A INPUT -p tcp -m tcp --dport 50000:50100 -j ACCEPT']),
      v6: filter([]),
      facts: sshOnly,
      finds: [],
    },
    {
      title: 'a policy that accepts everything is no rule',
      v4: filter([], { INPUT: 'ACCEPT' }),
      v6: filter([]),
      facts: sshOnly,
      finds: [],
    },
    {
      title: 'a hardened pair',
      v4: hardened4,
      v6: hardened6,
      facts: { ...oneLink, listeners: [22, 80, 443].map((port) => ({ proto: 'tcp', port })) },
      finds: [],
    },
    { title: 'listeners are not known', v4: guide, v6: hardened6, finds: [], unknown: 1 },
  ],
};

function run(subject: Subject): Answer {
  const { listeners } = subject.host;
  if (!listeners.known) return { findings: [], unknown: [{ id: fwExp05.id, why: listeners.why, remedy: listeners.remedy }] };
  return atDoors(subject, fwExp05.id, (family, doors) => familyAnswer(subject, family, doors));
}

function familyAnswer(subject: Subject, family: Family, doors: readonly Door[]): Said {
  const stale: { readonly open: OpenPort; readonly seen: Extract<ReturnType<typeof shown>, { kind: 'yes' | 'maybe' }> }[] = [];
  const told = new Set<string>();
  for (const door of doors.filter(({ unread }) => unread === null)) {
    for (const [proto] of ported) {
      const open = sightFor({ door, proto })
        .openPorts('certain')
        .filter(([lo, hi]) => hi - lo < widest);
      for (const port of open.flatMap(([lo, hi]) => Array.from({ length: hi - lo + 1 }, (_, index) => lo + index))) {
        const one: OpenPort = { proto, port, door, mode: 'certain', unlimited: true };
        const name = `${proto} ${port}`;
        if (told.has(name) || raw.has(name) || listenersAt(subject, family, one)?.length !== 0) continue;
        told.add(name);
        const seen = shown(subject, sightFor(one).packet('certain', [[port, port]]));
        if (seen.kind !== 'yes' && seen.kind !== 'maybe') continue;
        if (seen.witness.trace.path.some(({ table, chain }) => table === 'nat' && chain !== 'INPUT')) continue;
        stale.push({ open: one, seen });
      }
    }
  }
  const [first] = stale;
  if (first === undefined) return [];
  const names = stale.map(({ open }) => `${open.port}/${open.proto}`);
  const alone = stale.filter(({ seen }) => isForOnePort(subject, seen.witness.trace.decidedBy));
  const dead = alone.flatMap(({ seen: { witness } }) => {
    const by = witness.trace.decidedBy;
    return by === null ? [] : [{ ...by, line: witness.trace.line }];
  });
  const distinct = [...new Map(dead.map((ref) => [`${ref.chain} ${ref.rule}`, ref])).values()];
  return [
    exposed(subject, {
      check: fwExp05,
      family,
      severity: 'low',
      title: `Accepted from anyone over IPv${family}, and nothing listens there: ${sayFew(names)}`,
      shown: first.seen,
      sure: first.open.door.sure,
      meaning: [
        'No program waits for it now; the next one that takes the port is open to the world.',
        ...assumptions(first.open.door),
      ],
      fix: `Delete what no service needs any more, or start the service.${
        distinct.length === 0 ? '' : `\n${deletions(distinct).join('\n')}`
      }`,
    }),
  ];
}

/** Deleting a rule for several ports would take the others too. */
function isForOnePort({ host }: Subject, ref: Parameters<typeof sayRef>[1] | null): boolean {
  if (ref === null || ref.rule === 'policy') return false;
  return /--dport \d+(?!\d*:)/.test(sayRef(host, ref)) && !/--dport \d+:|multiport/.test(sayRef(host, ref));
}
