import { isLoopback } from '../../model/host/index.ts';
import { type Family, formatAddress } from '../../model/net/index.ts';
import { meaningsOf } from '../../model/ruleset/index.ts';
import { deletions, sayRef } from '../blame.ts';
import type { Check, Subject } from '../check.ts';
import { command } from '../command.ts';
import type { Engine } from '../engine.ts';
import { filter, hardened4, hardened6, natRouter, natRules, oneLink } from '../examples.ts';
import { atDoors, type Door, exposed, type Said, shown } from '../exposure/index.ts';
import { sysctl } from '../surroundings.ts';
import type { Unread } from '../unread.ts';

/**
 * DNAT before routing to an address of the loopback, for packets of strangers. The kernel drops such packets as martians unless
 * `route_localnet` is on for the arriving link (net/ipv4/route.c, ip_route_input_slow); IPv6 has no such setting and drops them.
 * REDIRECT gives the arriving link's own address, which INPUT then judges: nothing bypasses it, so it is no fault here. A
 * translation that leads back to where it came from cannot loop: nat decides once a connection.
 */
export const fwNat03: Check = {
  id: 'FW-NAT-03',
  title: 'nat leads nobody from outside to the loopback',
  severity: 'medium',
  kinds: ['S'],
  refs: ['CVE-2020-8558', 'ANSSI BP-028 R12'],
  why: 'What listens on 127.0.0.1 trusts whoever comes: it was never meant to meet a stranger.',
  fix: 'Let the service listen on the address that it is to be reached by, and delete the rule; set route_localnet to 0.',
  run: (subject) => atDoors(subject, fwNat03.id, (family, doors, engine) => familyAnswer(subject, family, doors, engine)),
  examples: [
    {
      title: 'a port of the loopback for anyone',
      v4: natRules(
        ['-A PREROUTING -i eth0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 127.0.0.1:8080'],
        ['-A INPUT -p tcp -m tcp --dport 8080 -j ACCEPT'],
      ),
      v6: hardened6,
      facts: { ...natRouter, sysctls: { ...natRouter.sysctls, 'net.ipv4.conf.eth0.route_localnet': '1' } },
      finds: ['medium 4'],
    },
    {
      title: 'the kernel drops it',
      v4: natRules(
        ['-A PREROUTING -i eth0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 127.0.0.1:8080'],
        ['-A INPUT -p tcp -m tcp --dport 8080 -j ACCEPT'],
      ),
      v6: hardened6,
      facts: {
        ...natRouter,
        sysctls: { ...natRouter.sysctls, 'net.ipv4.conf.eth0.route_localnet': '0', 'net.ipv4.conf.all.route_localnet': '0' },
      },
      finds: [],
    },
    {
      title: 'INPUT denies it',
      v4: natRules(['-A PREROUTING -i eth0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 127.0.0.1:8080'], []),
      v6: hardened6,
      facts: { ...natRouter, sysctls: { ...natRouter.sysctls, 'net.ipv4.conf.eth0.route_localnet': '1' } },
      finds: [],
    },
    {
      title: 'REDIRECT',
      v4: natRules(
        ['-A PREROUTING -i eth0 -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080'],
        ['-A INPUT -p tcp -m tcp --dport 8080 -j ACCEPT'],
      ),
      v6: hardened6,
      facts: natRouter,
      finds: [],
    },
    {
      title: 'what the kernel does with it is not known',
      v4: natRules(
        ['-A PREROUTING -i eth0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 127.0.0.1:8080'],
        ['-A INPUT -p tcp -m tcp --dport 8080 -j ACCEPT'],
      ),
      v6: hardened6,
      facts: oneLink,
      finds: [],
      unknown: 1,
    },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, finds: [] },
    { title: 'rules that were not read', v4: null, v6: filter([]), finds: [], unknown: 1 },
  ],
};

function familyAnswer(subject: Subject, family: Family, doors: readonly Door[], engine: Engine): Said {
  if (family === 6) return [];
  const { ruleset } = engine.firewall;
  const meanings = meaningsOf(ruleset);
  const nat = ruleset.tables.find(({ name }) => name === 'nat');
  let missing: Unread | null = null;
  for (const rule of nat?.rules ?? []) {
    const effect = meanings.get(rule)?.effect;
    if (effect?.kind !== 'translate' || effect.end !== 'dst' || effect.to.kind !== 'range' || effect.to.address === null)
      continue;
    const [target] = effect.to.address;
    if (!isLoopback({ family, value: target })) continue;
    for (const door of doors.filter(({ unread }) => unread === null)) {
      for (const sight of [door.tcp, door.udp]) {
        const open = sight.openPorts('certain');
        const seen = open
          .map((ports) => shown(subject, sight.packet('certain', [ports])))
          .find(
            (one) =>
              (one.kind === 'yes' || one.kind === 'maybe') &&
              one.witness.trace.path.some(
                (step) => step.table === 'nat' && step.chain === rule.chain && step.rule === rule.number,
              ),
          );
        if (seen === undefined || seen.kind === 'no' || seen.kind === 'unknown') continue;
        const routed = routesLoopback(subject, door.link);
        if (routed === null) {
          missing ??= {
            why: `whether the kernel takes packets for 127.0.0.0/8 that come by ${door.link} (route_localnet) is not known`,
            remedy: `run it on the host, or put net.ipv4.conf.${door.link}.route_localnet into the facts`,
          };
          continue;
        }
        if (!routed) continue;
        const ref = { family, table: 'nat', chain: rule.chain, rule: rule.number, line: rule.line };
        const finding = exposed(subject, {
          check: fwNat03,
          family,
          severity: 'medium',
          title: `Strangers are led to the loopback: ${sight.proto === 6 ? 'tcp' : 'udp'} port ${seen.witness.packet.dport} → ${formatAddress({ family, value: target })}`,
          shown: seen,
          sure: door.sure,
          meaning: [
            `${sayRef(subject.host, ref).replace(/^rule/, 'Rule')} gives it an address that only the host itself should reach, and route_localnet lets it pass.`,
          ],
          fix: `Let the service listen on the address that it is to be reached by, then delete the rule.\n${deletions([ref]).join('\n')}\n${command`sysctl -w ${`net.ipv4.conf.${door.link.replaceAll('.', '/')}.route_localnet=0`}`}`,
        });
        return [{ ...finding, at: [ref], causedBy: finding.at }];
      }
    }
  }
  return missing === null ? [] : { unknown: missing };
}

/** IN_DEV_NET_ROUTE_LOCALNET: on for all links or for this one (include/linux/inetdevice.h, IN_DEV_NET_ORCONF). */
function routesLoopback({ host }: Subject, link: string): boolean | null {
  const [own, all] = [link.replaceAll('.', '/'), 'all'].map((name) => sysctl(host, `net.ipv4.conf.${name}.route_localnet`));
  if (own === '1' || all === '1') return true;
  return own === null && all === null ? null : false;
}
