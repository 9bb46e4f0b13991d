import { readFileSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { problemLine } from '../../src/result.ts';
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

  if (isRoot) {
    const allowed = await host.ask(['state', '--socket', host.socket], nobody);
    expect(allowed).toMatchObject({ status: 0, stderr: '' });
    expect(JSON.parse(allowed.stdout)).toMatchObject({ form: 1, palisade: { pid: up.child.pid } });
    const refused = await host.ask(['state', '--socket', host.socket], stranger);
    expect(refused).toMatchObject({ status: 3, stdout: '' });
    expect(refused.stderr).toMatch(/may not read .*state\.sock; as root: usermod -aG nogroup \S+; then log in again/);
    // Zabbix puts what stands on standard error into the value.
    const zabbix = await host.ask(['state', '--format', 'zabbix', '--socket', host.socket], stranger);
    expect(zabbix.stderr).toBe('');
    expect(JSON.parse(zabbix.stdout)).toMatchObject({ readable: 0, problem: expect.stringContaining('may not read') });
  }

  // One that was killed leaves its socket, and nobody takes what stood for what stands.
  await up.end('SIGKILL');
  const dead = await host.read();
  expect(dead.ok ? 'read' : problemLine(dead.problem)).toMatch(
    /palisade up has ended: nobody answers at .*; start palisade up as root/,
  );
  await using again = host.up('--no-watch', '--no-drift');
  const second = await host.until('published anew', ({ palisade }) => palisade.pid === again.child.pid);
  expect(second.drift).toMatchObject({ known: false, why: expect.stringContaining('--no-drift') });
  if (!second.incidents.known) throw new Error('they are known');
  // The same ones, and no others.
  const ids = (state: typeof drifted): string[] =>
    state.incidents.known ? state.incidents.value.list.map(({ id }) => id).sort() : [];
  expect(ids(second)).toEqual(ids(drifted));
  await again.end();
  expect(await host.read()).toMatchObject({ ok: false, problem: { message: expect.stringContaining('there is no') } });
});
