import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { exampleHost } from './example-host.ts';
import { hardened4, hardened6, inverted } from './examples.ts';
import { audit } from './index.ts';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'latin1');

it.each([
  ['open-v4', inverted],
  ['hardened-v4', hardened4],
  ['hardened-v6', hardened6],
])('testdata/firewalls/%s.save holds the rules that checks are tried on', (name, rules) => {
  expect(read(`testdata/firewalls/${name}.save`).replace(/^#.*\n/, '')).toBe(rules);
});

it('the README says the scores that the two get', () => {
  const [open, hardened] = [inverted, hardened4].map((v4) => audit(exampleHost({ v4, v6: hardened6 })));
  const row = /^\| `palisade audit` \|.*score (\d+) \|.*score (\d+) \|$/m.exec(read('README.md'));
  expect(row?.slice(1).map(Number)).toEqual([open?.score, hardened?.score]);
  expect(open?.findings.some(({ severity }) => severity === 'critical')).toBe(true);
  expect(hardened?.findings.filter(({ severity }) => severity === 'critical' || severity === 'high')).toEqual([]);
});
