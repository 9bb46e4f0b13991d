import type { Host } from '../../model/host/index.ts';
import { ruleText } from '../../model/ruleset/index.ts';
import type { Check } from '../check.ts';
import { everyLink, withSettings } from '../host-examples.ts';
import { fine } from '../host-finding.ts';
import { askSettings } from '../settings.ts';

const guard = `*raw
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A PREROUTING -m rpfilter --invert -j DROP
COMMIT
`;

/** The greater of `all` and the link's own counts (IN_DEV_RPFILTER). 2 is enough: sources that no link leads to are dropped. IPv6 has no such setting. */
export const fwSys05: Check = {
  id: 'FW-SYS-05',
  title: 'packets whose source lies elsewhere are dropped on arrival',
  severity: 'medium',
  kinds: ['H'],
  refs: [
    'CIS Debian 12 v1.1.0 3.3.7',
    'STIG RHEL-08-040285',
    'STIG RHEL-08-040287',
    'STIG RHEL-09-253035',
    'STIG RHEL-09-253050',
    'PCI-DSS 4.0 1.4.3',
    'ANSSI BP-028 R12',
  ],
  why: 'Rules that trust a source address trust whoever writes it. The filter of reverse paths drops sources to which the link does not lead.',
  fix: 'Set rp_filter to 1, or to 2 on a host that packets reach by one link and leave by another; or drop them with -m rpfilter.',
  run: ({ host }) =>
    guarded(host)
      ? fine
      : askSettings(
          host,
          fwSys05,
          [{ name: 'net.ipv4.conf.*.rp_filter', good: (value) => value === 1 || value === 2, wanted: '1', joins: 'max' }],
          {
            title: 'Forged source addresses are not filtered',
            family: 4,
            why: 'A packet that arrives here may claim any source, also one of a network behind another link, and rules that trust that source let it in.',
            fix: 'Switch the filter on. Where answers leave by another link than questions came, use 2 instead of 1.',
          },
        ),
  examples: [
    { title: 'as Linux comes', facts: withSettings(everyLink(4, 'rp_filter', 0)), finds: ['medium 4'] },
    { title: 'strict', facts: withSettings(everyLink(4, 'rp_filter', 1)), finds: [] },
    { title: 'loose, as systemd sets it', facts: withSettings(everyLink(4, 'rp_filter', 2, { all: 0 })), finds: [] },
    { title: 'set for all counts everywhere', facts: withSettings(everyLink(4, 'rp_filter', 0, { all: 1 })), finds: [] },
    {
      title: 'links to come get none',
      facts: withSettings(everyLink(4, 'rp_filter', 1, { all: 0, default: 0 })),
      finds: ['low 4'],
    },
    { title: 'a rule does it', v4: guard, facts: withSettings(everyLink(4, 'rp_filter', 0)), finds: [] },
    { title: 'settings that were not read', finds: [], unknown: 1 },
  ],
};

/** A rule for every packet, before all others, does the same. */
function guarded(host: Host): boolean {
  const ruleset = host.rulesets[4];
  if (!ruleset.known) return false;
  return ruleset.value.tables
    .filter(({ name }) => name === 'raw' || name === 'mangle')
    .flatMap(({ chains }) => chains.get('PREROUTING')?.rules ?? [])
    .some((rule) =>
      /^-A PREROUTING (?:! -i lo )?-m rpfilter (?:--loose )?(?:--validmark )?--invert -j DROP$/.test(
        ruleText(ruleset.value, rule),
      ),
    );
}
