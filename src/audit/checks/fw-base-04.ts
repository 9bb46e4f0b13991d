import type { Check } from '../check.ts';
import { empty, filter, guide, hardened4, inverted } from '../examples.ts';
import { lostLoopback } from '../lost-loopback.ts';
import { standardsOf } from '../standards/index.ts';

/**
 * New TCP, UDP and ping packets from 127.0.0.1 to itself, leaving and arriving on the loopback link. Denied for most ports
 * it is as severe as the table says; denied for single named ports only it is medium, since somebody named them.
 */
export const fwBase04: Check = {
  id: 'FW-BASE-04',
  title: 'the host can talk to itself over the IPv4 loopback',
  severity: 'high',
  kinds: ['S'],
  refs: standardsOf('FW-BASE-04'),
  why: 'Databases, resolvers, mail and monitoring on one host speak to each other by 127.0.0.1; without it they fail in ways that do not point at the firewall.',
  fix: 'Accept the loopback link first, in both directions.',
  run: (subject) => lostLoopback(subject, 4, fwBase04),
  examples: [
    { title: 'nothing at all', v4: empty, finds: [] },
    { title: 'the guide forgets it', v4: guide, finds: ['high 4'] },
    { title: 'a hardened host', v4: hardened4, finds: [] },
    { title: 'everything is accepted anyway', v4: inverted, finds: [] },
    { title: 'by address instead of link', v4: filter(['-A INPUT -s 127.0.0.0/8 -d 127.0.0.0/8 -j ACCEPT']), finds: [] },
    { title: 'arriving but not leaving', v4: filter(['-A INPUT -i lo -j ACCEPT'], { OUTPUT: 'DROP' }), finds: ['high 4'] },
    { title: 'too late', v4: filter(['-A INPUT -s 127.0.0.0/8 -j DROP', '-A INPUT -i lo -j ACCEPT']), finds: ['high 4'] },
    { title: 'TCP only', v4: filter(['-A INPUT -i lo -p tcp -j ACCEPT']), finds: ['high 4'] },
    {
      title: 'one port is denied before',
      v4: filter(['-A INPUT -p tcp -m tcp --dport 3306 -j DROP', '-A INPUT -i lo -j ACCEPT']),
      finds: ['medium 4'],
    },
    {
      title: 'a limit stands before it',
      v4: filter(['-A INPUT -p tcp -m limit --limit 100/sec -j ACCEPT', '-A INPUT -p tcp -j DROP', '-A INPUT -i lo -j ACCEPT']),
      finds: ['high 4'],
    },
    {
      title: 'a set that was not read stands before it',
      v4: filter(['-A INPUT -m set --match-set bad src -j DROP', '-A INPUT -i lo -j ACCEPT']),
      finds: [],
      unknown: 1,
    },
    {
      title: 'a ban list stands before it',
      v4: filter([
        '-A INPUT -m recent --update --seconds 3600 --name banned --mask 255.255.255.255 --rsource -j DROP',
        '-A INPUT -i lo -j ACCEPT',
      ]),
      finds: [],
    },
    {
      title: 'a set that was not read stands behind a reverse path filter',
      v4: `*raw
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A PREROUTING -m rpfilter --invert -j DROP
COMMIT
${filter(['-A INPUT -m set --match-set bad src -j DROP', '-A INPUT -i lo -j ACCEPT'])}`,
      finds: [],
      unknown: 1,
    },
    {
      title: 'a set that is not among those that were read stands before it',
      v4: filter(['-A INPUT -m set --match-set bad src -j DROP', '-A INPUT -i lo -j ACCEPT']),
      sets: 'create other hash:ip family inet hashsize 1024 maxelem 65536\n',
      finds: [],
      unknown: 1,
    },
    {
      title: 'a limit drops it whatever an unread set says',
      v4: filter([
        '-A INPUT -p tcp -m limit --limit 100/sec -j ACCEPT',
        '-A INPUT -m set --match-set good src -j LOG',
        '-A INPUT -p tcp -j DROP',
        '-A INPUT -i lo -j ACCEPT',
      ]),
      finds: ['high 4'],
    },
    { title: 'rules that were not read', v4: null, v6: empty, finds: [], unknown: 1 },
  ],
};
