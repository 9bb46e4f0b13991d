import type { Family } from '../../model/net/index.ts';
import { toolOf } from '../blame.ts';
import type { Check, Subject } from '../check.ts';
import { command } from '../command.ts';
import type { Engine } from '../engine.ts';
import { filter, guide, hardened6, natRouter } from '../examples.ts';
import {
  anyone,
  exposed,
  inwardRoads,
  isByRule,
  isOpenToAll,
  legacyPorts,
  ofFamilies,
  ported,
  portsIn,
  type Road,
  type Said,
  sayFew,
  sayPort,
  sensitivePorts,
  shown,
  unlessUnseen,
} from '../exposure/index.ts';
import { forwarding } from '../surroundings.ts';
import type { Unread } from '../unread.ts';

const most = 1024;

/**
 * New connections from anyone, by a link towards strangers, to addresses behind an inner link, as they are: more than 1024 ports, or
 * ports of management, databases and legacy protocols. A single service that is led through is somebody's decision. What a policy
 * lets through FW-BASE-02 tells, everything by rules FW-EXP-01, by nat FW-NAT-01 and FW-CTR-01.
 */
export const fwFwd01: Check = {
  id: 'FW-FWD-01',
  title: 'strangers get through the host to no network behind it',
  severity: 'high',
  kinds: ['S', 'H'],
  refs: ['CIS Debian 12 v1.1.0 3.3.1', 'CIS Debian 13 3.3.1.1', 'STIG RHEL-09-253075'],
  why: 'A host that forwards is a router: what its FORWARD chain accepts from outside reaches machines that have no firewall of their own.',
  fix: 'Accept what connections from inside get back, and from outside only the services that are meant, by machine and port.',
  run: (subject) =>
    ofFamilies(subject, fwFwd01.id, (family) =>
      unlessUnseen(subject, family, 'forward', (engine) => familyAnswer(subject, family, engine)),
    ),
  examples: [
    {
      title: 'all of TCP to the inner network',
      v4: filter(['-A FORWARD -d 10.0.0.0/24 -p tcp -j ACCEPT']),
      v6: hardened6,
      facts: natRouter,
      finds: ['high 4'],
    },
    {
      title: 'SSH of an inner machine',
      v4: filter(['-A FORWARD -d 10.0.0.5/32 -p tcp -m tcp --dport 22 -j ACCEPT']),
      v6: hardened6,
      facts: natRouter,
      finds: ['high 4'],
    },
    {
      title: 'a web server, and what comes back',
      v4: filter([
        '-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
        '-A FORWARD -i eth1 -o eth0 -j ACCEPT',
        '-A FORWARD -d 10.0.0.5/32 -p tcp -m tcp --dport 443 -j ACCEPT',
      ]),
      v6: hardened6,
      facts: natRouter,
      finds: [],
    },
    {
      title: 'a host that does not forward',
      v4: filter(['-A FORWARD -p tcp -j ACCEPT']),
      v6: hardened6,
      facts: { ...natRouter, sysctls: { 'net.ipv4.ip_forward': '0', 'net.ipv6.conf.all.forwarding': '0' } },
      finds: [],
    },
    {
      title: 'whether it forwards is not known',
      v4: filter(['-A FORWARD -p tcp -j ACCEPT']),
      v6: hardened6,
      facts: { ...natRouter, sysctls: { 'net.ipv6.conf.all.forwarding': '0' } },
      finds: [],
      unknown: 1,
    },
    { title: 'the guide', v4: guide, v6: hardened6, facts: natRouter, finds: [] },
    { title: 'rules that were not read', v4: null, v6: hardened6, facts: natRouter, finds: [], unknown: 1 },
  ],
};

function familyAnswer(subject: Subject, family: Family, engine: Engine): Said {
  const forwards = forwarding(subject.host, family);
  if (forwards.on === false) return [];
  for (const road of inwardRoads(subject, engine)) {
    if (road.near.length === 0 || isOpenToAll(subject, engine, road, 'certain')) continue;
    const open = openThrough(family, road);
    for (const { sight, ports, words } of open) {
      const seen = shown(subject, sight.packet('certain', ports));
      if (seen.kind !== 'yes' && seen.kind !== 'maybe') continue;
      if (!isByRule(seen.witness.trace.decidedBy)) continue;
      if (forwards.on === null) return { unknown: unread(forwards.said) };
      return [
        exposed(subject, {
          check: fwFwd01,
          family,
          severity: 'high',
          title: `Strangers get through from ${road.in} to ${road.out} over IPv${family}: ${sayFew(words)}`,
          shown: seen,
          sure: road.sure,
          meaning: [`The host forwards (${forwards.said}), so machines behind ${road.out} meet them.`],
          fix: `Accept by machine and port what strangers are meant to reach, then deny the rest of what comes in; what comes back to connections from inside goes on.\n${command`${toolOf(family)} -I FORWARD 1 -i ${road.in} -o ${road.out} -m conntrack --ctstate NEW -j DROP`}`,
        }),
      ];
    }
  }
  return [];
}

function openThrough(
  family: Family,
  road: Road,
): readonly { sight: Road['tcp']; ports: readonly (readonly [number, number])[]; words: readonly string[] }[] {
  return ported.flatMap(([proto, number]) => {
    const sight = number === 6 ? road.tcp : road.udp;
    const all = sight.openPorts('certain');
    if (portsIn(all) > most)
      return [{ sight, ports: all, words: [`${portsIn(all).toLocaleString('en')} ${proto.toUpperCase()} ports`] }];
    const listed = [...sensitivePorts, ...legacyPorts].filter(
      (one) => one.proto === number && sight.share(one.port, 'certain') >= anyone[family],
    );
    if (listed.length === 0) return [];
    return [
      {
        sight,
        ports: listed.map(({ port }) => [port, port] as const),
        words: listed.map(({ port, name }) => sayPort(proto, port, name)),
      },
    ];
  });
}

function unread(said: string): Unread {
  return {
    why: `rules let strangers through, and whether the host forwards (${said}) is not known`,
    remedy: `run it on the host, or put ${said} into the facts`,
  };
}
