import { type CheckMode, type CheckStatus, unknown, worstOf } from './mode.ts';
import { duration } from './words.ts';

export const backupAge: CheckMode = {
  name: 'backup-age',
  summary: 'how old the last snapshot is: WARNING after 26 hours, CRITICAL after 50, without any, or when it cannot be restored',
  measured: 'backup_age',
  measures: { backup_age: 'seconds since the last snapshot' },
  heeds: {},
  run({ backup }, now) {
    if (!backup.known) return unknown(backup);
    const { last, failing } = backup.value;
    const statuses: CheckStatus[] = [
      last === null || last.proven === false ? 'CRITICAL' : 'OK',
      failing === null ? 'OK' : 'WARNING',
    ];
    const words = [
      last === null
        ? 'there is no snapshot; palisade backup create takes one'
        : `the last snapshot is ${duration(now - last.at)} old${last.proven === false ? ' and cannot be restored' : ''}`,
      ...(failing === null ? [] : [`the latest failed: ${failing}`]),
    ];
    const proof = {
      true: 'it is proven that it can be restored',
      false: 'it could not be restored',
      null: 'nobody tried to restore it',
    };
    return {
      status: worstOf(statuses),
      text: words.join('; '),
      more: last === null ? [] : [`${last.id}: ${proof[`${last.proven}`]}`],
      measures:
        last === null
          ? []
          : [
              {
                label: 'backup_age',
                value: Math.max(0, Math.round(now - last.at)),
                unit: 's',
                warning: '93600',
                critical: '180000',
              },
            ],
    };
  },
};
