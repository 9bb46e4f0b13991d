import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type Generated, generate } from './generator/index.ts';
import { Networks } from './networks.ts';
import { score, simulate } from './score.ts';

const folder = mkdtempSync(join(tmpdir(), 'palisade-detection-'));
afterAll(() => rmSync(folder, { recursive: true }));
const small = { seed: 7, scale: 0.01, each: 1 } as const;
const palisade = [process.execPath, resolve('src/daemon/main.ts')];

describe('the generator', () => {
  it('imports nothing of what it judges', () => {
    const root = join(import.meta.dirname, 'generator');
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
    expect(files.length).toBeGreaterThan(10);
    for (const file of [
      ...files.map((name) => join(root, name)),
      join(import.meta.dirname, 'score.ts'),
      join(import.meta.dirname, 'networks.ts'),
    ]) {
      const from = [...readFileSync(file, 'utf8').matchAll(/(?:from|import) '([^']+)'/g)].map(([, name]) => name as string);
      for (const name of from) {
        if (name.startsWith('node:')) continue;
        expect(name).toMatch(/^\./);
        expect(resolve(dirname(file), name)).toContain(import.meta.dirname);
      }
    }
  });
});

it('the judge compares networks', () => {
  const networks = new Networks(['203.0.113.9', '198.51.100.0/24', '2001:db8::/64']);
  expect(networks.count(['203.0.113.9/32', '203.0.113.8', '198.51.100.7', '2001:0db8:0000:0000::/64', '2001:db8:0:1::/64'])).toBe(
    3,
  );
  expect(networks.meets('203.0.113.0/24')).toBe(true);
  expect(networks.meets('203.0.112.0/24')).toBe(false);
});

it('a generated log is the same for the same seed; simulate reads all of it, sees what attacks, and shuts out nobody else', async () => {
  const generated = generate({ ...small, folder: join(folder, 'log') });
  expect(digest(generate({ ...small, folder: join(folder, 'again') }))).toBe(digest(generated));
  const said = await simulate(palisade, generated, ['--trust-files', '--never', generated.labels.never.join(',')]);
  expect(said).toMatchObject({ exit: 1 });
  const { verdicts, ofBackground: _, backgroundBanned, benignNamed: __, ...wrong } = score(generated.labels, said);
  expect(wrong).toEqual({ neverBanned: [], benignBanned: [], forgedBanned: [], forgedNamed: [], eventsMissing: 0 });
  expect(backgroundBanned.length).toBeLessThanOrEqual(0.005 * generated.labels.background.length);
  expect(verdicts.filter(({ seen }) => !seen).map(({ instance }) => instance.id)).toEqual([]);
  expect(
    verdicts.filter(({ instance, banned }) => instance.deserves === 'ban' && !banned).map(({ instance }) => instance.id),
  ).toEqual([]);
});

function digest({ files }: Generated): string {
  return createHash('sha256')
    .update(Buffer.concat(files.map((file) => readFileSync(file))))
    .digest('hex');
}
