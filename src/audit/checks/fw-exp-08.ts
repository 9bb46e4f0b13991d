import type { Check } from '../check.ts';
import { filter, guide, hardened4, hardened6, oneLink } from '../examples.ts';
import { amplifyingPorts, listedPorts } from '../exposure/index.ts';

const resolver = { ...oneLink, listeners: [{ proto: 'udp', port: 53, process: 'named' }] };

/** What counts as open is said in FW-EXP-02; a limit, which is the remedy for a service that must be public, makes it low. */
export const fwExp08: Check = {
  id: 'FW-EXP-08',
  title: 'no UDP service that amplifies is open to the world',
  severity: 'high',
  kinds: ['S', 'H'],
  refs: ['NIST 800-53 SC-5', 'US-CERT TA14-017A'],
  why: 'They answer with many times what they are asked, to whoever the source address claims to be: others are flooded with it.',
  fix: 'Answer your own networks only; a public name or time server needs a limit for each source, and its own rate limiting.',
  run: (subject) =>
    listedPorts(subject, {
      check: fwExp08,
      ports: () => amplifyingPorts,
      severity: 'high',
      limited: 'low',
      what: 'UDP services that amplify',
      meaning: 'Attackers ask in the name of their victim, who then gets the answers.',
      advice: 'Accept it from your own networks only, or limit how often one source may ask.',
      needsListener: true,
    }),
  examples: [
    {
      title: 'a name server for anyone',
      v4: filter(['-A INPUT -p udp -m udp --dport 53 -j ACCEPT']),
      v6: hardened6,
      facts: resolver,
      finds: ['high 4'],
    },
    {
      title: 'a name server for anyone, a limit for each source',
      v4: filter([
        '-A INPUT -p udp -m udp --dport 53 -m hashlimit --hashlimit-upto 50/sec --hashlimit-mode srcip --hashlimit-name dns -j ACCEPT',
      ]),
      v6: hardened6,
      facts: resolver,
      finds: ['low 4'],
    },
    {
      title: 'a resolver for the own networks',
      v4: filter(['-A INPUT -s 10.0.0.0/8 -p udp -m udp --dport 53 -j ACCEPT']),
      v6: hardened6,
      facts: resolver,
      finds: [],
    },
    {
      title: 'memcached over UDP, and whether it listens is not known',
      v4: filter(['-A INPUT -p udp -m udp --dport 11211 -j ACCEPT']),
      v6: hardened6,
      finds: ['high 4'],
    },
    {
      title: 'answers to the own questions are none',
      v4: filter(['-A INPUT -p udp -m udp --sport 53 -j ACCEPT']),
      v6: hardened6,
      facts: resolver,
      finds: [],
    },
    { title: 'the guide', v4: guide, v6: hardened6, facts: resolver, finds: [] },
    { title: 'a hardened pair', v4: hardened4, v6: hardened6, facts: resolver, finds: [] },
    { title: 'rules that were not read', v4: null, v6: hardened6, finds: [], unknown: 1 },
  ],
};
