import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { backupsOf } from '../../src/audit/backups.ts';
import { packed as packedWith, textsWith } from '../../src/change/snapshots/made.fixture.ts';
import { readSetup } from '../../src/kernel/setup-files.ts';
import { places } from '../../src/kernel/setup-places.ts';
import { hostFromTexts } from '../../src/model/host/index.ts';

it('a snapshot is known by its beginning, as palisade writes it', async () => {
  const root = mkdtempSync(join(tmpdir(), 'palisade-snapshots-'));
  try {
    const folder = join(root, 'var/lib/palisade/backups');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const packed = packedWith({ at: 1_800_000_000_000, unproved: 'a rule came back otherwise' });
    writeFileSync(join(folder, `${packed.id}.snapshot`), packed.bytes, { mode: 0o600 });
    writeFileSync(join(folder, `${'0'.repeat(64)}.snapshot`), packed.bytes.subarray(0, 30), { mode: 0o600 });
    const files = await readSetup(root, places);
    if (!files.read) throw new Error(files.detail);
    // Not the whole of it.
    expect(files.text.length).toBeLessThan(packed.bytes.length + 4000);
    const host = hostFromTexts(textsWith({ files: files.text }));
    const backups = host.files.known ? backupsOf(host.files.value) : host.files;
    expect(backups).toMatchObject({
      known: true,
      value: [
        { holds: 'everything', fault: expect.stringMatching(/^it is damaged/) },
        {
          holds: 'everything',
          madeAt: 1_800_000_000,
          fault: 'it is not proved that it can be restored: a rule came back otherwise',
        },
      ],
    });
  } finally {
    rmSync(root, { recursive: true });
  }
});
