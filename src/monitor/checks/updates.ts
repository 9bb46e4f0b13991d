import { type CheckMode, type CheckStatus, unknown, worstOf } from './mode.ts';
import { count } from './words.ts';

export const updates: CheckMode = {
  name: 'updates',
  summary: 'fixes of iptables, netfilter and the kernel that are pending: WARNING for those of security, and for a restart',
  measured: 'updates_security',
  measures: { updates_security: 'pending ones that mend a weakness', updates_pending: 'all that are pending' },
  heeds: {},
  run({ updates: read }) {
    if (!read.known) return unknown(read);
    const { pending, security, restart } = read.value;
    const statuses: CheckStatus[] = [restart === true ? 'WARNING' : 'OK'];
    const words = [
      pending.length === 0 ? 'nothing is pending' : `${count(pending.length, 'update')}, ${security} for security`,
      ...(restart === true
        ? ['the machine waits for a restart']
        : restart === null
          ? ['unknown whether it waits for a restart']
          : []),
    ];
    return {
      status: worstOf(statuses),
      text: words.join('; '),
      more: pending,
      measures: [
        { label: 'updates_security', value: security, unit: '', warning: '0' },
        { label: 'updates_pending', value: pending.length, unit: '' },
      ],
    };
  },
};
