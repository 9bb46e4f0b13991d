import type { Check } from '../check.ts';
import { empty, filter, guide, hardened4 } from '../examples.ts';
import { askDefaultDeny } from '../open-door.ts';
import { standardsOf } from '../standards/index.ts';

/** What counts as "no rule was written for" is said in `default-deny.ts`; here *anyone* is whom the host writes to. */
export const fwBase03: Check = {
  id: 'FW-BASE-03',
  title: 'OUTPUT denies IPv4 packets that no rule was written for',
  severity: 'low',
  kinds: ['S'],
  refs: standardsOf('FW-BASE-03'),
  why: 'Malware that got in fetches its tools and sends data home by the way that nobody watches: outwards.',
  fix: 'Name what the host itself must reach (DNS, time, updates, mail) and end OUTPUT in a policy that drops.',
  run: (subject) =>
    askDefaultDeny(subject, {
      check: fwBase03,
      family: 4,
      hook: 'output',
      severity: 'low',
      meaning:
        'Whoever runs a program on this host can reach any address and port with it. Many servers are run like this on purpose.',
      first: 'First accept loopback, replies, DNS, time and updates.',
    }),
  examples: [
    { title: 'nothing at all', v4: empty, finds: ['low 4'] },
    { title: 'the guide lets everything out', v4: guide, finds: ['low 4'] },
    { title: 'a hardened host', v4: hardened4, finds: [] },
    {
      title: 'everything except mail',
      v4: filter(['-A OUTPUT -p tcp -m tcp --dport 25 -j REJECT --reject-with icmp-port-unreachable']),
      finds: ['low 4'],
    },
    {
      title: 'only one network is reached',
      v4: filter(['-A OUTPUT -d 10.0.0.0/8 -j ACCEPT'], { OUTPUT: 'DROP' }),
      finds: [],
    },
    {
      title: 'what one user sends is a decision',
      v4: filter(['-A OUTPUT -m owner --uid-owner 0 -j ACCEPT'], { OUTPUT: 'DROP' }),
      finds: [],
    },
    { title: 'rules that were not read', v4: null, v6: empty, finds: [], unknown: 1 },
  ],
};
