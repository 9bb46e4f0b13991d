import type { Kept } from '../../change/snapshots/index.ts';
import type { BackupPartJson } from '../backup-shape.ts';

type Said = Omit<Extract<BackupPartJson, { kind: 'snapshot' }>, 'kind' | 'accepted'>;

/** What is said of a snapshot. */
export function saidOf({ id, path, meta, bytes, signature }: Kept): Said {
  const { at, number, reason, tag, host, kernel, counts, unproved } = meta;
  return {
    id,
    path,
    at: at / 1000,
    number,
    reason,
    tag,
    host,
    kernel,
    counts,
    bytes,
    proved: unproved === null,
    unproved,
    signature: signature?.key ?? null,
  };
}
