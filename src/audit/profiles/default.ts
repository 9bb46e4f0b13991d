import type { Profile } from './profile.ts';

export const defaultProfile: Profile = {
  name: 'default',
  summary: 'any server: every check, with its usual severity',
  standards: [],
  onlyStandards: false,
  leavesOut: {},
  severities: {},
};
