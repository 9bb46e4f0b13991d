import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { sliceOf } from '../../../test/slice.ts';
import type { Check } from '../check.ts';
import { checks } from '../checks/index.ts';
import { empty, filter, guide, guideTwice, hardened4, hardened6, inverted, oneLink } from '../examples.ts';
import { profiles } from '../profiles/index.ts';
import { digest, dossierFor, dossierOfExample, hostile, risk } from './dossier.fixture.ts';
import { sarif } from './sarif.ts';

const schema = JSON.parse(
  readFileSync(new URL('../../../testdata/schemas/sarif-schema-2.1.0.json', import.meta.url), 'utf8'),
) as Record<string, unknown>;
// Its draft-04 words mean the same to draft-07, but for the two that name it.
delete schema['$schema'];
delete schema['id'];
const validate = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(schema);

function faultsOf(document: string): unknown {
  return validate(JSON.parse(document)) ? [] : validate.errors;
}

interface Run {
  readonly artifacts: { location: { uri: string }; hashes: Record<string, string>; contents: { text: string } }[];
  readonly results: {
    ruleId: string;
    ruleIndex: number;
    kind: string;
    level: string;
    message: { text: string };
    locations?: {
      physicalLocation?: {
        artifactLocation: { uri: string; index?: number };
        region: { startLine: number; snippet?: { text: string } };
      };
    }[];
    relatedLocations?: { physicalLocation: { region: { startLine: number } }; message: { text: string } }[];
    partialFingerprints?: Record<string, string>;
    suppressions?: { kind: string; justification: string }[];
  }[];
  readonly tool: { driver: { rules: { id: string; properties: { tags: string[] } }[] } };
  readonly properties: { passed: string[] };
  readonly invocations: { toolExecutionNotifications: { message: { text: string } }[] }[];
}

function runOf(document: string): Run {
  return (JSON.parse(document) as { runs: [Run] }).runs[0];
}

const hosts = { empty, guide, guideTwice, hardened4, inverted, hostile, unread: null };

describe('the schema of OASIS', () => {
  it.each(Object.keys(hosts) as (keyof typeof hosts)[])('takes the report of %s, in every profile', (name) => {
    for (const profile of Object.values(profiles)) {
      const risks = [risk('FW-BASE-03'), risk('FW-BASE-04', { expires: '2020-01-01' }), risk('FW-RATE-01')];
      const document = sarif.write(dossierFor({ v4: hosts[name], v6: hardened6 }, { profile, risks }));
      expect(faultsOf(document), profile.name).toEqual([]);
    }
  });

  // A validator that says yes to all would prove nothing.
  it('does not take a result without a message', () => {
    const log = JSON.parse(sarif.write(dossierFor({ v4: guide }))) as { runs: { results: { message?: unknown }[] }[] };
    delete log.runs[0]?.results[0]?.message;
    expect(faultsOf(JSON.stringify(log))).not.toEqual([]);
  });

  it('takes the report of every check: where it finds something, nothing, and where it cannot know', () => {
    for (const { check, example } of sliceOf(checks.flatMap(kindsOf), 3)) {
      expect(faultsOf(sarif.write(dossierOfExample(check, example))), `${check.id}: ${example.title}`).toEqual([]);
    }
  }, 120_000);
});

/** One of its examples each. */
function kindsOf(check: Check) {
  const kinds = Map.groupBy(check.examples, ({ finds, unknown = 0 }) => `${finds.length > 0} ${unknown > 0}`);
  return [...kinds.values()].flatMap(([example]) => (example === undefined ? [] : [{ check, example }]));
}

