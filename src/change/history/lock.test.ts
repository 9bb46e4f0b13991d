import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lockState } from './lock.ts';

test('a folder is one change’s alone, and nobody’s once whoever held it is gone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'palisade-lock-'));
  try {
    const file = join(folder, 'changing');
    // An older palisade made a file of it, which a full disk left empty; and a process that is no more.
    for (const leave of [() => writeFileSync(file, ''), () => symlinkSync('1 0 long-ago/1', file)]) {
      leave();
      const locked = lockState(folder);
      expect(locked.ok).toBe(true);
      expect(lockState(folder).ok).toBe(false);
      if (locked.ok) locked.value();
    }
    expect(lockState(folder).ok).toBe(true);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
