import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { check, checkModes, noOptions, nothingAsked } from '../../src/monitor/checks/index.ts';
import type { StateRead } from '../../src/monitor/index.ts';
import { commandLine, writeToPipe, writeToSpool } from '../../src/monitor/nagios/index.ts';
import { nagios as reporter } from '../../src/monitor/reporters/nagios.ts';
import { guideState, healthyState } from '../../src/monitor/state/state.fixture.ts';
import { nagios as integration } from '../../src/verbs/integrating/nagios.ts';
import { integrationContext } from './ground.fixture.ts';
import { hostileState, hostileTexts } from './hostile.fixture.ts';
import { fresh, type Published, publish } from './published.ts';
import { eventually } from './server.ts';
import { configureNagios, type Nagios, type NagiosService, startNagios, verifyNagios } from './servers/nagios.ts';

const command = join(import.meta.dirname, '../../bin/palisade');
const folder = mkdtempSync(join(tmpdir(), 'palisade-nagios-'));
const socketFolder = mkdtempSync(join(tmpdir(), 'palisade-nagios-socket-'));
let nagios: Nagios;
let published: Published;

/** What the reporter is told, for the passive host. */
let told: StateRead = { ok: true, state: fresh(healthyState()) };
let wake = (): void => undefined;
const reporting = new AbortController();
const said: string[] = [];
let reports: Promise<void>;

function report(state: StateRead): void {
  told = state;
  wake();
}

const answers = (some: Readonly<Record<string, string | number>>) =>
  integration.answers.parse({ folder: join(folder, 'objects'), config: join(folder, 'nagios.cfg'), ...some });
const ground = (host: string) => ({ host, command, socket: join(socketFolder, 'state.sock'), state: null });

beforeAll(async () => {
  spawnSync('chmod', ['755', folder, socketFolder]);
  configureNagios(folder);
  published = await publish(join(socketFolder, 'state.sock'), fresh(healthyState()));
  for (const [host, some] of [
    ['active1', { modes: 'drift,ipset' }],
    ['passive1', { kind: 'passive', modes: 'drift,ipset,heartbeat' }],
  ] as const) {
    for (const { path, text } of integration.files(answers(some), ground(host))) {
      // This Nagios counts in seconds: it checks when it is asked to, and nobody waits three minutes.
      const slow = text.replace(/(check|retry)_interval {10}1/g, '$1_interval 600');
      writeFileSync(path, slow.replace(/freshness_threshold {2}180/g, 'freshness_threshold  8'));
    }
  }
  nagios = await startNagios(folder);
  const context = {
    clock: systemClock,
    host: 'passive1',
    state: async () => told,
    changed: (forMs: number) =>
      new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, forMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
    say: (text: string) => void said.push(text),
  };
  const settings = reporter.settings.parse({
    'command-file': nagios.commandFile,
    every: 5,
    modes: ['drift', 'ipset', 'heartbeat'],
  });
  reports = reporter.run(settings, context, reporting.signal);
});

afterAll(async () => {
  reporting.abort();
  await reports;
  await nagios?.[Symbol.asyncDispose]();
  await published?.[Symbol.asyncDispose]();
  for (const path of [folder, socketFolder]) rmSync(path, { recursive: true, force: true });
});

/** Waits until a service is so; one that Nagios asks for by itself is asked for anew every few seconds. */
function stands(host: string, name: string, isSo: (service: NagiosService) => boolean): Promise<NagiosService> {
  let askedAt = 0;
  return eventually(`${host}/${name} to be so`, () => {
    if (host === 'active1' && Date.now() - askedAt > 4000) {
      nagios.ask(host, name);
      askedAt = Date.now();
    }
    const service = nagios.service(host, name);
    return service?.checked && isSo(service) ? service : null;
  });
}

const is = (state: number) => (service: NagiosService) => service.state === state;

test('Nagios asks the plugin as user nagios, without a right over the firewall: OK, critical, recovery, each with a notification', async () => {
  const well = await stands('active1', 'palisade-drift', is(0));
  expect(well.active).toBe(true);
  expect(well.output).toMatch(/^PALISADE OK - nothing was changed since/);
  published.state = fresh(guideState());
  const bad = await stands('active1', 'palisade-drift', is(2));
  expect(bad.long).toContain('two rules were added to INPUT');
  published.state = fresh(healthyState());
  await stands('active1', 'palisade-drift', is(0));
  await eventually('both notifications', () => {
    const lines = nagios.notifications().filter((line) => line.includes('active1/palisade-drift'));
    return (
      /^PROBLEM .* CRITICAL PALISADE CRITICAL - 4 changes/.test(lines[0] ?? '') &&
      /^RECOVERY .* OK PALISADE OK/.test(lines[1] ?? '')
    );
  });
  await stands('active1', 'palisade-ipset', is(0));
  expect(nagios.perfdata()).toMatch(/^active1\tpalisade-ipset\t.*fill.admins=0.2%;80;95.* entries.pal-ban-4=3;;;0;65536/m);
});

test('a state that is stale, or that nobody publishes, is UNKNOWN', async () => {
  published.state = { ...fresh(healthyState()), until: Math.floor(Date.now() / 1000) - 5 };
  expect((await stands('active1', 'palisade-drift', is(3))).output).toContain('is stale');
  published.state = null;
  await stands('active1', 'palisade-drift', ({ output }) => output.includes('answers 503'));
  published.state = fresh(healthyState());
  await stands('active1', 'palisade-drift', is(0));
});

