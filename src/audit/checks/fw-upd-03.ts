import type { Answer, Check, Subject } from '../check.ts';
import { filter, oneLink } from '../examples.ts';
import { software } from '../updated.ts';

const rebuilt = { ...oneLink, kernelBuild: '#1 SMP PREEMPT_DYNAMIC Debian 6.12.117-1 (2026-11-10)' };

/** Whether the running kernel is the newest that is installed, and whether some update asked for a restart. */
export const fwUpd03: Check = {
  id: 'FW-UPD-03',
  title: 'the running kernel is the newest that is installed',
  severity: 'high',
  kinds: ['H'],
  refs: ['Lynis KRNL-5830'],
  why: 'A kernel that is installed mends nothing until it runs: the filter is the one in memory.',
  fix: 'Restart the machine.',
  run,
  examples: [
    { title: 'the newest runs', facts: oneLink, finds: [] },
    { title: 'it was installed and waits', facts: rebuilt, finds: ['high null'] },
    {
      title: 'an update asks for a restart',
      facts: { ...oneLink, software: { ...software, reboot: '*** System restart required ***\nlibc6\n' } },
      finds: ['high null'],
    },
    { title: 'a kernel of no package', facts: { ...oneLink, kernel: '6.18.44', kernelBuild: '#1' }, finds: [], unknown: 1 },
    { title: 'nothing is known of kernels', v4: filter([]), facts: { links: oneLink.links }, finds: [], unknown: 1 },
  ],
};

function run({ host: { restart } }: Subject): Answer {
  if (!restart.known) return { findings: [], unknown: [{ id: fwUpd03.id, why: restart.why, remedy: restart.remedy }] };
  if (!restart.value.pending) return { findings: [], unknown: [] };
  return {
    findings: [
      {
        id: fwUpd03.id,
        severity: 'high',
        certainty: 'certain',
        title: 'The machine waits to be restarted',
        why: `${restart.value.why.charAt(0).toUpperCase()}${restart.value.why.slice(1)}. Until then the fixes that are installed do not count.`,
        family: null,
        at: [],
        causedBy: [],
        witness: null,
        fix: 'Restart it when its services may pause; save the rules first, so that they come back.\nsystemctl reboot',
        refs: fwUpd03.refs,
      },
    ],
    unknown: [],
  };
}
