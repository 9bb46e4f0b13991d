import { execFile, execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lchownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fileAt, filesIn, type HostFiles, parseFiles } from '../model/host/host-file.ts';
import { hostFromTexts, type Known } from '../model/host/index.ts';
import { can, value, why } from './inside.fixture.ts';
import { createKernel } from './kernel.ts';
import { readSetup } from './setup-files.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'palisade-setup-'));
  mkdirSync(join(root, 'etc/iptables'), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

async function files(...read: string[]): Promise<HostFiles> {
  const text = await readSetup(root, { read, named: ['/etc/alternatives/*'] });
  if (!text.read) throw new Error(text.detail);
  const parsed = parseFiles(text.text);
  if (parsed === undefined) throw new Error(text.text);
  return parsed;
}

function textOf(told: HostFiles, path: string): Known<string> {
  const file = told.get(path);
  if (file === undefined) throw new Error(`${path} was not told`);
  return file.text;
}

const put = (path: string, text: string): void => writeFileSync(join(root, path), text, 'latin1');

test('what patterns name is told with mode, owner and text, byte for byte; what is not there is not there', async () => {
  put('etc/iptables/rules.v4', '*filter\nCOMMIT\n# \u00ff\n');
  chmodSync(join(root, 'etc/iptables/rules.v4'), 0o640);
  put('etc/iptables/.rules.swp', 'not for us');
  const told = await files('/etc/iptables/*', '/etc/nftables.conf');
  expect([...told.keys()]).toEqual(['/etc/iptables', '/etc/iptables/rules.v4']);
  expect(told.get('/etc/iptables/rules.v4')).toMatchObject({
    kind: 'file',
    mode: 0o640,
    uid: process.geteuid?.(),
    text: { known: true, value: '*filter\nCOMMIT\n# \u00ff\n' },
  });
  expect(value(fileAt(told, '/etc/nftables.conf'))).toBeNull();
  expect(value(filesIn(told, '/etc/iptables')).map(({ path }) => path)).toEqual(['/etc/iptables/rules.v4']);
});

test('pipes, devices and huge files are named, never read; nothing waits for them', async () => {
  execFileSync('mkfifo', [join(root, 'etc/iptables/pipe')]);
  symlinkSync('/dev/zero', join(root, 'etc/iptables/endless'));
  execFileSync('truncate', ['-s', '17M', join(root, 'etc/iptables/huge')]);
  mkdirSync(join(root, 'etc/iptables/below'));
  const told = await files('/etc/iptables/*');
  expect(told.get('/etc/iptables/pipe')?.text).toEqual({ known: true, value: '' });
  expect(told.get('/etc/iptables/endless')).toMatchObject({ kind: 'link', target: '/dev/zero', text: { value: '' } });
  expect(why(textOf(told, '/etc/iptables/huge'))).toMatch(/larger than 16 MiB \| look at \/etc\/iptables\/huge/);
  // What is in a folder that was not listed is not known.
  expect(fileAt(told, '/etc/iptables/below/rules').known).toBe(false);
});

test("a link of root's is followed, one that somebody else made is not", async ({ skip }) => {
  if (process.geteuid?.() !== 0) return skip();
  put('etc/shadow', 'secret');
  put('etc/real', 'rules');
  symlinkSync('/etc/real', join(root, 'etc/iptables/mine'));
  symlinkSync('/etc/shadow', join(root, 'etc/iptables/theirs'));
  // Without another user on this side of a user namespace there is nobody to make one.
  try {
    lchownSync(join(root, 'etc/iptables/theirs'), 65534, 65534);
  } catch {
    return skip();
  }
  const told = await files('/etc/iptables/*');
  expect(told.get('/etc/iptables/mine')?.text).toEqual({ known: true, value: 'rules' });
  expect(why(textOf(told, '/etc/iptables/theirs'))).toMatch(/a link that root did not make/);
});

test('a folder that somebody else can exchange leads to nothing', async ({ skip }) => {
  if (process.geteuid?.() !== 0) return skip();
  mkdirSync(join(root, 'secret'));
  put('secret/iptables.rules', 'secret');
  mkdirSync(join(root, 'backup'));
  symlinkSync('/secret', join(root, 'backup/iptables'));
  symlinkSync('../secret', join(root, 'etc/ipset'));
  mkdirSync(join(root, 'open'));
  chmodSync(join(root, 'open'), 0o777);
  symlinkSync('/secret', join(root, 'open/roots'));
  symlinkSync('/open/roots', join(root, 'etc/behind'));
  linkSync(join(root, 'secret/iptables.rules'), join(root, 'open/iptables.rules'));
  const told = await files('/etc/ipset/*', '/open/*', '/open/roots/*', '/etc/behind/*');
  expect(value(fileAt(told, '/etc/ipset/iptables.rules'))?.text).toEqual({ known: true, value: 'secret' });
  expect(told.get('/etc/ipset')).toMatchObject({ kind: 'link', leads: { path: '/secret' } });
  expect(why(textOf(told, '/open/iptables.rules'))).toContain('it has other names');
  for (const folder of ['/open/roots', '/etc/behind']) {
    expect(why(filesIn(told, folder)), folder).toContain('a link in a folder where others may put one');
    expect(told.has(`${folder}/iptables.rules`)).toBe(false);
  }
  try {
    lchownSync(join(root, 'backup/iptables'), 65534, 65534);
    chownSync(join(root, 'backup'), 65534, 65534);
  } catch {
    return skip();
  }
  const theirs = await files('/backup/iptables/*', '/backup/iptables/iptables.rules');
  expect([...theirs.keys()]).toEqual(['/backup/iptables']);
  expect(why(filesIn(theirs, '/backup/iptables'))).toContain('a link that root did not make');
  expect(fileAt(theirs, '/backup/iptables/iptables.rules').known).toBe(false);
});

test('where a link leads is told with its owner and folder', async () => {
  mkdirSync(join(root, 'home'), 0o750);
  put('home/rules.v4', 'rules');
  chmodSync(join(root, 'home/rules.v4'), 0o604);
  symlinkSync('../../home/rules.v4', join(root, 'etc/iptables/rules.v4'));
  const told = await files('/etc/iptables/*');
  expect(told.get('/etc/iptables/rules.v4')).toMatchObject({
    target: '../../home/rules.v4',
    leads: { path: '/home/rules.v4', mode: 0o604, uid: process.geteuid?.(), folder: { mode: 0o750 } },
    text: { known: true, value: 'rules' },
  });
});

test('what the kernel makes when it is asked is not read by a pattern', async () => {
  const read = await readSetup('', { read: ['/proc/self/st?tus', '/proc/cmdline'], named: [] });
  const told = (read.read && parseFiles(read.text)) || undefined;
  expect(told?.get('/proc/cmdline')?.text.known).toBe(true);
  symlinkSync('/proc/self/pagemap', join(root, 'etc/iptables/pagemap'));
  const own = await readSetup('', { read: [`${root}/etc/iptables/*`], named: [] });
  const linked = ((own.read && parseFiles(own.text)) || undefined)?.get(`${root}/etc/iptables/pagemap`);
  expect(linked && why(linked.text)).toMatch(/no file of a disk|rights|only root/);
});

test('the nearest folder above a closed one says that what is in it is not known', async ({ skip }) => {
  if (process.geteuid?.() === 0) return skip();
  mkdirSync(join(root, 'root/backup'), { recursive: true });
  put('root/backup/iptables.rules', 'x');
  chmodSync(join(root, 'root'), 0o600);
  const told = await files('/root/backup/*', '/root/iptables.rules');
  chmodSync(join(root, 'root'), 0o700);
  expect(why(filesIn(told, '/root/backup'))).toContain('only root may read /root');
  expect(fileAt(told, '/root/iptables.rules').known).toBe(false);
});

test('of a folder with very many files it is not known what else is there', async () => {
  for (let n = 0; n < 2001; n += 1) put(`etc/iptables/${String(n).padStart(4, '0')}`, '');
  const told = await files('/etc/iptables/*', '/etc/iptables.rules');
  expect(told.size).toBe(2001);
  expect(why(filesIn(told, '/etc/iptables'))).toContain('more files in /etc/iptables than palisade looks at');
  expect(value(fileAt(told, '/etc/iptables.rules'))).toBeNull();
});

test('files that come and go while they are read spoil nothing', async () => {
  const path = join(root, 'etc/iptables/link');
  const worker = execFile('sh', ['-c', `while :; do ln -sf x "$0"; rm -rf "$0"; done`, path]);
  try {
    for (let n = 0; n < 30; n += 1) await files('/etc/iptables/*');
  } finally {
    worker.kill();
  }
});

test('links are only named where their place is all that is asked', async () => {
  mkdirSync(join(root, 'etc/alternatives'));
  symlinkSync('/usr/sbin/iptables-nft', join(root, 'etc/alternatives/iptables'));
  expect((await files()).get('/etc/alternatives/iptables')?.target).toBe('/usr/sbin/iptables-nft');
});

test('what this very machine says of itself is what its files say', async () => {
  const kernel = createKernel();
  await using ns = await kernel.namespace();
  const host = hostFromTexts(await kernel.read({ namespace: ns }));
  const told = value(host.files);
  expect(told.size).toBeGreaterThan(5);
  for (const { path, kind, text } of told.values()) {
    if (kind === 'file' && text.known && !path.startsWith('/proc/') && text.value !== '') {
      expect(text.value, path).toBe(readFileSync(path, 'latin1'));
    }
  }
  const processes = value(host.processes);
  const self = processes.find(({ pid }) => pid === process.pid);
  // It reads a namespace in which it is not itself.
  expect(self).toMatchObject({ uid: process.geteuid?.(), ownNetwork: false, ownUsers: true, contained: false });
  expect(processes.find(({ pid }) => pid === ns.pid)?.ownNetwork).toBe(true);
  expect(processes.some(({ name }) => name === 'kthreadd')).toBe(false);
  const { modules } = host;
  expect(modules.known).toBe(await can(ns, 'test -f /lib/modules/$(uname -r)/modules.builtin'));
  if (modules.known) expect(modules.value.loaded.size > 0).toBe(await can(ns, 'test -s /proc/modules'));
  if (await can(ns, 'test -f /proc/net/stat/nf_conntrack')) {
    expect(value(host.conntrackLosses)).toEqual({ insertFailed: 0, dropped: 0, earlyDropped: 0 });
  }
});
