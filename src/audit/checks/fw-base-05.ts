import type { Check } from '../check.ts';
import { empty, filter, guide, hardened4, oneLink } from '../examples.ts';
import { lostAnswers } from '../lost-answers.ts';
import { standardsOf } from '../standards/index.ts';

/**
 * Opens connections that OUTPUT permits (TCP to 443 and 80, UDP to 53 and 123, ping, and whatever else the rules tell
 * apart) and asks what becomes of the first answer: ESTABLISHED, in the reply direction. By which syntax it is
 * accepted does not count. If only pings stay without answer it is medium.
 */
export const fwBase05: Check = {
  id: 'FW-BASE-05',
  title: 'answers to connections that the host opens are accepted (IPv4)',
  severity: 'high',
  kinds: ['S'],
  refs: standardsOf('FW-BASE-05'),
  why: 'Without answers the host cannot resolve names, set its clock or fetch security updates.',
  fix: 'Accept packets of connections that exist, before the rules that drop.',
  run: (subject) => lostAnswers(subject, 4, fwBase05),
  examples: [
    { title: 'nothing at all', v4: empty, finds: [] },
    { title: 'the guide forgets them', v4: guide, finds: ['high 4'] },
    { title: 'a hardened host', v4: hardened4, finds: [] },
    { title: 'in the old syntax', v4: filter(['-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT']), finds: [] },
    {
      title: 'protocol by protocol',
      v4: filter(['tcp', 'udp', 'icmp'].map((name) => `-A INPUT -p ${name} -m state --state ESTABLISHED -j ACCEPT`)),
      finds: [],
    },
    {
      title: 'UDP and ping are forgotten',
      v4: filter(['-A INPUT -p tcp -m state --state ESTABLISHED -j ACCEPT']),
      finds: ['high 4'],
    },
    {
      title: 'only ping is forgotten',
      v4: filter(['tcp', 'udp'].map((name) => `-A INPUT -p ${name} -m conntrack --ctstate ESTABLISHED -j ACCEPT`)),
      finds: ['medium 4'],
    },
    { title: 'by negation', v4: filter(['-A INPUT -m conntrack ! --ctstate INVALID,NEW -j ACCEPT']), finds: [] },
    { title: 'only RELATED', v4: filter(['-A INPUT -m conntrack --ctstate RELATED -j ACCEPT']), finds: ['high 4'] },
    {
      title: 'a host that may open nothing waits for no answer',
      v4: filter(['-A INPUT -i lo -j ACCEPT'], { OUTPUT: 'DROP' }),
      finds: [],
    },
    {
      title: 'a host that may only ask one resolver, whose answers are dropped',
      v4: filter(['-A OUTPUT -d 9.9.9.9/32 -p udp -m udp --dport 53 -j ACCEPT'], { OUTPUT: 'DROP' }),
      finds: ['high 4'],
    },
    {
      title: 'a host that may only ask one resolver, whose answers come by its port',
      v4: filter(
        [
          '-A INPUT -s 9.9.9.9/32 -p udp -m udp --sport 53 -j ACCEPT',
          '-A OUTPUT -d 9.9.9.9/32 -p udp -m udp --dport 53 -j ACCEPT',
        ],
        { OUTPUT: 'DROP' },
      ),
      finds: [],
    },
    {
      title: 'answers behind a limit',
      v4: filter(['-A INPUT -m limit --limit 50/sec -m conntrack --ctstate ESTABLISHED -j ACCEPT']),
      finds: ['high 4'],
    },
    {
      title: 'by a link that is there',
      v4: filter(['-A INPUT -i eth0 -m conntrack --ctstate ESTABLISHED -j ACCEPT']),
      finds: [],
    },
    {
      title: 'by a link of which nothing is known',
      v4: filter(['-A INPUT -i eth0 -m conntrack --ctstate ESTABLISHED -j ACCEPT']),
      facts: { addresses: oneLink.addresses, foreignChains: [] },
      finds: [],
      unknown: 1,
    },
    {
      title: 'answers behind a ban list and a reverse path filter',
      v4: `*raw
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A PREROUTING -m rpfilter --invert -j DROP
COMMIT
${filter(['-A INPUT -m recent --update --seconds 3600 --name banned --mask 255.255.255.255 --rsource -j DROP', '-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT'])}`,
      finds: [],
    },
    {
      title: 'answers behind a set that was not read and a reverse path filter',
      v4: `*raw
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A PREROUTING -m rpfilter --invert -j DROP
COMMIT
${filter(['-A INPUT -m set --match-set bad src -j DROP', '-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT'])}`,
      finds: [],
      unknown: 1,
    },
    { title: 'rules that were not read', v4: null, v6: empty, finds: [], unknown: 1 },
  ],
};
