import type { Check } from '../check.ts';
import { empty, filter, guide, hardened4, hardened6, inverted, oneLink } from '../examples.ts';
import { askDefaultDeny } from '../open-door.ts';
import { standardsOf } from '../standards/index.ts';

/** What counts as "no rule was written for" is said in `default-deny.ts`. */
export const fwBase01: Check = {
  id: 'FW-BASE-01',
  title: 'INPUT denies IPv4 packets that no rule was written for',
  severity: 'high',
  kinds: ['S'],
  refs: standardsOf('FW-BASE-01'),
  why: 'Whatever starts to listen tomorrow is open to everyone at once, and nobody has decided that it should be.',
  fix: 'End INPUT in a policy that drops, after rules for loopback, replies and the services that are wanted.',
  run: (subject) =>
    askDefaultDeny(subject, {
      check: fwBase01,
      family: 4,
      hook: 'input',
      severity: 'high',
      meaning: 'Any service that listens, now or later, can be reached unless a rule happens to forbid it.',
      first: 'First make sure that loopback, replies and your own SSH are accepted, or you lock yourself out.',
    }),
  examples: [
    { title: 'nothing at all', v4: empty, finds: ['high 4'] },
    { title: 'the guide drops what it does not name', v4: guide, finds: [] },
    { title: 'a hardened host', v4: hardened4, finds: [] },
    { title: 'a DROP policy behind two half-space accepts', v4: inverted, finds: ['high 4'] },
    {
      title: 'half-spaces by destination',
      v4: filter(['-A INPUT -d 0.0.0.0/1 -j ACCEPT', '-A INPUT -d 128.0.0.0/1 -j ACCEPT']),
      finds: ['high 4'],
    },
    {
      title: 'half of the ports is most ports',
      v4: filter(['-A INPUT -p tcp -m tcp --dport 1024:65535 -j ACCEPT']),
      finds: ['high 4'],
    },
    {
      title: 'from a source port, which the sender chooses',
      v4: filter(['-A INPUT -p tcp -m tcp --sport 80 -j ACCEPT']),
      finds: ['high 4'],
    },
    { title: 'passive FTP is not', v4: filter(['-A INPUT -p tcp -m tcp --dport 49152:65535 -j ACCEPT']), finds: [] },
    {
      title: 'an accept without bounds in a user chain',
      v4: filter([
        ':services - [0:0]',
        '-A INPUT -j services',
        '-A services -p tcp -m tcp --dport 22 -j ACCEPT',
        '-A services -j ACCEPT',
      ]),
      finds: ['high 4'],
    },
    { title: 'all of UDP', v4: filter(['-A INPUT -p udp -j ACCEPT']), finds: ['high 4'] },
    { title: 'all of ICMP is a decision', v4: filter(['-A INPUT -p icmp -j ACCEPT']), finds: [] },
    { title: 'a named protocol is a decision', v4: filter(['-A INPUT -p esp -j ACCEPT']), finds: [] },
    { title: 'every protocol but TCP', v4: filter(['-A INPUT ! -p tcp -j ACCEPT']), finds: ['high 4'] },
    { title: 'one trusted network is a decision', v4: filter(['-A INPUT -s 10.0.0.0/8 -j ACCEPT']), finds: [] },
    { title: 'an eighth of the world is not', v4: filter(['-A INPUT -s 64.0.0.0/3 -j ACCEPT']), finds: ['high 4'] },
    {
      title: 'everybody but a few',
      v4: filter(['-A INPUT -s 203.0.113.0/24 -j DROP', '-A INPUT -j ACCEPT']),
      finds: ['high 4'],
    },
    {
      title: 'a policy that accepts behind a rule that drops all',
      v4: filter(['-A INPUT -i lo -j ACCEPT', '-A INPUT -j DROP'], { INPUT: 'ACCEPT' }),
      finds: [],
    },
    { title: 'the only link is no inner one', v4: filter(['-A INPUT -i eth0 -j ACCEPT']), finds: ['high 4'] },
    {
      title: 'a tunnel beside it is',
      v4: filter(['-A INPUT -i wg0 -j ACCEPT']),
      facts: { ...oneLink, links: [...oneLink.links, { name: 'wg0', up: true, kind: 'wireguard' }] },
      finds: [],
    },
    {
      title: 'without links nobody knows what wg0 is',
      v4: filter(['-A INPUT -i wg0 -j ACCEPT']),
      facts: { addresses: oneLink.addresses, foreignChains: [] },
      finds: [],
      unknown: 1,
    },
    {
      title: 'a limit lets in what arrives slowly',
      v4: filter(['-A INPUT -m limit --limit 10/sec -j ACCEPT']),
      finds: ['high 4'],
    },
    {
      title: 'a set with half of the world in it',
      v4: filter(['-A INPUT -m set --match-set friends src -j ACCEPT']),
      sets: 'create friends hash:net family inet hashsize 1024 maxelem 65536\nadd friends 128.0.0.0/1\n',
      finds: ['high 4'],
    },
    {
      title: 'a set of a few',
      v4: filter(['-A INPUT -m set --match-set friends src -j ACCEPT']),
      sets: 'create friends hash:net family inet hashsize 1024 maxelem 65536\nadd friends 192.0.2.0/24\n',
      finds: [],
    },
    {
      title: 'a set that was not read',
      v4: filter(['-A INPUT -m set --match-set friends src -j ACCEPT']),
      finds: [],
      unknown: 1,
    },
    {
      title: 'open to all but those who are banned',
      v4: filter(['-A INPUT -m recent --update --seconds 3600 --name banned --mask 255.255.255.255 --rsource -j DROP'], {
        INPUT: 'ACCEPT',
      }),
      finds: ['high 4'],
    },
    {
      title: 'open to those who knocked, and to one MAC address',
      v4: filter([
        '-A INPUT -m recent --rcheck --seconds 30 --name knocked --mask 255.255.255.255 --rsource -j ACCEPT',
        '-A INPUT -m mac --mac-source 02:00:5e:00:53:01 -j ACCEPT',
      ]),
      finds: [],
    },
    { title: 'rules that were not read', v4: null, v6: hardened6, finds: [], unknown: 1 },
    {
      title: 'another firewall in nftables may deny what this one accepts',
      v4: empty,
      facts: {
        ...oneLink,
        foreignChains: [
          {
            family: 'inet',
            table: 'f2b-table',
            chain: 'f2b-chain',
            type: 'filter',
            hook: 'input',
            priority: -1,
            policy: 'accept',
            rules: 3,
          },
        ],
      },
      finds: ['high 4'],
    },
    {
      title: 'one that rewrites leaves nothing to say',
      v4: empty,
      facts: {
        ...oneLink,
        foreignChains: [
          {
            family: 'inet',
            table: 'firewalld',
            chain: 'nat_PREROUTING',
            type: 'nat',
            hook: 'prerouting',
            priority: -90,
            policy: 'accept',
            rules: 2,
          },
          {
            family: 'inet',
            table: 'firewalld',
            chain: 'filter_INPUT',
            type: 'filter',
            hook: 'input',
            priority: 10,
            policy: 'accept',
            rules: 9,
          },
        ],
      },
      finds: [],
      unknown: 1,
    },
  ],
};
