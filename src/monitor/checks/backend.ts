import { type CheckMode, type CheckStatus, unknown, worstOf } from './mode.ts';

export const backend: CheckMode = {
  name: 'backend',
  summary: 'whether rules stand in one backend alone: CRITICAL where both hold some, WARNING where families differ',
  measured: 'backends_mixed',
  measures: { backends_mixed: 'families whose rules stand in both backends' },
  heeds: {},
  run({ backends }) {
    if (!backends.known) return unknown(backends);
    const all = backends.value;
    const mixed = all.filter((one) => one.backend === 'both');
    const held = new Set(all.map((one) => one.backend).filter((one) => one === 'nft' || one === 'legacy'));
    const isUnknown = all.length === 0 || all.some((one) => one.backend === 'unknown');
    const statuses: CheckStatus[] = [isUnknown ? 'UNKNOWN' : 'OK', held.size > 1 ? 'WARNING' : 'OK'];
    const words = all.map((one) => `IPv${one.family} ${one.backend === 'both' ? 'in nft and legacy both' : one.backend}`);
    return {
      status: worstOf(statuses),
      text: words.length === 0 ? 'nothing is known of any family' : words.join(', '),
      more: mixed.length > 0 ? ['Rules of both are asked for each packet; palisade audit says which to keep'] : [],
      measures: [{ label: 'backends_mixed', value: mixed.length, unit: '', critical: '0' }],
    };
  },
};
