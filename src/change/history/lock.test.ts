import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
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

test('of several who find what a dead one left, one alone is at work', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'palisade-lock-'));
  try {
    const program = `const { lockState } = await import(${JSON.stringify(join(import.meta.dirname, 'lock.ts'))});
      const { existsSync } = await import('node:fs');
      console.log('ready');
      while (!existsSync(process.argv[1] + '.go'));
      console.log(lockState(process.argv[1]).ok);
      process.stdin.resume();`;
    const others = Array.from({ length: 3 }, () => spawn(process.execPath, ['--input-type=module', '-e', program, folder]));
    const said = others.map(() => '');
    for (const [index, { stdout }] of others.entries()) stdout.on('data', (text) => (said[index] += String(text)));
    symlinkSync('1 0 long-ago/1', join(folder, 'changing'));
    await vi.waitUntil(() => said.every((text) => text.includes('ready')), { timeout: 20_000 });
    writeFileSync(`${folder}.go`, '');
    await vi.waitUntil(() => said.every((text) => /true|false/.test(text)), { timeout: 20_000 });
    expect(said.filter((text) => text.includes('true'))).toHaveLength(1);
    for (const other of others) other.kill();
  } finally {
    rmSync(folder, { recursive: true });
    rmSync(`${folder}.go`, { force: true });
  }
}, 30_000);
