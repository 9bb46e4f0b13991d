import type { Check } from '../check.ts';
import { filter, guide, hardened4, hardened6, oneLink } from '../examples.ts';
import { innerPorts, listedPorts } from '../exposure/index.ts';

const database = { ...oneLink, listeners: [{ proto: 'tcp', port: 3306, process: 'mysqld' }] };

/** What counts as open is said in FW-EXP-02. An accept without a listener is FW-EXP-05's; what nat leads on is FW-NAT-01's. */
export const fwExp03: Check = {
  id: 'FW-EXP-03',
  title: 'databases and cluster interfaces are not open to the world',
  severity: 'critical',
  kinds: ['S', 'H'],
  refs: ['PCI-DSS 4.0 1.4.4', 'CIS Debian 12 v1.1.0 2.1.22'],
  why: 'They trust their network: many ask for no password at all, and their data is gone within a day of being found.',
  fix: 'Bind them to the loopback or to an inner address, or accept only the machines that use them.',
  run: (subject) =>
    listedPorts(subject, {
      check: fwExp03,
      ports: () => innerPorts,
      severity: 'critical',
      limited: 'high',
      what: 'Databases or administration interfaces',
      meaning: 'Such services trust their network, and are found within hours.',
      advice: 'Bind it to the loopback or to an inner address, or accept only the machines that use it.',
      needsListener: true,
    }),
  examples: [
    {
      title: 'a database accepted from anyone',
      v4: filter(['-A INPUT -p tcp -m tcp --dport 3306 -j ACCEPT']),
      v6: hardened6,
      facts: database,
      finds: ['critical 4'],
    },
    { title: 'the guide forgets IPv6, where the database listens too', v4: guide, facts: database, finds: ['critical 6'] },
    {
      title: 'accepted, and nobody listens',
      v4: filter(['-A INPUT -p tcp -m tcp --dport 3306 -j ACCEPT']),
      v6: hardened6,
      facts: { ...oneLink, listeners: [] },
      finds: [],
    },
    {
      title: 'accepted, and whether somebody listens is not known',
      v4: filter(['-A INPUT -p tcp -m multiport --dports 5432,6379 -j ACCEPT']),
      v6: hardened6,
      finds: ['critical 4'],
    },
    {
      title: 'the source restriction comes too late',
      v4: filter([
        '-A INPUT -p tcp -m tcp --dport 3000:4000 -j ACCEPT',
        '-A INPUT ! -s 192.0.2.0/24 -p tcp -m tcp --dport 3306 -j DROP',
      ]),
      v6: hardened6,
      facts: database,
      finds: ['critical 4'],
    },
    {
      title: 'only its application gets to it',
      v4: filter(['-A INPUT -s 203.0.113.7/32 -p tcp -m tcp --dport 3306 -j ACCEPT']),
      v6: hardened6,
      facts: database,
      finds: [],
    },
    {
      title: 'bound to the loopback',
      v4: filter(['-A INPUT -p tcp -m tcp --dport 3306 -j ACCEPT']),
      v6: hardened6,
      facts: { ...oneLink, listeners: [{ proto: 'tcp', port: 3306, address: '127.0.0.1' }] },
      finds: [],
    },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, facts: database, finds: [] },
    {
      title: 'a set that was not read decides',
      v4: filter(['-A INPUT -p tcp -m tcp --dport 3306 -m set --match-set app src -j ACCEPT']),
      v6: hardened6,
      facts: database,
      finds: [],
      unknown: 1,
    },
    { title: 'rules that were not read', v4: null, v6: hardened6, facts: database, finds: [], unknown: 1 },
  ],
};