describe('a result', () => {
  const run = runOf(sarif.write(dossierFor({ v4: guideTwice, v6: hardened6 })));
  const repeated = run.results.filter(({ ruleId }) => ruleId === 'FW-ANOM-02');

  it('points into the text that was read', () => {
    const text = run.artifacts[0]?.contents.text.split('\n') ?? [];
    expect(repeated.length).toBeGreaterThan(0);
    for (const { locations } of run.results) {
      for (const { physicalLocation } of locations ?? []) {
        if (physicalLocation === undefined || physicalLocation.artifactLocation.index !== 0) continue;
        const { startLine, snippet } = physicalLocation.region;
        if (snippet === undefined) continue;
        const line = text[startLine - 1] ?? '';
        expect([snippet.text, `:${snippet.text.slice(3)} [0:0]`]).toContain(line);
      }
    }
    expect(run.artifacts[0]?.hashes['sha-256']).toBe(digest(guideTwice));
  });

  it('names the rules that cause it', () => {
    expect(repeated[0]?.relatedLocations?.[0]?.physicalLocation.region.startLine).toBe(5);
  });

  it('says which rule of the tool it is of', () => {
    for (const { ruleId, ruleIndex } of run.results) expect(run.tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
  });

  it('is open for a check that could not be answered, and only failures have a level', () => {
    const { results, invocations, properties } = runOf(sarif.write(dossierFor({ v4: hardened4, v6: null })));
    expect(results.find(({ ruleId }) => ruleId === 'FW-V6-01')).toMatchObject({ kind: 'open', level: 'none' });
    expect(results.filter(({ kind, level }) => kind !== 'fail' && level !== 'none')).toEqual([]);
    expect(invocations[0]?.toolExecutionNotifications.map(({ message }) => message.text).join()).toContain('FW-V6-01');
    expect(properties.passed).toContain('FW-BASE-01');
  });

  it('is of no check that passed, and has a place, since code scanning wants both', () => {
    for (const v4 of [empty, hardened4, null]) {
      const { results, properties } = runOf(sarif.write(dossierFor({ v4, v6: null })));
      expect(results.filter(({ ruleId }) => properties.passed.includes(ruleId))).toEqual([]);
      for (const { locations } of results) {
        expect(locations?.[0]?.physicalLocation?.artifactLocation.uri).toMatch(/./);
        expect(locations?.[0]?.physicalLocation?.region.startLine).toBeGreaterThan(0);
      }
    }
  });

  it('says who accepted it, why and until when', () => {
    const { results } = runOf(sarif.write(dossierFor({ v4: guide, v6: hardened6 }, { risks: [risk('FW-BASE-03')] })));
    expect(results.find(({ ruleId }) => ruleId === 'FW-BASE-03')?.suppressions).toMatchObject([
      { kind: 'external', justification: 'accepted by Ada until 2027-01-31: we know' },
    ]);
    expect(results.find(({ ruleId }) => ruleId === 'FW-BASE-04')?.suppressions).toEqual([]);
  });

  it('lets the words of others make no link, placeholder or escape sequence', () => {
    const v4 = hostile.replaceAll('=HYPERLINK(1)', '{0}');
    const { results } = runOf(
      sarif.write(dossierFor({ v4, v6: hardened6 }, { risks: [risk('FW-BASE-03', { reason: '\u001b[2J' })] })),
    );
    const texts = results.flatMap(({ message, relatedLocations, suppressions }) => [
      message.text,
      ...(relatedLocations ?? []).map((place) => place.message.text),
      ...(suppressions ?? []).map(({ justification }) => justification),
    ]);
    const all = texts.join('\n');
    expect(all).toContain('{{0}}');
    expect(all).toContain('\\[x\\](http://evil.example)');
    expect(all).not.toContain('\u001b');
    expect(all).not.toMatch(/[^\\]\[x|[^{]\{0/);
  });

  it('tags each rule with its standards', () => {
    expect(run.tool.driver.rules.find(({ id }) => id === 'FW-BASE-01')?.properties.tags).toContain('CIS Debian 12 4.4.2.1');
  });

  it('carries the bytes of a text that is no UTF-8', () => {
    const v4 = filter(['-A INPUT -p tcp -m tcp --dport 22 -m comment --comment "caf\u00e9" -j ACCEPT']);
    const [artifact] = runOf(sarif.write(dossierFor({ v4 }))).artifacts;
    const contents = artifact?.contents as unknown as { binary: string } | undefined;
    expect(Buffer.from(contents?.binary ?? '', 'base64').toString('latin1')).toBe(v4);
  });
});

describe('a fingerprint', () => {
  const fingerprints = (v4: string, facts: unknown = oneLink): Record<string, readonly string[]> => {
    const found: Record<string, string[]> = {};
    const { results } = runOf(sarif.write(dossierFor({ v4, v6: hardened6, facts })));
    for (const { ruleId, kind, partialFingerprints } of results) {
      const print = partialFingerprints?.['palisade/v1'];
      if (kind === 'fail' && print !== undefined) found[ruleId] = [...(found[ruleId] ?? []), print].sort();
    }
    return found;
  };

  it('stays when lines and rules move', () => {
    const before = fingerprints(guideTwice);
    const lines = `# a comment\n\n${guideTwice.replace(':OUTPUT', '# another\n:OUTPUT')}`;
    expect(fingerprints(lines)).toEqual(before);
    const rules = guideTwice.replace('-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT', '-A INPUT -s 203.0.113.5/32 -j DROP\n$&');
    const moved = fingerprints(rules);
    expect(moved['FW-ANOM-02']).toEqual(before['FW-ANOM-02']);
    expect(moved['FW-RATE-01']).toEqual(before['FW-RATE-01']);
  });

  it('stays when counters and spelling change', () => {
    const spelled = guideTwice
      .replaceAll('-m state --state NEW', '-m conntrack --ctstate NEW')
      .replaceAll('-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT', '-A INPUT -p 6 -m tcp --dport 80 -j ACCEPT')
      .replace('[0:0]', '[12:3456]');
    expect(fingerprints(spelled)['FW-BASE-04']).toEqual(fingerprints(guideTwice)['FW-BASE-04']);
  });

  it('changes with the rule, and tells findings apart that are alike', () => {
    const before = fingerprints(guideTwice);
    expect(new Set(before['FW-ANOM-02']).size).toBe(before['FW-ANOM-02']?.length);
    const thrice = fingerprints(guide.replace(/^((?:-A .*\n)+)/m, '$1$1$1'))['FW-ANOM-02'] ?? [];
    expect(new Set(thrice).size).toBe(thrice.length);
    const other = fingerprints(guideTwice.replaceAll('--dport 22 -j ACCEPT', '--dport 2222 -j ACCEPT'));
    expect(other['FW-ANOM-02']).not.toEqual(before['FW-ANOM-02']);
  });
});
