import type { Check } from '../check.ts';
import { filter, guide, hardened4, hardened6, oneLink } from '../examples.ts';
import { legacyPorts, listedPorts } from '../exposure/index.ts';

/** What counts as open is said in FW-EXP-02. */
export const fwExp04: Check = {
  id: 'FW-EXP-04',
  title: 'services that speak in the clear, or belong inside a network, are not open to the world',
  severity: 'high',
  kinds: ['S'],
  refs: ['STIG RHEL-08-040000', 'STIG RHEL-08-040190', 'Wool 2004, NetBIOS and portmapper'],
  why: 'FTP, Telnet and SNMP send passwords that anyone on the way reads; SMB and RPC were made for one network and break outside it.',
  fix: 'Use their successors (SSH, SFTP, LDAPS, SNMPv3), or let them in from your own networks only.',
  run: (subject) =>
    listedPorts(subject, {
      check: fwExp04,
      ports: () => legacyPorts,
      severity: 'high',
      limited: 'medium',
      what: 'Services that speak in the clear or belong inside a network',
      meaning: 'What is said there anyone on the way reads or changes.',
      advice: 'Use the encrypted successor, or accept it from your own networks only.',
      needsListener: false,
    }),
  examples: [
    {
      title: 'Telnet and SNMP for anyone',
      v4: filter(['-A INPUT -p tcp -m tcp --dport 23 -j ACCEPT', '-A INPUT -p udp -m udp --dport 161 -j ACCEPT']),
      v6: hardened6,
      finds: ['high 4'],
    },
    {
      title: 'SMB for the own network',
      v4: filter(['-A INPUT -s 192.168.0.0/16 -p tcp -m tcp --dport 445 -j ACCEPT']),
      v6: hardened6,
      finds: [],
    },
    {
      title: 'everything is open, and an FTP server waits',
      v4: filter([], { INPUT: 'ACCEPT' }),
      v6: hardened6,
      facts: { ...oneLink, listeners: [{ proto: 'tcp', port: 21, process: 'vsftpd' }] },
      finds: ['high 4'],
    },
    { title: 'the guide', v4: guide, v6: hardened6, finds: [] },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, finds: [] },
    { title: 'rules that were not read', v4: null, v6: hardened6, finds: [], unknown: 1 },
  ],
};
