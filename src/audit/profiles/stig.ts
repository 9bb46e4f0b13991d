import type { Profile } from './profile.ts';

export const stig: Profile = {
  name: 'stig',
  summary: 'the firewall part of the DISA STIGs for RHEL and Ubuntu, by intent: they are written for firewalld and ufw',
  standards: ['stigRhel8', 'stigRhel9', 'stigRhel10', 'stigUbuntu2204', 'stigUbuntu2404'],
  onlyStandards: true,
  leavesOut: {},
  severities: {},
};
