import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { audit } from '../../src/verbs/audit.ts';
import type { AuditJson } from '../../src/verbs/index.ts';
import { contextOf, words } from './proving.ts';

const rulesets = join(import.meta.dirname, '../../testdata/rulesets');

/** What other programs write, one backend each. */
const written = [
  'arno-iptables-firewall/nft',
  'debian-13-router/legacy',
  'docker/nft',
  'ferm-webserver/legacy',
  'firehol-default/nft',
  'firewalld/legacy',
  'kubernetes/nft',
  'kubernetes/legacy',
  'libvirt/legacy',
  'fail2ban/nft',
  'ufw/legacy',
  'uif/nft',
];

it.each(written)('every packet of a finding about %s does in the kernel what is said of it', async (name) => {
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
  // Its node ports are translated in PREROUTING, and loopback passes that by.
  const loopback = folder === 'kubernetes' ? [expect.stringMatching(/^FW-BASE-04: what comes over loopback/)] : [];
  expect(unlike).toEqual(loopback);
});
