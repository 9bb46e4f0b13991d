import type { Check } from '../check.ts';
import { withSettings } from '../host-examples.ts';
import { fine, unanswered } from '../host-finding.ts';
import { askSettings, type Setting } from '../settings.ts';

const prefix = 'net.netfilter.nf_conntrack_';
const dayS = 86_400;

const settings: readonly Setting[] = [
  { name: `${prefix}tcp_timeout_established`, good: (value) => value <= dayS, wanted: String(dayS) },
  { name: `${prefix}udp_timeout`, good: (value) => value <= 120, wanted: '30' },
  { name: `${prefix}udp_timeout_stream`, good: (value) => value <= 600, wanted: '120' },
  { name: `${prefix}generic_timeout`, good: (value) => value <= 600, wanted: '600' },
  { name: `${prefix}tcp_be_liberal`, good: (value) => value === 0, wanted: '0' },
];

const good = {
  [`${prefix}tcp_timeout_established`]: '86400',
  [`${prefix}udp_timeout`]: '30',
  [`${prefix}udp_timeout_stream`]: '120',
  [`${prefix}generic_timeout`]: '600',
  [`${prefix}tcp_be_liberal`]: '0',
};

/** Whether it takes up connections in their middle (`tcp_loose`) is a question about rules, and has a check of its own. */
export const fwCt02: Check = {
  id: 'FW-CT-02',
  title: 'dead connections are soon forgotten',
  severity: 'low',
  kinds: ['H'],
  refs: [],
  why: 'By default an established TCP connection that went silent is remembered for five days. Each takes a place in the table, and lets packets in.',
  fix: 'Shorten the times to what real connections need.',
  run({ host }) {
    // Without conntrack there is nothing to forget.
    if (host.conntrack.known && host.conntrack.value === null) return fine;
    if (!host.sysctls.known) return unanswered(fwCt02, host.sysctls);
    return askSettings(host, fwCt02, settings, {
      title: 'The connection table remembers too much for too long',
      why: 'Connections whose ends are long gone fill the table, and what is taken for part of one passes the rules for established traffic.',
      fix: 'Shorten it. Programs that are silent for longer than a day over one connection need TCP keep-alives.',
    });
  },
  examples: [
    { title: 'short', facts: withSettings(good), finds: [] },
    {
      title: 'as Linux comes',
      facts: withSettings({ ...good, [`${prefix}tcp_timeout_established`]: '432000' }),
      finds: ['low null'],
    },
    {
      title: 'packets outside the window pass',
      facts: withSettings({ ...good, [`${prefix}tcp_be_liberal`]: '1' }),
      finds: ['low null'],
    },
    { title: 'not all are told of', facts: withSettings({ [`${prefix}udp_timeout`]: '30' }), finds: [], unknown: 1 },
    { title: 'settings that were not read', finds: [], unknown: 1 },
  ],
};
