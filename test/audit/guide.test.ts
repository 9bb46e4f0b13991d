import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { AuditAnswerJson } from '../../src/verbs/index.ts';

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'palisade-guide-'));
afterAll(() => rmSync(folder, { recursive: true }));

const guide = readFileSync(join(root, 'testdata/scripts/guide.sh'), 'latin1');
const firstAccept = /^.*-A INPUT -p tcp --dport 22 -j ACCEPT\n/m;

/** What palisade says of a machine on which somebody has typed the script. */
function auditAfter(script: string, name: string): AuditAnswerJson {
  const [typed, output, systemd] = ['sh', 'json', ''].map((end) => join(folder, end === '' ? 'systemd' : `${name}.${end}`));
  writeFileSync(typed as string, script, 'latin1');
  copyFileSync('/bin/sh', systemd as string);
  const machine = join(import.meta.dirname, 'machine.sh');
  const argv = ['-n', '-p', '-m', '-f', '--mount-proc', systemd, machine, process.execPath, typed, output] as string[];
  const { status, stderr } = spawnSync('unshare', argv, { encoding: 'utf8', timeout: 90_000 });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(readFileSync(output as string, 'utf8'));
}

/** Findings as `ID family rules`. */
function said({ findings }: AuditAnswerJson): readonly string[] {
  return findings.map(({ id, family, at }) => `${id} ${family} ${at.map(({ rule }) => rule).join(',')}`);
}

/** A packet of every finding that one can show, through the machine's own rules on the running kernel. */
function proofs({ findings }: AuditAnswerJson): readonly string[] {
  return findings.flatMap(({ id, title, witness, proof }) => {
    if (witness === null) return [];
    return proof?.ran === true && proof.agrees ? [] : [`${id} ${title}: ${JSON.stringify(proof)}`];
  });
}

describe('the guide, typed on a machine with servers', () => {
  const answer = auditAfter(guide, 'guide');

  it('has what it did wrong and forgot named', () => {
    expect(said(answer)).toEqual(
      expect.arrayContaining([
        // G1: its first rule makes these dead.
        ...[5, 6, 7, 8].map((rule) => `FW-ANOM-01 4 ${rule}`),
        'FW-EXP-02 4 1',
        'FW-BASE-04 4 policy', // G2
        'FW-BASE-05 4 policy', // G3
        'FW-V6-01 6 policy', // G4
        'FW-V6-03 6 policy',
        'FW-LOG-05 4 4', // G7
        'FW-ICMP-01 4 policy', // G9
        'FW-PERS-01 4 ', // G11
        'FW-SPOOF-02 4 1', // G17
        'FW-STATE-03 4 1', // G18
        'FW-STATE-04 4 1',
        'FW-EXP-05 4 3', // G19
        'FW-RATE-05 4 2', // G20
        'FW-EGR-01 4 policy', // G21
      ]),
    );
    for (const { id, causedBy } of answer.findings)
      if (id === 'FW-ANOM-01') expect(causedBy).toMatchObject([{ chain: 'INPUT', rule: 1 }]);
  });

  it('is not believed to limit SSH, or to restrict it', () => {
    expect(said(answer)).toContain('FW-RATE-01 4 1');
    const ssh = answer.findings.find(({ id, family }) => id === 'FW-EXP-02' && family === 4);
    expect(ssh?.witness).toMatchObject({ verdict: 'ACCEPT', decidedBy: { chain: 'INPUT', rule: 1 } });
    expect(said(answer)).not.toContain('FW-LOG-02 4 4');
  });

  it('has every claim about packets confirmed by the kernel', () => {
    expect(answer.findings.filter(({ witness }) => witness !== null).length).toBeGreaterThan(25);
    expect(proofs(answer)).toEqual([]);
  });
});

describe('without its first accept', () => {
  const answer = auditAfter(guide.replace(firstAccept, ''), 'without');

  it('its other rules live, and do other harm', () => {
    const ids = said(answer).map((line) => line.split(' ').slice(0, 2).join(' '));
    expect(ids.filter((id) => id === 'FW-ANOM-01 4')).toEqual([]);
    // G14, G15, G16, and what its log and its trust in an address are worth then.
    expect(ids).toEqual(expect.arrayContaining(['FW-RATE-03 4', 'FW-RATE-02 4', 'FW-RATE-04 4', 'FW-LOG-02 4', 'FW-SPOOF-01 4']));
    expect(ids).not.toContain('FW-EXP-02 4');
    expect(proofs(answer)).toEqual([]);
  });
});

it('read as a script it names its first command as the one that cuts its reader off, and who is locked out as it is meant', () => {
  const audit = (script: string): string => {
    const file = join(folder, 'script.sh');
    writeFileSync(file, script, 'latin1');
    const argv = ['audit', '--script', file, '--fresh', '--peer', '203.0.113.66', '--no-color'];
    return spawnSync(join(root, 'bin/palisade'), argv, { encoding: 'utf8', cwd: root }).stdout;
  };
  expect(audit(guide)).toMatch(/FW-OPS-01[\s\S]*iptables -P INPUT DROP/);
  // G6: everybody but one address.
  expect(audit(guide)).not.toContain('FW-OPS-02');
  expect(audit(guide.replace(firstAccept, ''))).toContain('FW-OPS-02');
});
