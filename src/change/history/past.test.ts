import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { keepPast, pastId, pastIds, readPast } from './past.ts';
import { type OwnRecord, writeRecord } from './record.ts';

test('the last twenty are kept, newest first, whatever becomes of the file that they were', () => {
  const folder = mkdtempSync(join(tmpdir(), 'palisade-past-'));
  try {
    const [file, history] = [join(folder, 'confirmed.json'), join(folder, 'history')];
    expect(pastIds(history)).toEqual([]);
    const record = (turn: number): OwnRecord => ({
      at: Date.UTC(2026, 10, 30) + turn,
      backend: 'nft',
      policy: `/etc/policy-${turn}.yaml`,
      families: { 4: [], 6: [] },
      sets: [],
      basis: null,
      emergency: null,
    });
    for (let turn = 0; turn < 25; turn += 1) {
      writeRecord(file, record(turn));
      keepPast(history, file, record(turn));
      // Confirmed twice, as after a crash.
      keepPast(history, file, record(turn));
    }
    const ids = pastIds(history);
    expect(ids).toEqual(Array.from({ length: 20 }, (_, index) => pastId(record(24 - index))));
    expect(ids[0]).toBe('20261130T000000024Z');
    expect(readPast(history, ids.at(-1) ?? '')?.policy).toBe('/etc/policy-5.yaml');
    expect(readPast(history, '20261130T000000001Z')).toBeNull();
    expect(readPast(history, '../confirmed')).toBeNull();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
