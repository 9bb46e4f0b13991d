import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createAttribution } from './attribution.ts';
import { openAuditLog } from './audit-log.ts';
import { auditedChanges } from './audit-records.ts';

const log = readFileSync(new URL('../../../testdata/audit/auditd.log', import.meta.url), 'latin1');
const folder = mkdtempSync(join(tmpdir(), 'palisade-audit-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('records of audit', () => {
  it('say what changed, and who changed it', () => {
    expect(auditedChanges(log).map(({ actor, ...change }) => ({ ...change, pid: actor.pid }))).toEqual([
      { at: 1796065510056, table: 'filter', family: 2, entries: 3, operation: 'nft_register_chain', generation: 2, pid: 19783 },
      { at: 1796065510056, table: 'filter', family: 10, entries: 0, operation: 'xt_register', generation: null, pid: 19784 },
      { at: 1796065510056, table: 'filter', family: 10, entries: 4, operation: 'xt_replace', generation: null, pid: 19784 },
      { at: 1796065510060, table: 'filter', family: 10, entries: 5, operation: 'xt_replace', generation: null, pid: 19785 },
      { at: 1796065510060, table: 'filter', family: 2, entries: 2, operation: 'nft_register_chain', generation: 3, pid: 19787 },
      { at: 1796065510060, table: 'other', family: 1, entries: 4, operation: 'nft_register_chain', generation: 4, pid: 19788 },
      { at: 1796065510092, table: 'filter', family: 10, entries: 5, operation: 'xt_unregister', generation: null, pid: 22172 },
    ]);
    expect(auditedChanges(log)[0]?.actor).toEqual({
      pid: 19783,
      program: 'iptables',
      exe: '/usr/sbin/xtables-nft-multi',
      command: ['iptables', '-A', 'INPUT', '-s', '203.0.113.9', '-m', 'comment', '--comment', 'two words', '-j', 'ACCEPT'],
      uid: 0,
      loginUid: 1000,
      parents: [{ pid: 19782, program: '', command: [], uid: null }],
    });
  });

  it('name nobody on behalf of a thread of the kernel', () => {
    expect(auditedChanges(log).at(-1)?.actor).toMatchObject({ program: 'kworker/u8:1', exe: null, uid: null, loginUid: null });
  });

  it('are none where a message only looks like one, or a line is torn', () => {
    expect(log).toContain('comm="innocent"');
    expect(auditedChanges(log).some(({ actor }) => actor.program === 'innocent')).toBe(false);
    for (let cut = 0; cut < log.length; cut += 97) auditedChanges(log.slice(cut, cut + 700));
    expect(auditedChanges('type=NETFILTER_CFG msg=audit(1.5:1): \ntype=NETFILTER_CFG msg=audit(x): table=a')).toHaveLength(1);
  });
});

describe('the log of auditd', () => {
  const path = join(folder, 'audit.log');
  const lines = log.split('\n');

  it('is none where there is no file', () => {
    expect(openAuditLog(join(folder, 'nosuch'))).toBe(null);
  });

  it('is looked into from its end on, and goes on in another file', () => {
    writeFileSync(path, lines.slice(0, 6).join('\n'));
    using opened = openAuditLog(path);
    if (opened === null) throw new Error('not opened');
    expect(opened.since(0)).toEqual([]);
    appendFileSync(path, `\n${lines.slice(6, 12).join('\n')}\n`);
    expect(opened.since(0).map(({ operation }) => operation)).toEqual(['xt_register', 'xt_replace']);
    renameSync(path, `${path}.1`);
    writeFileSync(path, `${lines.slice(12, 15).join('\n')}\n`);
    expect(opened.since(0).map(({ entries }) => entries)).toEqual([0, 4, 5]);
    expect(opened.since(1796065510060).map(({ entries }) => entries)).toEqual([5]);
    truncateSync(path);
    appendFileSync(path, `${lines.slice(15, 16).join('\n')}\n`);
    expect(opened.since(0).at(-1)).toMatchObject({ generation: 3 });
  });

  it('tells who made a transaction, and who wrote a table as it was known to be', () => {
    writeFileSync(path, '');
    using attribution = createAttribution(null, openAuditLog(path));
    appendFileSync(path, log);
    const commit = { generation: 3, pid: 19787, program: 'iptables-restor', touched: [], more: false };
    expect(attribution.auditedCommit(commit)).toMatchObject({ how: 'audited', processes: [{ pid: 19787, loginUid: 1000 }] });
    // Another namespace has transactions of the same number.
    expect(attribution.auditedCommit({ ...commit, pid: 1 })).toBe(null);
    const since = { steady: 0, wall: 1796065510000 };
    const difference = { family: 6, table: 'filter', what: 'rules', entriesBefore: 5 } as const;
    expect(attribution.ofLegacy(difference, since)).toMatchObject({ how: 'audited', processes: [{ pid: 19785 }] });
    expect(attribution.ofLegacy({ ...difference, entriesBefore: 4 }, since).processes.map(({ pid }) => pid)).toEqual([
      19784, 19785,
    ]);
    expect(attribution.ofLegacy({ ...difference, entriesBefore: 70 }, since)).toEqual({ how: 'unknown', processes: [] });
    expect(attribution.ofLegacy({ ...difference, table: 'nat' }, since).how).toBe('unknown');
    expect(attribution.ofLegacy(difference, { ...since, wall: 1796065511000 }).how).toBe('unknown');
  });
});
