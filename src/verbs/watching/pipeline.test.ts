import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openStore } from '../../store/index.ts';
import { Batch, createDetection, unknownSurroundings } from '../../watch/index.ts';
import { createPipeline } from './pipeline.ts';

test('what is lost is kept with the batch behind it, also where others are written in between', () => {
  const folder = mkdtempSync(join(tmpdir(), 'palisade-pipeline-'));
  try {
    const clock = { now: () => 1_796_000_000_000 };
    const opened = openStore(folder, { clock, writer: 'test' });
    if (!opened.ok) throw new Error(opened.problems[0]?.message);
    using store = opened.value;
    const detection = createDetection({ seed: 1, surroundings: unknownSurroundings });
    using pipeline = createPipeline({ clock, detection, acting: () => null, store, tell: () => true });
    const batch = (cursor: string) => ({ kind: 'batch', batch: new Batch(1), cursor, passed: 0 }) as const;
    pipeline.take('nflog:5', batch('before'));
    pipeline.take('nflog:5', { kind: 'lost', count: 7, of: 'packets', at: clock.now() });
    pipeline.take('kmsg', batch('other'));
    store.commit();
    // Whoever begins anew here hears of the seven again.
    expect([store.cursor('nflog:5'), store.read.losses(0)]).toEqual(['before', []]);
    pipeline.take('nflog:5', batch('behind'));
    store.commit();
    expect([store.cursor('nflog:5'), store.read.losses(0)]).toEqual(['behind', [{ source: 'nflog:5', count: 7, of: 'packets' }]]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
