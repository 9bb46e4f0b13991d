import { z } from 'zod';
import { readHost, readingInput } from './reading.ts';
import { updatesReport } from './updates-shape.ts';
import { verb } from './verb.ts';

export const updates = verb({
  name: 'updates',
  group: 'look',
  summary: 'iptables, kernel and netfilter fixes that are pending; --apply installs them',
  description: `Says which newer versions of iptables, nftables, ipset, their libraries and the kernel the package lists offer, those for
security first; whether the machine waits for a restart; and which known vulnerabilities of netfilter what runs has. It asks apt, dnf,
zypper or apk for what they know and fetches nothing: with lists that are more than two days old it does not say that nothing is pending.
Vulnerabilities are those of a list with a date, compared with the versions of the distribution where the list has them. Where plain users
may make no user namespaces they are marked as mitigated: then only root can reach them.

With --apply it installs the updates of iptables and its kin and of the kernel by apt-get, and reads rules, sets and chains before and
after: what the packages' scripts changed is said, and left as it is. Both readings are kept below --state, in updates/.`,
  input: z.object({
    ...readingInput,
    apply: z.boolean().default(false).describe('Install the updates of iptables, its libraries and the kernel (apt only)'),
    yes: z.boolean().default(false).describe('Really: --apply asks nothing'),
  }),
  output: updatesReport,
  streams: false,
  exits: {
    0: 'nothing is pending, and no known vulnerability applies',
    1: 'updates or a restart are pending, a vulnerability applies, or the updates changed the live rules',
    2: 'a file or flag could not be read',
    3: 'nothing was found, but something could not be told: old package lists, a kernel of nobody’s packages',
    4: 'the updates were not installed; the host is as it was',
  },
  examples: [
    { command: 'palisade updates', says: 'what is pending here?' },
    { command: 'palisade updates --facts web1.json', says: 'and on another host, whatever its distribution?' },
    { command: 'palisade updates --apply --yes', says: 'install what is pending, and say whether the rules are still the same' },
  ],
  async run(context, input) {
    if (input.apply) {
      const { applyUpdates } = await import('./updates-apply.ts');
      return await applyUpdates(context, input);
    }
    const host = await readHost(context, input, { software: true, factsAlone: true });
    if (!host.ok) return { kind: 'invalid', problems: host.problems };
    const { judged, updatesOf } = await import('./updates-report.ts');
    return judged(updatesOf(host.value));
  },
});
