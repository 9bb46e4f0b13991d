import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lockState } from './lock.ts';

test('a lock that was never filled holds for a moment, and not for ever', () => {
  const folder = mkdtempSync(join(tmpdir(), 'palisade-lock-'));
  try {
    const file = join(folder, 'changing');
    writeFileSync(file, '');
    expect(lockState(folder).ok).toBe(false);
    // Whoever made it lost its power, or found the disk full.
    utimesSync(file, 1, 1);
    const locked = lockState(folder);
    expect(locked.ok).toBe(true);
    expect(lockState(folder).ok).toBe(false);
    if (locked.ok) locked.value();
    expect(lockState(folder).ok).toBe(true);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
