import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readModuleFiles } from './services.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'palisade-modules-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const modules = `lib/modules/${release()}`;

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

function said(): string {
  const read = readModuleFiles(root);
  return read.read ? read.text : `unread: ${read.detail}`;
}

test('a kernel that takes no modules has in itself what modules.builtin says; without it nothing is known', () => {
  expect(said()).toContain('modules.builtin');
  put(`${modules}/modules.builtin`, 'kernel/net/sctp/sctp.ko\nkernel/fs/ext4/ext4.ko\n');
  expect(said()).toBe('closed\nbuiltin kernel/net/sctp/sctp.ko');
});

test('a kernel that takes modules has a list of them; it is closed when it is told to take no more', () => {
  put('proc/modules', 'nf_tables 1 0 - Live 0x0\n');
  put(`${modules}/modules.builtin`, '');
  expect(said()).toContain('modules.dep');
  put(`${modules}/modules.dep`, 'kernel/net/dccp/dccp.ko.xz: \n');
  expect(said()).toBe('loaded nf_tables\nfile kernel/net/dccp/dccp.ko.xz');
  put('proc/sys/kernel/modules_disabled', '1\n');
  expect(said()).toBe('closed\nloaded nf_tables\nfile kernel/net/dccp/dccp.ko.xz');
});

test('a list that may not be read is not one that is missing', () => {
  mkdirSync(join(root, 'proc/modules'), { recursive: true });
  put(`${modules}/modules.builtin`, '');
  expect(said()).toMatch(/^unread: EISDIR/);
});
