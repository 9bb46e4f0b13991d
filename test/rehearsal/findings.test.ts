import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checks } from '../../src/audit/index.ts';
import { audit } from '../../src/verbs/audit.ts';
import type { AuditJson } from '../../src/verbs/index.ts';
import { isWhole, sliceOf } from '../slice.ts';
import { contextOf, words } from './proving.ts';

const rulesets = join(import.meta.dirname, '../../testdata/rulesets');

/** What other programs write, one backend each. */
const written = [
  'arno-iptables-firewall/nft',
  'debian-13-router/legacy',
  'docker/nft',
  'kubernetes/nft',
  'kubernetes/legacy',
  'libvirt/legacy',
  'fail2ban/nft',
  'uif/nft',
];

/** All that was captured of the five that people use most, in turn one backend and the other. */
const folders = readdirSync(rulesets).filter((folder) => /^(debian-\d+-)?(ufw|firewalld|shorewall|ferm|firehol)/.test(folder));
const usual = sliceOf(folders, 2)
  .flatMap((folder, turn) =>
    ['nft', 'legacy'].filter((_, of) => isWhole || of === turn % 2).map((backend) => `${folder}/${backend}`),
  )
  .filter((name) => existsSync(join(rulesets, `${name}-v4.save`)) || existsSync(join(rulesets, `${name}-v6.save`)));

/** A server on which they might stand. */
const facts = join(import.meta.dirname, 'server.facts.json');

it('rulesets of all five are there', () => {
  expect(usual.length).toBeGreaterThanOrEqual(isWhole ? 20 : 5);
});

it.each(usual)('every high finding about %s on a server is confirmed by its packet', async (name) => {
  const [folder = '', backend = ''] = name.split('/');
  const [v4, v6, sets] = [`${backend}-v4.save`, `${backend}-v6.save`, 'sets.save'].map((file) => join(rulesets, folder, file));
  const ruleset = [v4, v6].filter((file) => file !== undefined && existsSync(file));
  const input = { ruleset, facts, ...(sets !== undefined && existsSync(sets) && { sets }), prove: true };
  const outcome = await audit.run(contextOf().context, audit.input.parse(input));
  if (!('value' in outcome)) throw new Error(JSON.stringify(outcome));
  const { findings } = outcome.value as AuditJson;
  const kinds = new Map(checks.map((check) => [check.id, check.kinds]));
  const grave = findings.filter(
    ({ id, severity }) => (severity === 'critical' || severity === 'high') && kinds.get(id)?.includes('S') === true,
  );
  expect(
    grave.filter(({ proof }) => proof?.ran !== true || !proof.agrees).map(({ id, title, proof }) => [id, title, proof]),
  ).toEqual([]);
});

it.each(sliceOf(written, 2))('every packet of a finding about %s does in the kernel what is said of it', async (name) => {
  const [folder = '', backend = ''] = name.split('/');
  const [v4, v6, sets] = [`${backend}-v4.save`, `${backend}-v6.save`, 'sets.save'].map((file) => join(rulesets, folder, file));
  const ruleset = [v4, v6].filter((file) => file !== undefined && existsSync(file));
  const input = { ruleset, ...(sets !== undefined && existsSync(sets) && { sets }), prove: true };
  const outcome = await audit.run(contextOf().context, audit.input.parse(input));
  if (!('value' in outcome)) throw new Error(JSON.stringify(outcome));
  const { findings } = outcome.value as AuditJson;
  const shown = findings.filter(({ witness }) => witness !== null);
  expect(shown.length).toBeGreaterThan(0);
  const unlike = shown.flatMap(({ id, proof }) => (words(proof) === 'agrees, led' ? [] : [`${id}: ${words(proof)}`]));
  // Node ports are translated in PREROUTING, and loopback passes that by; what raw exempts is shown as it would be tracked.
  const known: Readonly<Record<string, RegExp>> = {
    kubernetes: /^FW-BASE-04: what comes over loopback/,
    'debian-13-router': /^FW-ANOM-01: the kernel takes it for UNTRACKED, not for NEW$/,
  };
  const why = known[folder];
  expect(unlike).toEqual(why === undefined ? [] : [expect.stringMatching(why)]);
});
