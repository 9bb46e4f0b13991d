import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readPage } from './page.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'palisade-page-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

test('index.html is /, hashed files are immutable, files of other types are not served', () => {
  const path = folder();
  mkdirSync(join(path, 'assets'));
  writeFileSync(join(path, 'index.html'), '<p>');
  writeFileSync(join(path, 'favicon.svg'), '<svg/>');
  writeFileSync(join(path, 'assets', 'index-abc.js'), '1');
  writeFileSync(join(path, 'assets', 'index-abc.js.map'), '{}');
  const page = readPage(path);
  expect([...page.keys()].sort()).toEqual(['/', '/assets/index-abc.js', '/favicon.svg']);
  expect(page.get('/')).toMatchObject({ type: 'text/html; charset=utf-8', immutable: false });
  expect(page.get('/assets/index-abc.js')).toMatchObject({ type: 'text/javascript; charset=utf-8', immutable: true });
  expect(page.get('/favicon.svg')?.immutable).toBe(false);
});

test('a changed file has another ETag, an unchanged one the same', () => {
  const path = folder();
  writeFileSync(join(path, 'index.html'), 'one');
  const first = readPage(path).get('/')?.etag;
  expect(readPage(path).get('/')?.etag).toBe(first);
  writeFileSync(join(path, 'index.html'), 'two');
  expect(readPage(path).get('/')?.etag).not.toBe(first);
});

test('a page that was not built is empty', () => {
  expect(readPage(folder()).size).toBe(0);
  expect(readPage('/nonexistent').size).toBe(0);
});
