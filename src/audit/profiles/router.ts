import type { Profile } from './profile.ts';

export const router: Profile = {
  name: 'router',
  summary: 'a gateway between networks: what is forwarded, and with which addresses, weighs more',
  standards: [],
  onlyStandards: false,
  leavesOut: { 'FW-SYS-01': 'a router forwards' },
  severities: {
    'FW-BASE-02': 'critical',
    'FW-FWD-01': 'critical',
    'FW-FWD-02': 'high',
    'FW-NAT-02': 'high',
    'FW-SPOOF-02': 'high',
    'FW-SPOOF-04': 'medium',
    'FW-SYS-05': 'high',
    'FW-CT-01': 'high',
  },
};