test('results come by the command file, changes at once; and when they stop, Nagios says UNKNOWN by itself', async () => {
  const well = await stands('passive1', 'palisade-drift', is(0));
  expect(well.active).toBe(false);
  report({ ok: true, state: fresh(guideState()) });
  const bad = await stands('passive1', 'palisade-drift', is(2));
  // Further lines come as such.
  expect(bad.long.split('\\n')).toContain('two rules were added to INPUT');
  expect(bad.perfdata).toMatch(/drift_changes=4;;0.*drift_other=0/);
  report({ ok: false, problem: { code: 'unread', message: 'nobody publishes', hint: 'start palisade up' } });
  expect((await stands('passive1', 'palisade-drift', is(3))).output).toBe(
    // Nagios 4 itself makes a colon of a semicolon.
    'PALISADE UNKNOWN - nobody publishes: start palisade up',
  );
  report({ ok: true, state: fresh(healthyState()) });
  await stands('passive1', 'palisade-drift', is(0));
  reporting.abort();
  await reports;
  expect((await stands('passive1', 'palisade-drift', is(3))).output).toContain('palisade has not said anything for too long');
  expect(said).toEqual([]);
});

test('a test event shows up', async () => {
  const context = { ...integrationContext(() => told), ground: ground('passive1') };
  const seen = await integration.test?.(
    answers({ 'command-file': nagios.commandFile, 'status-file': nagios.statusFile }),
    context,
    'palisade-test-0a1b',
  );
  expect(seen).toMatchObject({ kind: 'seen', where: expect.stringContaining('palisade-heartbeat of passive1') });
  expect(nagios.service('passive1', 'palisade-heartbeat')?.output).toBe('PALISADE OK - palisade-test-0a1b');
  const nowhere = await integration.test?.(answers({ 'command-file': join(folder, 'nothing') }), context, 'palisade-test-0a1b');
  expect(nowhere).toMatchObject({ kind: 'unsent' });
});

test.each(['active', 'passive'])('its own checker takes what is written (%s), and refuses what is wrong', async (kind) => {
  const place = mkdtempSync(join(tmpdir(), 'palisade-nagios-check-'));
  const { config, objects } = configureNagios(place);
  const context = integrationContext(() => told);
  const some = {
    kind,
    folder: objects,
    config,
    modes:
      'all,audit,drift,policy,incidents,exposure,conntrack,ipset,log-rate,backup-age,persistence,backend,updates,alerts,heartbeat',
  };
  for (const file of integration.files(answers(some), ground('fw 1; "x"|<y>'))) writeFileSync(file.path, file.text);
  expect(verifyNagios(config)).toMatchObject({ ok: true });
  expect(await integration.check?.(answers(some), context)).toMatchObject({ kind: 'accepted' });
  for (const file of integration.files(answers({ ...some, 'contact-groups': 'nobody' }), ground('fw1')))
    writeFileSync(file.path, file.text);
  expect(await integration.check?.(answers(some), context)).toMatchObject({ kind: 'refused' });
  rmSync(place, { recursive: true, force: true });
});

test('whatever others call their sets, rules and prefixes, Nagios reads what was meant, asked and told', async () => {
  published.state = fresh(hostileState());
  const figure = /(?<=^| )[\w.:/@+-]+=\d+(?:\.\d+)?%?(?:;[\d.]*){0,4}(?= |$)/g;
  const asked = await stands(
    'active1',
    'palisade-ipset',
    ({ perfdata }) => perfdata.match(figure)?.length === 2 * hostileTexts.length,
  );
  expect(asked.state).toBe(2);
  // The same by the command file, cut to what fits into it.
  const state: StateRead = { ok: true, state: hostileState() };
  const mode = checkModes.find(({ name }) => name === 'ipset');
  if (mode === undefined) throw new Error('there is no ipset');
  const { text } = check(mode, state, state.state.at, noOptions, nothingAsked);
  const lines = ['palisade-ipset', 'palisade-drift'].map((service) =>
    commandLine({ host: 'passive1', service, exit: 1, text }, Date.now() / 1000),
  );
  expect(await writeToPipe(nagios.commandFile, lines)).toEqual({ ok: true });
  const told = await stands('passive1', 'palisade-ipset', is(1));
  for (const { output, long, perfdata } of [asked, told]) {
    expect(perfdata.replaceAll(figure, '').trim()).toBe('');
    expect(perfdata).not.toMatch(/(^| )injected/);
    expect(output + long.replaceAll('\\n', '')).not.toMatch(/[\p{Cc}\u202e|`'"$<>\\]/u);
  }
  // By the spool comes what no pipe would take in one piece.
  const spooled = {
    host: 'passive1',
    service: 'palisade-drift',
    exit: 2,
    text: { ...text, more: Array.from({ length: 30 }, () => 'x'.repeat(200)) },
  };
  expect(await writeToSpool(nagios.spool, [spooled], Date.now() / 1000)).toEqual({ ok: true });
  expect((await stands('passive1', 'palisade-drift', is(2))).long.length).toBeGreaterThan(5000);
  expect(nagios.services()).toEqual([
    'active1/palisade-drift',
    'active1/palisade-ipset',
    'passive1/palisade-drift',
    'passive1/palisade-heartbeat',
    'passive1/palisade-ipset',
  ]);
  expect(existsSync('/tmp/injected')).toBe(false);
});
