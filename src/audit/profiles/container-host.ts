import type { Profile } from './profile.ts';

export const containerHost: Profile = {
  name: 'container-host',
  summary: 'a host of Docker, Podman or Kubernetes: it forwards on purpose, and published ports pass by INPUT',
  standards: [],
  onlyStandards: false,
  leavesOut: { 'FW-SYS-01': 'containers need forwarding' },
  severities: {
    'FW-CTR-02': 'high',
    // Published ports are what such a host is for, and what Kubernetes opens with route_localnet is not.
    'FW-SPOOF-03': 'critical',
    // The runtime writes its rules anew at every start, so they change and are saved nowhere.
    'FW-OPS-04': 'info',
    'FW-PERS-01': 'medium',
  },
};
