import { TCP } from '../../model/net/index.ts';
import type { Answer, Check, Subject } from '../check.ts';
import { empty, filter, hardened4 } from '../examples.ts';
import { everyLink, withSettings } from '../host-examples.ts';
import { fine, found, unanswered } from '../host-finding.ts';
import { accepted, fromStranger } from '../measure.ts';
import { opening } from '../probes.ts';
import { judge, settingFix } from '../settings.ts';
import { unnamedLink, unnamedPort, vocabularyOf } from '../vocabulary.ts';

const on = withSettings(everyLink(4, 'route_localnet', 0, { eth0: 1 }));
const loopback = 0x7f000001n;

/**
 * `all` or the link's own setting lets packets for 127.0.0.0/8 in (IN_DEV_ROUTE_LOCALNET). The guard may be any rule: a neighbour's packet to
 * 127.0.0.1 is followed through the rules. It is not sent through the kernel as proof, since a host without the setting drops it anyway.
 */
export const fwSpoof03: Check = {
  id: 'FW-SPOOF-03',
  title: 'neighbours cannot reach what listens on the loopback alone',
  severity: 'high',
  kinds: ['H', 'S'],
  refs: ['ANSSI BP-028 R12', 'CVE-2020-8558'],
  why: 'With route_localnet a packet from the network may be for 127.0.0.1. Services that listen there believe that only the host reaches them.',
  fix: 'Switch it off, or drop what arrives for 127.0.0.0/8 from any other link than the loopback.',
  run,
  examples: [
    { title: 'off, as Linux comes', v4: empty, facts: withSettings(everyLink(4, 'route_localnet', 0)), finds: [] },
    { title: 'on, without a guard', v4: empty, facts: on, finds: ['high 4'] },
    { title: 'on for all', v4: empty, facts: withSettings(everyLink(4, 'route_localnet', 0, { all: 1 })), finds: ['high 4'] },
    {
      title: "kube-proxy's guard",
      v4: filter(['-A INPUT ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP'], {
        INPUT: 'ACCEPT',
      }),
      facts: on,
      finds: [],
    },
    { title: 'a firewall that lets nothing in that it does not know', v4: hardened4, facts: on, finds: [] },
    { title: 'rules that were not read', v4: null, facts: on, finds: [], unknown: 1 },
    { title: 'settings that were not read', finds: [], unknown: 1 },
  ],
};

function run(subject: Subject): Answer {
  const { host } = subject;
  const name = 'net.ipv4.conf.*.route_localnet';
  const set = judge(host, { name, good: (value) => value === 0, wanted: '0', joins: 'or' });
  if (!set.known) return unanswered(fwSpoof03, set);
  if (set.value === null || set.value.later) return fine;
  const ruleset = host.rulesets[4];
  if (!ruleset.known) return unanswered(fwSpoof03, ruleset);
  const vocabulary = vocabularyOf(host, ruleset.value);
  const link = set.value.links[0] ?? unnamedLink(vocabulary);
  const dport = unnamedPort(vocabulary);
  const held = fromStranger(vocabulary, loopback, (src) =>
    accepted(subject, opening({ family: 4, hook: 'input', in: link, src, dst: loopback, proto: TCP, dport })),
  );
  if (held.kind === 'unknown') return unanswered(fwSpoof03, held);
  if (held.kind === 'no') return fine;
  return found(fwSpoof03, {
    certainty: held.kind === 'yes' ? 'certain' : 'possible',
    family: 4,
    title: `Neighbours reach the loopback of the host: ${set.value.said}, and no rule drops what arrives for 127.0.0.0/8`,
    why: 'Whoever is on the same link can send to 127.0.0.1 and reach the services that are bound there because they ask for no password.',
    fix: `${settingFix('Switch it off; or where Kubernetes or Docker needs it, add the guard instead.', fwSpoof03, set.value.mends)}
# or: iptables -t raw -I PREROUTING ! -i lo -d 127.0.0.0/8 -j DROP`,
  });
}
