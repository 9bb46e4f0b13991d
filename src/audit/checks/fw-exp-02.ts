import { TCP } from '../../model/net/index.ts';
import type { Check } from '../check.ts';
import { filter, guide, hardened4, hardened6, oneLink } from '../examples.ts';
import { listedPorts, managementPorts } from '../exposure/index.ts';
import { sshPorts } from '../surroundings.ts';

const closed6 = hardened6.replace(/-A INPUT -p tcp -m tcp --dport 22 .*\n/, '');
const sshd = { ...oneLink, listeners: [{ proto: 'tcp', port: 22, process: 'sshd' }] };

/**
 * A port counts if a 64th of the world's IPv4 addresses (a /20 of IPv6's) may open a connection to it by a link towards
 * strangers, whatever the text of the rules says of limits and sources; so a restriction behind an accept is none. Behind
 * limits that count it is medium.
 */
export const fwExp02: Check = {
  id: 'FW-EXP-02',
  title: 'the ports by which the machine is managed are not open to the world',
  severity: 'high',
  kinds: ['S'],
  refs: ['STIG RHEL-09-251035', 'PCI-DSS 4.0 1.3.1', 'PCI-DSS 4.0 1.4.4', 'Wool 2004, insecure and external management'],
  why: 'Whoever gets in by them owns the machine. Every address of the world is tried for weak passwords and fresh holes within hours.',
  fix: 'Let in the networks from which you manage the machine, or a VPN; at least limit how fast one source may try.',
  run: (subject) =>
    listedPorts(subject, {
      check: fwExp02,
      ports: (family) => [
        ...sshPorts(subject.host, family)
          .filter((port) => port !== 22)
          .map((port) => ({ proto: TCP, port, name: 'SSH' }) as const),
        ...managementPorts,
      ],
      severity: 'high',
      limited: 'medium',
      what: 'Management',
      meaning: 'Passwords can be guessed and fresh holes tried from everywhere.',
      advice: 'Accept it from the networks from which you manage the machine only, or by a VPN.',
      needsListener: false,
    }),
  examples: [
    { title: 'the guide: its limit and its source stand behind an accept', v4: guide, v6: closed6, finds: ['high 4'] },
    {
      title: 'the guide without its first rule',
      v4: guide.replace(/-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n/, ''),
      v6: closed6,
      finds: [],
    },
    { title: 'a hardened pair limits it', v4: hardened4, v6: hardened6, finds: ['medium 4', 'medium 6'] },
    {
      title: 'only ten networks get to SSH',
      v4: filter(Array.from({ length: 10 }, (_, n) => `-A INPUT -s 203.0.${n}.0/24 -p tcp -m tcp --dport 22 -j ACCEPT`)),
      v6: closed6,
      finds: [],
    },
    {
      title: 'two halves of the world',
      v4: filter(['0.0.0.0/1', '128.0.0.0/1'].map((half) => `-A INPUT -s ${half} -p tcp -m tcp --dport 22 -j ACCEPT`)),
      v6: closed6,
      finds: ['high 4'],
    },
    {
      title: 'a range that includes remote desktop, and nobody listens there',
      v4: filter(['-A INPUT -p tcp -m tcp --dport 1024:65535 -j ACCEPT']),
      v6: closed6,
      facts: sshd,
      finds: [],
    },
    {
      title: 'an accept for the inner link alone',
      v4: filter(['-A INPUT -i eth1 -p tcp -m tcp --dport 22 -j ACCEPT']),
      v6: closed6,
      facts: {
        ...oneLink,
        links: [...oneLink.links, { name: 'eth1' }],
        addresses: [...oneLink.addresses, { link: 'eth1', address: '10.0.0.1/24' }],
        routes: [{ to: 'default', via: '198.51.100.1', link: 'eth0' }],
      },
      finds: [],
    },
    {
      title: 'which link faces the outside is not known',
      v4: filter(['-A INPUT -i eth1 -p tcp -m tcp --dport 22 -j ACCEPT']),
      v6: closed6,
      facts: {},
      finds: [],
      unknown: 1,
    },
    {
      title: 'a filter of firewalld’s sees the packets too',
      v4: guide,
      v6: closed6,
      facts: {
        ...oneLink,
        foreignChains: [{ family: 'inet', table: 'firewalld', chain: 'filter_INPUT', hook: 'input', priority: 10, rules: 9 }],
      },
      finds: [],
      unknown: 1,
    },
    { title: 'rules that were not read', v4: null, v6: closed6, finds: [], unknown: 1 },
  ],
};
