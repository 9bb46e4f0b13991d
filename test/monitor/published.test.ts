import { readFileSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isAroundRules } from '../../src/audit/around-rules.ts';
import { audit } from '../../src/audit/index.ts';
import { createKernel } from '../../src/kernel/index.ts';
import { hostFromTexts } from '../../src/model/host/index.ts';
import { problemLine } from '../../src/result.ts';
import { rulesetsOf } from '../../src/verbs/rulesets.ts';
import { reportToJson } from '../../src/verbs/shapes.ts';
import { said } from './matrix.ts';
import { publishedHost } from './published.fixture.ts';

const nobody = { uid: 65_534, gid: 65_534 };
const stranger = { uid: 1, gid: 1 };
const isRoot = process.getuid?.() === 0;

test('up publishes a host behind a guide’s firewall: who may read it reads it, and what changes is there at once', async () => {
  await using host = await publishedHost();
  await using up = host.up('--no-watch');
  const first = await host.until('compared', ({ drift }) => drift.known);
  expect(first).toMatchObject({
    palisade: { pid: up.child.pid },
    audit: { value: { protected: 'no' } },
    backends: { known: true },
    drift: { value: { drifted: false } },
    log: { known: false, why: expect.stringContaining('--no-watch') },
    incidents: { known: true },
    bans: { value: { action: 'off', active: 0 } },
    alerts: { known: false },
  });
  if (!first.audit.known || !first.incidents.known) throw new Error('both are known');
  const grave = first.audit.value.findings.filter(
    ({ severity, certainty }) => certainty === 'certain' && /high|critical/.test(severity),
  );
  expect(grave.length).toBeGreaterThan(3);
  const { list } = first.incidents.value;
  expect(new Set(list.map(({ detector }) => detector))).toEqual(new Set(['finding']));
  expect(statSync(`${host.folder}/palisade.prom`).mode & 0o777).toBe(0o644);
  const prom = readFileSync(`${host.folder}/palisade.prom`, 'utf8');
  expect(prom).toMatch(/^iptables_scrape_success 1$/m);

  // Packets that rules and the policy count, before it is read anew.
  await host.tell('ip', 'link', 'set', 'lo', 'up');
  await host.tell('bash', '-c', 'for each in 1 2 3; do echo > /dev/udp/127.0.0.1/9; done');
  // Somebody lets everyone in: drift, whoever did it, and an incident of it.
  await host.tell('iptables', '-I', 'INPUT', '-p', 'tcp', '--dport', '8080', '-j', 'ACCEPT');
  const drifted = await host.until('drifted, and read anew', ({ drift, rulesets, incidents }) => {
    const isRead = rulesets.known && rulesets.value.some(({ family, changedAt }) => family === 4 && changedAt !== null);
    const isSaid = incidents.known && incidents.value.list.some(({ detector }) => detector === 'drift');
    return drift.known && drift.value.drifted && isRead && isSaid;
  });
  expect(drifted.drift).toMatchObject({ value: { changes: [{ family: 4, table: 'filter', change: 'added', count: 1 }] } });
  if (!drifted.incidents.known) throw new Error('they are known');
  expect(drifted.incidents.value.list.find(({ detector }) => detector === 'drift')).toMatchObject({ severity: 'high' });
  expect(up.heard.some((part) => part.kind === 'incident' && part.detector === 'drift' && part.change === 'opened')).toBe(true);

  // The same numbers, whoever is asked.
  const rows = said(drifted, drifted.at);
  expect(rows.filter(({ says }) => new Set(Object.values(says)).size !== 1)).toEqual([]);
  const now = hostFromTexts(await createKernel().read({ namespace: host.namespace, software: true }));
  if (!drifted.audit.known || !drifted.rules.known || !drifted.chains.known) throw new Error('they are known');
  // What is found around the rules hangs on what else goes on on the machine meanwhile.
  const ofRules = (findings: readonly { readonly id: string; readonly severity: string; readonly family: 4 | 6 | null }[]) =>
    findings.filter(({ id }) => !isAroundRules(id)).map(({ id, severity, family }) => `${severity} ${id} ${family}`);
  const audited = reportToJson(now.name, now.readAt, audit(now));
  expect(ofRules(audited.findings)).toEqual(ofRules(drifted.audit.value.findings));
  const shown = rulesetsOf(now, undefined);
  const chains = shown.families.flatMap(({ family, tables }) =>
    tables.flatMap(({ name: table, chains: all }) => all.map((chain) => ({ family, table, ...chain }))),
  );
  expect(drifted.chains.value.map(({ chain, rules, packets }) => [chain, rules, packets])).toEqual(
    chains.map(({ name, rules, policy, packets }) => [name, rules.length, policy === null ? null : packets]),
  );
  expect(drifted.rules.value.map(({ chain, text, packets }) => [chain, text, packets])).toEqual(
    chains.flatMap(({ name, rules }) => rules.map(({ text, packets }) => [name, text, packets])),
  );
  expect(drifted.chains.value.some(({ packets }) => (packets ?? 0) >= 3)).toBe(true);

  if (!isRoot) return;
  expect(await host.readAs(nobody)).toMatchObject({ ok: true, state: { palisade: { pid: up.child.pid } } });
  const refused = await host.readAs(stranger);
  expect(refused.ok ? 'read' : problemLine(refused.problem)).toMatch(
    /may not read .*state\.sock; as root: usermod -aG nogroup \S+; then log in again/,
  );
}, 180_000);
