import type { Check } from '../check.ts';
import { empty, filter, guide, hardened4, oneLink } from '../examples.ts';
import { askDefaultDeny } from '../open-door.ts';
import { standardsOf } from '../standards/index.ts';
import { forwarding } from '../surroundings.ts';

/** From an outside link, or one that no rule names, to one that no rule names; what counts is said in `default-deny.ts`. */
export const fwBase02: Check = {
  id: 'FW-BASE-02',
  title: 'FORWARD denies IPv4 packets that no rule was written for',
  severity: 'high',
  kinds: ['S', 'H'],
  refs: standardsOf('FW-BASE-02'),
  why: 'A host that forwards carries strangers into every network it is joined to, containers and tunnels included.',
  fix: 'End FORWARD in a policy that drops, after rules for what the host is to forward.',
  run(subject) {
    const { on, said } = forwarding(subject.host, 4);
    const meaning =
      on === true
        ? `The host forwards (${said}), so the networks behind it are open.`
        : on === false
          ? `The host does not forward now (${said}); a container runtime or VPN that switches it on opens the networks behind.`
          : `Whether the host forwards (${said}) is not known; if it does, this is of high severity.`;
    return askDefaultDeny(subject, {
      check: fwBase02,
      family: 4,
      hook: 'forward',
      severity: on === true ? 'high' : 'medium',
      meaning,
      first: 'First accept what the host is meant to forward, if anything.',
    });
  },
  examples: [
    { title: 'nothing at all, forwarding unknown', v4: empty, finds: ['medium 4'] },
    {
      title: 'a router without rules',
      v4: empty,
      facts: { ...oneLink, sysctls: { 'net.ipv4.ip_forward': '1' } },
      finds: ['high 4'],
    },
    {
      title: 'no router, no rules',
      v4: empty,
      facts: { ...oneLink, sysctls: { 'net.ipv4.ip_forward': '0' } },
      finds: ['medium 4'],
    },
    {
      title: 'a router by the setting of one link alone',
      v4: empty,
      facts: { ...oneLink, sysctls: { 'net.ipv4.ip_forward': '0', 'net.ipv4.conf.eth0.forwarding': '1' } },
      finds: ['high 4'],
    },
    {
      title: 'forwarding switched off again on every link',
      v4: empty,
      facts: { ...oneLink, sysctls: { 'net.ipv4.ip_forward': '1', 'net.ipv4.conf.eth0.forwarding': '0' } },
      finds: ['medium 4'],
    },
    { title: 'the guide', v4: guide, finds: [] },
    { title: 'a hardened host', v4: hardened4, finds: [] },
    {
      title: 'a router that lets its own network out',
      v4: filter(['-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT', '-A FORWARD -i lan0 -o eth0 -j ACCEPT']),
      facts: { ...oneLink, sysctls: { 'net.ipv4.ip_forward': '1' } },
      finds: [],
    },
    {
      title: 'two half-spaces by destination',
      v4: filter(['-A FORWARD -d 0.0.0.0/1 -j ACCEPT', '-A FORWARD -d 128.0.0.0/1 -j ACCEPT']),
      facts: { ...oneLink, sysctls: { 'net.ipv4.ip_forward': '1' } },
      finds: ['high 4'],
    },
    {
      title: 'everything that comes from outside',
      v4: filter(['-A FORWARD -i eth0 -j ACCEPT']),
      facts: { ...oneLink, sysctls: { 'net.ipv4.ip_forward': '1' } },
      finds: ['high 4'],
    },
    {
      title: 'a queue whose program decides',
      v4: filter(['-A FORWARD -j NFQUEUE --queue-num 0']),
      finds: ['medium 4'],
    },
    { title: 'rules that were not read', v4: null, v6: empty, finds: [], unknown: 1 },
  ],
};
