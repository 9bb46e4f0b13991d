import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { factKeys, hostFromFiles, softwareNames } from '../src/model/host/index.ts';
import { problemLine } from '../src/result.ts';

const page = readFileSync(new URL('../docs/facts.md', import.meta.url), 'utf8');
const [keysPart = '', softwarePart = ''] = page.split('## What package managers print');
const example = /```json\n([\s\S]*?)```/.exec(page)?.[1] ?? '';

test('the example of docs/facts.md is a facts file, and leaves nothing unknown that a file can say', () => {
  const read = hostFromFiles({ rulesets: [], facts: { file: 'facts.json', text: example }, readAt: 0 });
  if (!read.ok) throw new Error(read.problems.map(problemLine).join('\n'));
  const unknown = Object.entries(read.value).filter(([, fact]) => fact instanceof Object && 'known' in fact && !fact.known);
  expect(unknown.map(([name]) => name).sort()).toEqual(['bridgeFilter', 'logBackends', 'namespaces', 'sets']);
});

test('docs/facts.md has a row for every key, and no others', () => {
  expect(rowsIn(keysPart)).toEqual([...factKeys].sort());
});

test('and one for every text of package managers', () => {
  expect(rowsIn(softwarePart)).toEqual([...softwareNames].sort());
  expect(problemsOf('{"software": {"pacman": "x"}}')[0]).toContain('it knows os-release, dpkg, apt');
});

/** What the first column of a table names. */
function rowsIn(text: string): readonly string[] {
  return [...text.matchAll(/^\| (`[\w-]+`(?:, `[\w-]+`)*) \|/gm)]
    .flatMap(([, names = '']) => names.match(/[\w-]+/g) ?? [])
    .sort();
}

function problemsOf(text: string): readonly string[] {
  const read = hostFromFiles({ rulesets: [], facts: { file: 'facts.json', text }, readAt: 0 });
  return read.ok ? [] : read.problems.map(problemLine);
}
