import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { problemLine } from '../../result.ts';
import { compile } from '../compile/compile.ts';
import { readPolicy } from '../load/read.ts';
import { aloneHost, prove } from '../prove.ts';
import { runTests } from '../tests.ts';
import type { Answers, Ground, Offer } from './answers.ts';
import { draftPolicy } from './draft.ts';

const offer = (service: string, to: Offer['to'], published = false): Offer => ({
  service,
  ports: [],
  process: null,
  published,
  to,
});
const usual: Answers = {
  internet: ['eth0'],
  admins: ['192.0.2.7', '2001:db8:10::/64', '198.51.100.3-198.51.100.9'],
  logins: ['ssh'],
  offers: [offer('http', 'anyone'), offer('https', 'anyone'), offer('mysql', 'admins'), offer('mdns', 'nobody')],
  forwards: [],
  log: true,
  protect: true,
};
const ground: Ground = { bogons: true, hidden: [], tracked: true };

const cases: readonly (readonly [string, Partial<Answers>, Partial<Ground>])[] = [
  ['as usual', {}, {}],
  ['where connections are not tracked yet', {}, { tracked: false }],
  ['with administrators anywhere', { admins: 'anyone', logins: ['2222/tcp', 'ssh'] }, {}],
  ['with private administrators where private sources are dropped', { admins: ['10.1.2.3', 'fd00::/8'] }, {}],
  ['with nothing but administrators', { offers: [], internet: [], log: false, protect: false }, { bogons: false }],
  ['for machines behind it', { forwards: ['wg0', 'lan0'] }, { hidden: ['wg0'] }],
  ['for machines behind it, and no internet', { forwards: ['wg0'], internet: [] }, { hidden: ['wg0'], bogons: false }],
  ['with neighbours of some service', { offers: [offer('8443/tcp', ['203.0.113.0/24', '2001:db8:7::/48'])] }, {}],
  ['with Docker', { offers: [offer('8080/tcp', 'anyone', true), offer('postgresql', 'admins', true), offer('6379/tcp', 'nobody', true)] }, {}],
  ['with names that YAML could take for something else', { internet: ['on', '0x1', 'veth@a'], forwards: ['no'] }, {}],
]; // biome-ignore format: one case a line

it.each(cases)('a draft %s is read, and holds its own tests', (_, answers, situation) => {
  const text = draftPolicy({ ...usual, ...answers }, { ...ground, ...situation }, '2026-11-30');
  const beside = { now: 0, file: () => null, fetched: () => ({ addresses: [], lacking: null }) };
  const policy = readPolicy(text, 'policy.yaml', beside);
  if (!policy.ok) throw new Error(`${policy.problems.map(problemLine).join('\n')}\n${text}`);
  const digest = (one: string): string => createHash('sha256').update(one).digest('hex');
  const surroundings = { foreignLinks: [], spared: { 4: [], 6: [] }, sendsOn: false };
  const compiled = compile(policy.value, { ...surroundings, digest });
  expect(prove(policy.value, compiled, surroundings).ways.filter(({ kind }) => kind !== 'equal')).toEqual([]);
  const results = runTests(policy.value, aloneHost(compiled));
  if (!results.known) throw new Error(results.why);
  expect(results.value.length).toBeGreaterThan(0);
  expect(results.value.filter(({ holds }) => !holds).map(({ test }) => test.text)).toEqual([]);
});

it('what a process calls itself stays a comment', () => {
  const offers = [{ ...offer('8443/tcp', 'nobody'), process: 'x\n  - { allow: any }\n#' }];
  const text = draftPolicy({ ...usual, offers }, ground, '2026-11-30');
  expect(text).not.toMatch(/^ +- \{ allow: any/m);
  expect(text).toContain('open to nobody: 8443/tcp (x');
});
