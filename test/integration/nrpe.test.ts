import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { guideState, healthyState, unknownState } from '../../src/monitor/state/state.fixture.ts';
import { nrpe as integration } from '../../src/verbs/integrating/nrpe.ts';
import { integrationContext } from './ground.fixture.ts';
import { hostileState } from './hostile.fixture.ts';
import { fresh, type Published, publish } from './published.ts';
import { eventually } from './server.ts';
import { configureNagios, startNagios, verifyNagios } from './servers/nagios.ts';
import { type Nrpe, startNrpe } from './servers/nrpe.ts';

const folder = mkdtempSync(join(tmpdir(), 'palisade-nrpe-'));
const server = mkdtempSync(join(tmpdir(), 'palisade-nrpe-nagios-'));
const ground = {
  host: 'web 1',
  command: join(import.meta.dirname, '../../bin/palisade'),
  socket: join(folder, 'state.sock'),
  state: null,
};
let published: Published;
let nrpe: Nrpe;
let serverObjects: string;

beforeAll(async () => {
  spawnSync('chmod', ['755', folder, server]);
  const { objects } = configureNagios(server);
  serverObjects = objects;
  mkdirSync(join(folder, 'nrpe.d'));
  const said = { folder: join(folder, 'nrpe.d'), 'server-folder': objects };
  for (const { path, text } of integration.files(integration.answers.parse(said), ground)) writeFileSync(path, text);
  expect(verifyNagios(join(server, 'nagios.cfg'))).toMatchObject({ ok: true });
  // This Nagios counts in seconds: it checks when it is asked to, and one service is enough to see the way.
  for (const { path, text } of integration.files(integration.answers.parse({ ...said, modes: 'conntrack' }), ground)) {
    if (path.startsWith(objects)) writeFileSync(path, text.replace(/(check|retry)_interval {10}1/g, '$1_interval 600'));
  }
  nrpe = await startNrpe(folder);
  published = await publish(ground.socket, fresh(healthyState()));
});

afterAll(async () => {
  await nrpe?.[Symbol.asyncDispose]();
  await published?.[Symbol.asyncDispose]();
  for (const path of [folder, server]) rmSync(path, { recursive: true, force: true });
});

test('NRPE calls the plugin over TLS, and hands on what it says and its exit code', async () => {
  expect(await nrpe.call('palisade_drift')).toMatchObject({
    exit: 0,
    output: expect.stringMatching(/^PALISADE OK - .* \| drift_changes=0;;0/),
  });
  published.state = fresh(guideState());
  const { exit, output } = await nrpe.call('palisade_policy');
  expect([exit, output.split(' | ', 1)[0]]).toEqual([2, 'PALISADE CRITICAL - ACCEPT in IPv6 INPUT, IPv6 FORWARD']);
  expect((await nrpe.call('palisade_updates')).exit).toBe(1);
  published.state = fresh(unknownState());
  expect(await nrpe.call('palisade_backup_age')).toMatchObject({
    exit: 3,
    output: expect.stringContaining('permission denied; run palisade up as root'),
  });
  published.state = fresh(hostileState());
  expect(await nrpe.call('palisade_ipset')).toMatchObject({
    exit: 2,
    output: expect.stringMatching(/^PALISADE CRITICAL - 13 sets/),
  });
  expect((await nrpe.call('palisade_rule_hits')).exit).toBe(3);
});

test('the test goes the way that answers go', async () => {
  published.state = fresh(guideState());
  const state = () => ({ ok: true as const, state: fresh(guideState()) });
  const context = { ...integrationContext(state), ground };
  expect(await integration.test?.(integration.answers.parse({}), context, '')).toMatchObject({
    kind: 'seen',
    where: expect.stringMatching(/^palisade_heartbeat of 127.0.0.1:5666 says: PALISADE OK - fw1 was read/),
  });
  const closed = { ...context, signal: AbortSignal.timeout(1500) };
  expect(await integration.test?.(integration.answers.parse({ port: 5667 }), closed, '')).toMatchObject({ kind: 'unseen' });
});

test('the Nagios that calls it shows how it stands', async () => {
  published.state = fresh(guideState());
  await using nagios = await startNagios(server);
  expect(nagios.objects).toBe(serverObjects);
  const service = await eventually('palisade-conntrack by NRPE', () => {
    const found = nagios.service('web 1', 'palisade-conntrack');
    return found?.perfdata === undefined || found.perfdata === '' ? null : found;
  });
  expect(service).toMatchObject({ state: 2, active: true, perfdata: expect.stringContaining('conntrack_used=97.66%;80;90') });
});
