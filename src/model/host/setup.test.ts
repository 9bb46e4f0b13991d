import { expect, test } from 'vitest';
import { hostFromFiles } from './files.ts';
import { fileAt, filesIn, parseFiles } from './host-file.ts';
import { parseModules } from './module.ts';
import { netAdmin, parseProcesses } from './process.ts';
import { parseLosses } from './settings.ts';
import { parseUnits } from './unit.ts';

test('a folder that may not be read makes all that is in it unknown', () => {
  const files = parseFiles(
    '{"path":"/etc/iptables","kind":"folder","mode":448,"uid":0,"gid":0,"modified":1,"unread":"rights"}\n{"path":"/etc/a","kind":"file","mode":420,"uid":0,"gid":0,"modified":1,"text":"x"}',
  );
  if (files === undefined) throw new Error('not understood');
  expect(fileAt(files, '/etc/iptables/rules.v4')).toEqual({
    known: false,
    why: 'only root may read /etc/iptables',
    remedy: 'run palisade as root',
  });
  expect(filesIn(files, '/etc', '/etc/iptables').known).toBe(false);
  expect(fileAt(files, '/etc/b')).toEqual({ known: true, value: null });
  for (const broken of ['{', '[]', '{"path":"/etc/a"}', '{"path":"/a","kind":"pipe","mode":0,"uid":0,"gid":0}']) {
    expect(parseFiles(broken), broken).toBeUndefined();
  }
});

test('a link that was not followed, and a folder with too many files, hide what is behind them', () => {
  const files = parseFiles(
    '{"path":"/backup/iptables","kind":"link","mode":511,"uid":1000,"gid":0,"unread":"it is a link that root did not make"}\n{"path":"/root","kind":"folder","mode":448,"uid":0,"gid":0,"unread":"too many"}\n{"path":"/etc/a","kind":"link","mode":511,"uid":0,"gid":0,"target":"/b","leads":{"path":"/b","mode":420,"uid":7,"gid":8,"folder":{"mode":511,"uid":9,"gid":0}},"text":""}',
  );
  if (files === undefined) throw new Error('not understood');
  expect(filesIn(files, '/backup/iptables').known).toBe(false);
  expect(fileAt(files, '/backup/iptables/rules.v4').known).toBe(false);
  expect(fileAt(files, '/root/rules.v4')).toMatchObject({ why: 'there are more files in /root than palisade looks at' });
  expect(files.get('/etc/a')?.leads).toEqual({
    path: '/b',
    mode: 0o644,
    uid: 7,
    gid: 8,
    folder: { mode: 0o777, uid: 9, gid: 0 },
  });
});

test('processes, with their namespaces as far as they may be seen', () => {
  const text = 'net net:[1] user user:[2]\n1\t0\t1000\tnet:[1]\tuser:[2]\t1\tsystemd\n7\t33\t0\t-\tuser:[9]\t2\todd \tname';
  expect(parseProcesses(text)).toEqual([
    { pid: 1, name: 'systemd', uid: 0, capabilities: netAdmin, ownNetwork: true, ownUsers: true, contained: false },
    { pid: 7, name: 'odd \tname', uid: 33, capabilities: 0n, ownNetwork: null, ownUsers: false, contained: true },
  ]);
  for (const broken of ['', 'net a', `${text}\n8 0 0`]) expect(parseProcesses(broken)).toBeUndefined();
});

test('units that are not there are left out', () => {
  const text = `Id=nftables.service\nLoadState=loaded\nActiveState=failed\nUnitFileState=enabled\n\nId=ufw.service\nLoadState=not-found\nActiveState=inactive\nUnitFileState=\n`;
  expect([...(parseUnits(text) ?? [])]).toEqual([
    ['nftables.service', { name: 'nftables.service', enabled: 'enabled', active: 'failed' }],
  ]);
  expect(parseUnits('systemd 252')).toBeUndefined();
});

test('modules are called as the kernel calls them; a kernel that takes none can load none', () => {
  const text = 'loaded nf_conntrack\nbuiltin kernel/net/can/can.ko\nfile kernel/net/netfilter/nf_conntrack-ftp.ko.xz';
  const open = parseModules(text);
  expect([open?.loaded, open?.builtin, open?.loadable].map((set) => [...(set ?? [])])).toEqual([
    ['nf_conntrack'],
    ['can'],
    ['nf_conntrack_ftp'],
  ]);
  expect(parseModules(`closed\n${text}`)?.loadable.size).toBe(0);
  expect(parseModules('something')).toBeUndefined();
});

test('losses of the connection table are summed over processors, in hexadecimal', () => {
  const head = 'entries  found insert insert_failed drop early_drop search_restart';
  expect(parseLosses(`${head}\n0000000a 0 0 0000000f 00000001 00000000 0\n0000000a 0 0 00000001 00000002 00000010 0\n`)).toEqual({
    insertFailed: 16,
    dropped: 3,
    earlyDropped: 16,
  });
  expect(parseLosses('entries found\n0 0\n')).toBeUndefined();
  expect(parseLosses(`${head}\n0 0 0 x 0 0 0\n`)).toBeUndefined();
});

test('facts files say the same', () => {
  const facts = {
    files: [
      { path: '/etc/iptables/rules.v4', mode: '0600', text: '*filter\n' },
      { path: '/etc/alternatives/iptables', target: '/x' },
      { path: '/a' },
    ],
    processes: [
      { pid: 1, name: 'systemd' },
      { name: 'bpf', uid: 33, netAdmin: true, contained: true },
    ],
    units: [{ name: 'nftables.service', active: 'failed' }],
    modules: { loaded: ['sctp'] },
    auditRules: ['-w /etc/passwd -p wa'],
    conntrackLosses: { dropped: 3 },
  };
  const read = hostFromFiles({ rulesets: [], facts: { file: 'facts.json', text: JSON.stringify(facts) }, readAt: 0 });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const { files, processes, units, modules, auditRules, conntrackLosses } = read.value;
  for (const fact of [files, processes, units, modules, auditRules, conntrackLosses]) expect(fact.known).toBe(true);
  expect(files.known && files.value.get('/etc/iptables/rules.v4')).toMatchObject({
    kind: 'file',
    mode: 0o600,
    uid: 0,
    modified: null,
  });
  expect(files.known && files.value.get('/etc/alternatives/iptables')).toMatchObject({ kind: 'link', target: '/x' });
  expect(files.known && files.value.get('/a')?.text).toMatchObject({ known: false, why: 'the files do not say what /a holds' });
  expect(processes.known && processes.value[1]).toMatchObject({ uid: 33, capabilities: netAdmin, contained: true });
  expect(conntrackLosses).toEqual({ known: true, value: { insertFailed: 0, dropped: 3, earlyDropped: 0 } });
  const bad = hostFromFiles({
    rulesets: [],
    facts: { file: 'facts.json', text: '{"files": [{"path": "/a", "mode": "rw"}]}' },
    readAt: 0,
  });
  expect(!bad.ok && bad.problems[0]?.message).toMatch(/"mode" must be a mode such as "0600"/);
});
