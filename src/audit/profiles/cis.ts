import type { Profile } from './profile.ts';

export const cis: Profile = {
  name: 'cis',
  summary: 'the firewall part of the CIS Benchmarks, control by control; Ubuntu 24.04 has the numbers of Debian 12',
  standards: ['cisDebian12', 'cisUbuntu2204', 'cisSle15'],
  onlyStandards: true,
  leavesOut: {},
  // The benchmarks score each control alike, but want outgoing traffic denied as much as incoming.
  severities: { 'FW-BASE-03': 'medium' },
};
