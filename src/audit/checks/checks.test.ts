import { describe, expect, it } from 'vitest';
import { exampleHost } from '../example-host.ts';
import { subjectOf } from '../subject.ts';
import { checks } from './index.ts';

for (const check of checks) {
  describe(`${check.id}: ${check.title}`, () => {
    for (const example of check.examples) {
      it(example.title, () => {
        const host = exampleHost(example);
        const { findings, unknown } = check.run(subjectOf(host));
        const said = findings.map(({ title, why }) => `${title}\n${why}`).join('\n');
        expect(
          findings.map(({ severity, family }) => `${severity} ${family}`),
          said,
        ).toEqual(example.finds);
        expect(
          unknown.map(({ why }) => why),
          'unknown answers',
        ).toHaveLength(example.unknown ?? 0);
        for (const finding of findings) {
          expect(finding.id).toBe(check.id);
          expect(finding.refs).toEqual(check.refs);
        }
      });
    }
  });
}

describe('the catalogue', () => {
  it('has each id once, in order', () => {
    const ids = checks.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)].sort());
  });

  it('shows for every check a ruleset that makes it fire and one that does not', () => {
    for (const { id, examples } of checks) {
      expect(
        examples.some(({ finds }) => finds.length > 0),
        `${id} fires`,
      ).toBe(true);
      expect(
        examples.some(({ finds, unknown }) => finds.length === 0 && unknown === undefined),
        `${id} is silent`,
      ).toBe(true);
      expect(
        examples.some(({ unknown }) => (unknown ?? 0) > 0),
        `${id} says unknown`,
      ).toBe(true);
    }
  });
});
