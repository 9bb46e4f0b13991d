import {
  lchownSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createRun } from '../kernel/index.ts';
import { problemLine } from '../result.ts';
import { writeOutput } from './output-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'palisade-output-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);

async function problemOf(file: string): Promise<string | undefined> {
  const written = await writeOutput(file, 'new');
  return written.ok ? undefined : written.problems.map(problemLine).join();
}

/** Some user who is not us. A namespace of one user has no other. */
const manyUsers = Number(/(\d+)\s*$/.exec(readFileSync('/proc/self/uid_map', 'latin1'))?.[1]) > 1000;
const other = 1000;

describe('a document', () => {
  it('is for its owner alone, and leaves nothing beside it', async () => {
    writeFileSync(at('old'), 'old', { mode: 0o644 });
    for (const name of ['old', 'fresh']) {
      expect(await problemOf(at(name))).toBeUndefined();
      expect([readFileSync(at(name), 'utf8'), statSync(at(name)).mode & 0o777]).toEqual(['new', 0o600]);
    }
    expect(readdirSync(folder).toSorted()).toEqual(['fresh', 'old']);
  });

  it('goes where a link of our own leads, and the link stays', async () => {
    writeFileSync(at('target'), 'old');
    symlinkSync('target', at('mine'));
    expect(await problemOf(at('mine'))).toBeUndefined();
    expect([lstatSync(at('mine')).isSymbolicLink(), readFileSync(at('target'), 'utf8')]).toEqual([true, 'new']);
    expect(await problemOf('/dev/null')).toBeUndefined();
  });

  it('goes into a pipe', async () => {
    const run = createRun();
    expect(await run({ argv: ['mkfifo', at('pipe')] })).toMatchObject({ status: 0 });
    const [read] = await Promise.all([run({ argv: ['cat', at('pipe')] }), writeOutput(at('pipe'), 'new')]);
    expect(read).toMatchObject({ stdout: 'new' });
    expect(lstatSync(at('pipe')).isFIFO()).toBe(true);
  });

  it('is not written over a folder, or in a circle', async () => {
    symlinkSync('circle', at('circle'));
    expect(await problemOf(folder)).toContain('it is a folder');
    expect(await problemOf(at('circle'))).toContain('its links lead nowhere');
  });

  it.runIf(manyUsers && process.geteuid?.() === 0)('does not follow what another user put there', async () => {
    writeFileSync(at('victim'), 'old');
    symlinkSync('victim', at('planted'));
    symlinkSync('/dev/null', at('planted-device'));
    symlinkSync('planted', at('by-way-of-ours'));
    for (const name of ['planted', 'planted-device']) lchownSync(at(name), other, other);
    for (const name of ['planted', 'planted-device', 'by-way-of-ours']) {
      expect(await problemOf(at(name)), name).toContain('it is a link that another user made');
    }
    expect(readFileSync(at('victim'), 'utf8')).toBe('old');
    expect(await createRun()({ argv: ['mkfifo', at('ear')] })).toMatchObject({ status: 0 });
    lchownSync(at('ear'), other, other);
    expect(await problemOf(at('ear'))).toContain('it is a pipe that another user made');
  });
});
