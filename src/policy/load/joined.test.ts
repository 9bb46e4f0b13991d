import { describe, expect, it } from 'vitest';
import { problemLine } from '../../result.ts';
import { type Beside, readPolicy, readPolicyFiles } from './read.ts';

const beside: Beside = { now: 0, file: () => null, fetched: () => ({ addresses: [], lacking: null }) };
const base =
  'palisade: 1\notherwise: { incoming: drop }\nsets: { admins: ["192.0.2.1"] }\nincoming:\n  - { allow: ssh, from: admins }\ntests:\n  - can: { from: "192.0.2.1", reach: ssh }\n';
const web =
  'palisade: 1\nsets: { office: ["198.51.100.0/24"] }\nincoming:\n  - { allow: http }\n  - { allow: https, from: [office, admins] }\ntests:\n  - can: { reach: http }\n';

const parts = (...texts: readonly string[]) => texts.map((text, index) => ({ file: `${index + 1}.yaml`, text }));

function problems(...texts: readonly string[]): readonly string[] {
  const read = readPolicyFiles(parts(...texts), beside);
  return read.ok ? [] : read.problems.map(problemLine);
}

describe('several files of one policy', () => {
  it('mean what one file would that holds their rules one behind another', () => {
    const read = readPolicyFiles(parts(base, web), beside);
    const whole = readPolicy(
      'palisade: 1\notherwise: { incoming: drop }\nsets: { admins: ["192.0.2.1"], office: ["198.51.100.0/24"] }\nincoming:\n  - { allow: ssh, from: admins }\n  - { allow: http }\n  - { allow: https, from: [office, admins] }\ntests:\n  - can: { from: "192.0.2.1", reach: ssh }\n  - can: { reach: http }\n',
      'whole.yaml',
      beside,
    );
    if (!read.ok || !whole.ok) throw new Error('they do not read');
    const withoutPlaces = (value: unknown): unknown =>
      JSON.parse(
        JSON.stringify(value, (key, one: unknown) =>
          key === 'at' ? undefined : typeof one === 'bigint' ? String(one) : one instanceof Map ? [...one] : one,
        ),
      );
    expect(withoutPlaces(read.value)).toEqual(withoutPlaces(whole.value));
    expect(read.value.incoming.map(({ at }) => `${at.file}:${at.line}`)).toEqual(['1.yaml:5', '2.yaml:4', '2.yaml:5']);
    expect(read.value.tests.map(({ at }) => `${at.file}:${at.line}`)).toEqual(['1.yaml:7', '2.yaml:7']);
  });

  it('have their problems at their own places', () => {
    expect(problems(base, web.replace('http }', 'htttp }'))).toEqual([
      expect.stringMatching(/^2\.yaml:4:\d+: "htttp" is no service/),
    ]);
    expect(problems(base, web.replace('office, admins', 'office, admin'))).toEqual([
      expect.stringMatching(/^2\.yaml:5:\d+: there is no set "admin"; did you mean "admins"/),
    ]);
    expect(problems(base, `${web}log: { dropt: 5/minute }\n`).join()).toMatch(/^2\.yaml:8:/);
    expect(problems(base, '- { allow: http }\n')).toEqual([expect.stringMatching(/^2\.yaml:1:1: this is not a policy/)]);
    expect(problems(base, '!x\n').join()).toMatch(/^2\.yaml:/);
  });

  it('say each thing once', () => {
    expect(problems(base, web.replace('palisade: 1\n', ''))).toEqual([
      expect.stringContaining('2.yaml:1:1: this file does not say'),
    ]);
    expect(problems(base, web.replace('office:', 'admins:'))).toEqual([
      expect.stringMatching(/^2\.yaml:2:9: admins stands in 1\.yaml already; give one of them another name/),
    ]);
    expect(problems(base, `${web}otherwise: { incoming: drop }\n`)).toEqual([
      expect.stringMatching(/^2\.yaml:8:1: otherwise is said in 1\.yaml already; say it in one of them/),
    ]);
    expect(problems(base, web.replace('incoming:\n', 'incoming: 7\nforwarded:\n')).join()).toMatch(
      /^2\.yaml:3:1: incoming is said in/,
    );
    expect(problems(base.replace('palisade: 1', 'palisade: 2'), web).length).toBeGreaterThan(0);
  });
});
