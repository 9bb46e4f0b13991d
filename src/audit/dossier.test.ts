import { describe, expect, it } from 'vitest';
import type { AcceptedRisk } from './accepted.ts';
import type { Dossier } from './dossier.ts';
import { filter, guide, hardened4, hardened6, inverted, oneLink } from './examples.ts';
import { profiles } from './profiles/index.ts';
import { digest, dossierFor, risk } from './reports/dossier.fixture.ts';

const ids = ({ findings }: Pick<Dossier, 'findings'>): readonly string[] =>
  findings.map(({ finding }) => `${finding.severity} ${finding.id}`);

describe('a profile', () => {
  it('raises what it must not leave open, and says nothing else differently', () => {
    const usual = ids(dossierFor({ v4: guide, v6: hardened6 }));
    const strict = ids(dossierFor({ v4: guide, v6: hardened6 }, { profile: profiles.pci }));
    expect(usual).toContain('low FW-BASE-03');
    expect(strict).toContain('high FW-BASE-03');
    const raised = /FW-(BASE-03|EGR-01|STYLE-02)/;
    expect(strict).toContain('high FW-EGR-01');
    const rest = (list: readonly string[]) => list.filter((line) => !raised.test(line)).sort();
    expect(rest(strict)).toEqual(rest(usual));
  });

  it('keeps how much graver or milder a check said that it is', () => {
    const forwarding = (on: string) =>
      ids(
        dossierFor(
          { v4: filter([], { FORWARD: 'ACCEPT' }), facts: { ...oneLink, sysctls: { 'net.ipv4.ip_forward': on } } },
          { profile: profiles.router },
        ),
      ).filter((line) => line.includes('FW-BASE-02'));
    expect(forwarding('1')).toEqual(['critical FW-BASE-02']);
    expect(forwarding('0')).toEqual(['high FW-BASE-02']);
  });

  it('asks only what its standards ask for, where it says so', () => {
    const { checks, findings } = dossierFor({ v4: guide }, { profile: profiles.stig });
    expect(checks.map(({ check }) => check.id)).toContain('FW-RATE-01');
    expect(checks.map(({ check }) => check.id)).not.toContain('FW-BASE-04');
    expect(findings.map(({ finding }) => finding.id)).not.toContain('FW-BASE-04');
  });
});

describe('a control', () => {
  const outcomes = (v4: string | null, v6: string | null, risks: readonly AcceptedRisk[] = []) => {
    const { controls } = dossierFor({ v4, v6 }, { profile: profiles.cis, risks });
    return new Map(controls.filter(({ standard }) => standard === 'cisDebian12').map((row) => [row.control, row]));
  };

  it('fails where one of its checks finds something, in its own family', () => {
    const rows = outcomes(guide, hardened6);
    expect(rows.get('4.4.2.2')?.outcome).toBe('fail');
    expect(rows.get('4.4.3.2')?.outcome).not.toBe('fail');
  });

  it('passes where all of them find nothing', () => {
    expect(outcomes(hardened4, hardened6).get('4.4.3.1')?.outcome).toBe('pass');
    expect(outcomes(hardened4, hardened6).get('4.4.2.1')?.outcome).toBe('pass');
  });

  it('is unknown where one of them could not be answered', () => {
    expect(outcomes(hardened4, null).get('4.4.3.1')?.outcome).toBe('unknown');
  });

  it('is left to a person where the standard does, or nothing answers to it', () => {
    expect(outcomes(hardened4, hardened6).get('4.4.2.3')).toMatchObject({ outcome: 'manual' });
    const { controls } = dossierFor({ v4: hardened4, v6: hardened6 }, { profile: profiles.pci });
    expect(controls.find(({ control }) => control === '1.2.3')?.outcome).toBe('manual');
  });

  it('is not applicable where it is written for another firewall, and unknown where nobody knows which there is', () => {
    expect(outcomes(guide, hardened6).get('4.2.7')?.outcome).toBe('not applicable');
    expect(outcomes(filter([':ufw-user-input - [0:0]']), hardened6).get('4.2.7')?.outcome).toBe('manual');
    expect(outcomes(null, null).get('4.2.7')?.outcome).toBe('unknown');
  });

  it('fails on, when somebody answers for it', () => {
    const row = outcomes(guide, hardened6, [risk('FW-BASE-04')]).get('4.4.2.2');
    expect(row).toMatchObject({ outcome: 'fail', why: 'FW-BASE-04 found something that was accepted' });
  });
});

