import { describe, expect, it } from 'vitest';
import { checks } from '../checks/index.ts';
import { profiles } from '../profiles/index.ts';
import { checksFor, controlsIn, mappedChecks, referencesOf, type StandardKey, standards, standardsOf } from './index.ts';

describe('standards', () => {
  it('are mapped for every check that is written', () => {
    expect(checks.map(({ id }) => id).filter((id) => !mappedChecks.includes(id))).toEqual([]);
  });

  it('have names of their own', () => {
    const titles = Object.values(standards).map(({ title }) => title);
    expect(new Set(titles).size).toBe(titles.length);
  });

  it('say the edition of every number, and which are from memory', () => {
    expect(referencesOf('FW-BASE-01')[0]).toEqual({ standard: 'cisDebian12', version: 'v1.1.0', control: '4.4.2.1' });
    expect(referencesOf('FW-BASE-01')[1]).toEqual({ standard: 'cisUbuntu2204', version: 'v2.0.0', control: '4.3.2.1' });
    expect(referencesOf('FW-CAP-01')).toEqual([
      { standard: 'stigRhel9', version: null, control: 'RHEL-09-213105', recalled: true },
    ]);
    expect(referencesOf('FW-V6-01').find(({ standard }) => standard === 'nist80041')?.recalled).toBe(true);
  });

  it('are said as findings say them', () => {
    expect(standardsOf('FW-BASE-04')).toContain('CIS Debian 12 4.4.2.2');
    expect(standardsOf('FW-NONE-99')).toEqual([]);
    expect(standardsOf('constructor')).toEqual([]);
  });

  it('ask for no control twice by one check, nor by one list', () => {
    for (const id of mappedChecks) expect(new Set(standardsOf(id)).size, id).toBe(standardsOf(id).length);
    for (const key of Object.keys(standards) as StandardKey[]) {
      const controls = controlsIn(key).map(({ control }) => control);
      expect(new Set(controls).size, key).toBe(controls.length);
    }
  });

  it('count the firewall controls that each benchmark has', () => {
    const ofFirewall = (key: StandardKey) => controlsIn(key).filter(({ control }) => control.startsWith('4.'));
    expect(ofFirewall('cisDebian12')).toHaveLength(29);
    expect(ofFirewall('cisUbuntu2204')).toHaveLength(28);
    expect(controlsIn('pciDss4').filter(({ control }) => control.startsWith('1.'))).toHaveLength(19);
  });

  it('are sorted by number', () => {
    const controls = controlsIn('cisDebian12').map(({ control }) => control);
    expect(controls.indexOf('4.3.9')).toBe(controls.indexOf('4.3.10') - 1);
    expect(controls.indexOf('4.4.2.4')).toBe(controls.indexOf('4.4.3.1') - 1);
  });

  it('know which checks answer to a control', () => {
    expect(checksFor('cisDebian12', '4.4.2.1')).toEqual(['FW-BASE-01', 'FW-BASE-02', 'FW-BASE-03']);
  });
});

describe('profiles', () => {
  it.each(Object.values(profiles))('$name names only checks that there are', ({ severities, leavesOut }) => {
    expect([...Object.keys(severities), ...Object.keys(leavesOut)].filter((id) => !mappedChecks.includes(id))).toEqual([]);
  });

  it.each(Object.entries(profiles))('%s is called so', (key, { name }) => {
    expect(name).toBe(key);
  });
});
