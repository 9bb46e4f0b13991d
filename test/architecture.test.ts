import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { faults, loadedWith, type Source, table } from './architecture.ts';

const root = join(import.meta.dirname, '..');

/** Every source file under src/, without tests. */
function sources(): Source[] {
  return readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
    .map((path) => ({ path, text: readFileSync(join(root, 'src', path), 'utf8') }));
}

const rows = table(readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8'));

test('the house stands as ARCHITECTURE.md says', () => {
  expect(faults(rows, sources())).toEqual([]);
});

test('every folder of the table that exists has an index.ts, and every folder that exists is in the table', () => {
  const folders = readdirSync(join(root, 'src')).filter((name) => statSync(join(root, 'src', name)).isDirectory());
  for (const folder of folders)
    expect(
      rows.some((row) => row.folder === folder || dirname(row.folder) === folder),
      folder,
    ).toBe(true);
  for (const row of rows) {
    const path = join(root, 'src', row.folder);
    const there = folders.includes(row.folder.split('/')[0] ?? '') && statSync(path, { throwIfNoEntry: false })?.isDirectory();
    if (there) expect(statSync(join(path, 'index.ts'), { throwIfNoEntry: false }), relative(root, path)).toBeDefined();
  }
});

test('a command loads the engines only when it runs: what all verbs say of themselves needs none of them', () => {
  const heavy =
    /^(?:analysis|policy|change|kernel|watch|server|model\/(?:ruleset|host)|audit\/(?!finding|around-rules|standards))/;
  const loaded = [...loadedWith('verbs/index.ts', sources())];
  expect(loaded).toContain('verbs/apply.ts');
  expect(loaded.filter((path) => heavy.test(path))).toEqual([]);
  expect([...loadedWith('verbs/testing.ts', sources())].some((path) => heavy.test(path))).toBe(true);
});

test('no command loads channels, reporters or routes to read a configuration that says nothing of them', () => {
  const telling = /^(?:alert|monitor\/(?:reporters|zabbix|icinga|nagios))\//;
  for (const entry of ['daemon/main.ts', 'cli/index.ts', 'verbs/index.ts', 'verbs/config/index.ts', 'verbs/job.ts'])
    expect(
      [...loadedWith(entry, sources())].filter((path) => telling.test(path)),
      entry,
    ).toEqual([]);
  expect([...loadedWith('verbs/config/whole.ts', sources())]).toContain('alert/channels/email.ts');
});

describe('a fault is seen:', () => {
  const add = (path: string, text: string): string[] =>
    faults(rows, [...sources().filter((source) => source.path !== path), { path, text }]);

  test('model/ruleset imports node:fs', () => {
    expect(add('model/ruleset/broken.ts', "import { readFileSync } from 'node:fs';\n")).toEqual([
      'model/ruleset/broken.ts: a pure folder imports node:fs',
    ]);
    expect(add('model/ruleset/broken.ts', "const fs = await import('node:fs');\n")).toEqual([
      'model/ruleset/broken.ts: a pure folder imports node:fs',
    ]);
  });

  test('a folder imports against the table', () => {
    expect(add('audit/broken.ts', "import { createKernel } from '../kernel/index.ts';\n")).toEqual([
      'audit/broken.ts: audit may not import kernel (../kernel/index.ts)',
    ]);
    expect(add('model/net/broken.ts', "import type { Packet } from '../packet/index.ts';\n")).toContain(
      'model/net/broken.ts: model/net may not import model/packet (../packet/index.ts)',
    );
    expect(add('kernel/broken.ts', "import { ranges } from '../model/net/index.ts';\n")).toContain(
      'kernel/broken.ts: kernel may import only types of model/net (../model/net/index.ts)',
    );
  });

  test('an index.ts has no header', () => {
    expect(add('audit/index.ts', "export * from './finding.ts';\n")).toEqual([
      'audit/index.ts: opens without a header of 3 to 10 lines',
    ]);
  });

  test('a cycle', () => {
    expect(add('model/net/ranges.ts', "import './index.ts';\nexport const ranges = 1;\n")).toContain(
      'model/net/index.ts: imports itself by way of model/net/ranges.ts',
    );
  });

  test('the interpreter leans on the engine that it judges', () => {
    expect(add('analysis/evaluate/broken.ts', "import { union } from '../space/index.ts';\n")).toContain(
      'analysis/evaluate/broken.ts: the interpreter may not import analysis/space',
    );
  });

  test('a pure folder reads a clock or rolls dice', () => {
    expect(add('audit/broken.ts', 'export const now = Date.now();\n')).toEqual(['audit/broken.ts: a pure folder uses Date.now']);
    expect(add('analysis/broken.ts', 'export const roll = Math.random();\n')).toEqual([
      'analysis/broken.ts: a pure folder uses Math.random',
    ]);
  });

  test('somebody but kernel starts processes', () => {
    expect(add('verbs/broken.ts', "import { spawn } from 'node:child_process';\n")).toEqual([
      'verbs/broken.ts: only kernel may import node:child_process',
    ]);
  });
});