describe('an accepted risk', () => {
  const dossier = (...risks: readonly AcceptedRisk[]) => dossierFor({ v4: guide, v6: hardened6 }, { risks });
  const plain = dossier();

  it('takes its finding out of what counts, and shows it apart', () => {
    const { findings, accepted, score } = dossier(risk('FW-BASE-04'));
    expect(ids({ findings })).toEqual(ids(plain).filter((line) => !line.includes('FW-BASE-04')));
    expect(accepted.map(({ filed }) => filed.finding.id)).toEqual(['FW-BASE-04']);
    // The guide has worse faults than that.
    expect(score).toBeGreaterThanOrEqual(plain.score ?? 100);
    const mild = { v4: hardened4.replace('-A INPUT -i lo -j ACCEPT\n', ''), v6: hardened6 };
    expect(dossierFor(mild, { risks: [risk('FW-BASE-04')] }).score).toBeGreaterThan(dossierFor(mild).score ?? 100);
  });

  it('leaves confidence as it is', () => {
    expect(dossier(risk('FW-BASE-04')).confidence).toBe(plain.confidence);
  });

  it('holds to the end of its last day, counts again after, and says so', () => {
    const on = (expires: string) => dossier(risk('FW-BASE-04', { expires }));
    expect(on('2026-11-30').accepted).toHaveLength(1);
    const over = on('2026-11-29');
    expect(ids(over)).toEqual(ids(plain));
    expect(over.score).toBe(plain.score);
    expect(over.expired).toMatchObject([{ risk: { check: 'FW-BASE-04' }, findings: [{ finding: { id: 'FW-BASE-04' } }] }]);
    expect(over.unused).toEqual([]);
  });

  it('that fits nothing is said', () => {
    expect(dossier(risk('FW-BACK-01')).unused).toHaveLength(1);
    expect(dossier(risk('FW-BASE-04', { where: { family: 6 } })).unused).toHaveLength(1);
  });

  it('fits by family, table, chain, port and fingerprint, and all that is said must be so', () => {
    const [ssh] = plain.findings.filter(({ finding }) => finding.id === 'FW-RATE-01');
    const fits = (where: AcceptedRisk['where']) => dossier(risk('FW-RATE-01', { where })).accepted.length === 1;
    expect(fits({ family: 4 })).toBe(true);
    expect(fits({ family: 6 })).toBe(false);
    expect(fits({ table: 'filter', chain: 'INPUT' })).toBe(true);
    expect(fits({ table: 'filter', chain: 'OUTPUT' })).toBe(false);
    expect(fits({ port: '22/tcp' })).toBe(true);
    expect(fits({ port: '22/udp' })).toBe(false);
    expect(fits({ port: '2222/tcp' })).toBe(false);
    expect(fits({ finding: ssh?.fingerprint.slice(0, 8) })).toBe(true);
    expect(fits({ finding: '00000000' })).toBe(false);
    expect(fits({ port: '22/tcp', chain: 'OUTPUT' })).toBe(false);
  });

  it('of one port does not answer for a finding about two', () => {
    const facts = (...ports: readonly number[]) => ({
      ...oneLink,
      listeners: ports.map((port) => ({ proto: 'tcp', port, address: '0.0.0.0' })),
    });
    const risks = [risk('FW-EXP-06', { where: { port: '8443/tcp' } })];
    expect(dossierFor({ v4: inverted, facts: facts(8443) }, { risks }).accepted).toHaveLength(1);
    expect(dossierFor({ v4: inverted, facts: facts(8443, 3306) }, { risks }).accepted).toHaveLength(0);
  });
});

describe('evidence', () => {
  it('has the hash of each text as it was read, and says what was not', () => {
    const { evidence } = dossierFor({ v4: guide, v6: null, facts: { ...oneLink, kernel: '6.1.0' } });
    expect(evidence.rulesets).toMatchObject([
      { read: true, family: 4, sha256: digest(guide), rules: 8, bytes: guide.length },
      { read: false, family: 6 },
    ]);
    expect(evidence).toMatchObject({ host: 'example', kernel: expect.stringContaining('6.1.0'), origin: 'files' });
  });
});
