import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../model/net/index.ts';
import { parseScript } from '../../model/ruleset/script/index.ts';
import { exampleHost } from '../example-host.ts';
import type { ScriptExample } from './check.ts';
import { session } from './examples.ts';
import { scriptChecks } from './index.ts';
import { type Prepared, scriptSubjectOf } from './subject.ts';

function prepared({ script, v4, v6, facts, peer }: ScriptExample): Prepared {
  const host = exampleHost({
    ...(v4 !== undefined && { v4 }),
    ...(v6 !== undefined && { v6 }),
    facts: facts ?? session('203.0.113.66', '198.51.100.10'),
  });
  const parsed = parseScript(script, { file: 'example.sh' });
  if (!parsed.ok) throw new Error(parsed.problems[0]?.message);
  const address = peer === undefined ? undefined : parseAddress(peer);
  return scriptSubjectOf({ host, script: parsed.value, peer: address === undefined ? null : { peer: address } });
}

for (const check of scriptChecks) {
  describe(`${check.id}: ${check.title}`, () => {
    for (const example of check.examples) {
      it(example.title, () => {
        const { subject } = prepared(example);
        const { findings, unknown } = check.run(subject);
        const said = findings.map(({ title, why }) => `${title}\n${why}`).join('\n');
        expect(
          findings.map(({ severity, certainty, title, at }) => {
            const lines = [...title.matchAll(/\b[Ll]ine (\d+)/g)].map(([, line]) => line);
            const shown = check.id === 'FW-OPS-02' ? at.map(({ line }) => line) : lines;
            return `${severity} ${certainty} ${shown.join(',')}`;
          }),
          said,
        ).toEqual(example.finds);
        expect(unknown.map(({ why }) => why)).toHaveLength(example.unknown ?? 0);
        for (const finding of findings) expect(finding.id).toBe(check.id);
      });
    }
  });
}

describe('the catalogue of scripts', () => {
  it('has each id once, in order', () => {
    const ids = scriptChecks.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)].sort());
  });

  it('shows for every check a script that makes it fire, one that does not, and one that it cannot answer', () => {
    for (const { id, examples } of scriptChecks) {
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
