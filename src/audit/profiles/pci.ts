import type { Profile } from './profile.ts';

export const pci: Profile = {
  name: 'pci',
  summary: 'PCI-DSS 4.0: every check, control by control; what leaves the host weighs as much as what enters it',
  standards: ['pciDss4'],
  onlyStandards: false,
  leavesOut: {},
  severities: {
    // 1.3.2: outbound traffic from the cardholder data environment is restricted.
    'FW-BASE-03': 'high',
    'FW-EGR-01': 'high',
    'FW-EGR-02': 'high',
    // 1.2.5 to 1.2.7: approval, need and a review of every rule.
    'FW-EXP-05': 'medium',
    'FW-STYLE-02': 'medium',
    'FW-ANOM-02': 'medium',
    // 10.2, 10.3.3 and 11.5.2: logs, kept elsewhere too, and changes that are noticed.
    'FW-LOG-01': 'high',
    'FW-LOG-07': 'medium',
    'FW-OPS-04': 'high',
  },
};
