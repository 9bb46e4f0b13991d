import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import type { IcingaAccess } from '../../src/monitor/icinga/index.ts';
import type { StateRead } from '../../src/monitor/index.ts';
import { icinga as reporter } from '../../src/monitor/reporters/icinga.ts';
import { guideState, healthyState } from '../../src/monitor/state/state.fixture.ts';
import { icinga as integration } from '../../src/verbs/integrating/icinga.ts';
import { integrationContext } from './ground.fixture.ts';
import { hostileState } from './hostile.fixture.ts';
import { fresh, type Published, publish } from './published.ts';
import { eventually } from './server.ts';
import { type Icinga, type IcingaService, icingaOptions, startIcinga } from './servers/icinga.ts';

const folder = mkdtempSync(join(tmpdir(), 'palisade-icinga-'));
const command = join(import.meta.dirname, '../../bin/palisade');
const ground = (host: string) => ({ host, command, socket: join(folder, 'state.sock'), state: null });
/** A host is called as the administrator likes; Icinga's own language must not read it. */
const passive = 'web "1" \\ x';
const config = join(folder, 'etc/icinga2.conf');
const objects = join(folder, 'etc/conf.d');
let access: IcingaAccess;
let icinga: Icinga;
let published: Published;
let told: StateRead = { ok: true, state: fresh(healthyState()) };
let wake = (): void => undefined;

const answers = (some: Readonly<Record<string, string | number>>) =>
  integration.answers.parse({ folder: objects, config, ...access, ...some });

beforeAll(async () => {
  spawnSync('chmod', ['755', folder]);
  published = await publish(join(folder, 'state.sock'), fresh(healthyState()));
  const texts = (
    [
      ['active1', { modes: 'drift,ipset' }],
      [passive, { kind: 'passive', every: 5, modes: 'drift,ipset,heartbeat' }],
    ] as const
  ).map(([host, some]) => {
    const [file] = integration.files(integration.answers.parse(some), ground(host));
    // Nobody waits a minute.
    return (file?.text ?? '').replaceAll('interval = 1m', 'interval = 2s').replaceAll('interval = 15s', 'interval = 600s');
  });
  icinga = await startIcinga(folder, { port: 5665, objects: texts.join('\n') });
  access = { url: icinga.url, user: icinga.user, 'password-file': icinga.passwordFile, ca: icinga.ca };
});

afterAll(async () => {
  await icinga?.[Symbol.asyncDispose]();
  await published?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

function stands(host: string, name: string, isSo: (service: IcingaService) => boolean): Promise<IcingaService> {
  return eventually(`${host}/${name} to be so`, async () => {
    const service = await icinga.service(host, name);
    return service !== null && isSo(service) ? service : null;
  });
}

const is = (state: number) => (service: IcingaService) => service.state === state;

/** Reports until the test is through. What was said of trouble comes back. */
async function reporting<T>(
  settings: Readonly<Record<string, unknown>>,
  during: (said: readonly string[]) => Promise<T>,
): Promise<T> {
  const said: string[] = [];
  const end = new AbortController();
  const context = {
    clock: systemClock,
    host: passive,
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
  const running = reporter.run(
    reporter.settings.parse({ ...access, every: 5, modes: ['drift', 'ipset', 'heartbeat'], ...settings }),
    context,
    end.signal,
  );
  try {
    return await during(said);
  } finally {
    end.abort();
    await running;
  }
}

test('its own checker takes what is written, and refuses what is wrong', async () => {
  const context = integrationContext(() => told, 60_000);
  const checking = {
    ...context,
    run: (request: Parameters<typeof context.run>[0]) =>
      context.run({ ...request, argv: [...request.argv, ...icingaOptions(folder)] }),
  };
  const all =
    'all,audit,drift,policy,incidents,exposure,conntrack,ipset,log-rate,backup-age,persistence,backend,updates,alerts,heartbeat';
  const place = join(objects, 'third.conf');
  for (const kind of ['active', 'passive']) {
    const [file] = integration.files(answers({ kind, modes: all }), ground('three'));
    writeFileSync(place, (file?.text ?? '').replace('object CheckCommand "palisade"', 'object CheckCommand "other"'));
    expect(await integration.check?.(answers({}), checking)).toMatchObject({ kind: 'accepted' });
  }
  const [twice] = integration.files(answers({ modes: 'drift' }), ground('active1'));
  writeFileSync(place, twice?.text ?? '');
  expect(await integration.check?.(answers({}), checking)).toMatchObject({
    kind: 'refused',
    problems: [{ message: expect.stringContaining('re-defined') }],
  });
  rmSync(place);
});

test('Icinga asks the plugin: OK, critical, stale, recovery', async () => {
  const well = await stands('active1', 'palisade-drift', is(0));
  expect(well).toMatchObject({ active: true, output: expect.stringMatching(/^PALISADE OK - nothing was changed/) });
  published.state = fresh(guideState());
  const bad = await stands('active1', 'palisade-drift', is(2));
  expect(bad.output).toContain('two rules were added to INPUT');
  expect(bad.figures).toContain('drift_changes=4;;0');
  // Those behind the text are as well found as those of the first line.
  expect(bad.figures).toContain('drift_other=0');
  published.state = { ...fresh(healthyState()), until: 1 };
  await stands('active1', 'palisade-drift', is(3));
  published.state = fresh(healthyState());
  await stands('active1', 'palisade-drift', is(0));
});

test('results come by the REST API, changes at once; when they stop, Icinga says UNKNOWN by itself', async () => {
  await reporting({}, async (said) => {
    expect(await stands(passive, 'palisade-drift', is(0))).toMatchObject({ active: false });
    told = { ok: true, state: fresh(guideState()) };
    wake();
    const bad = await stands(passive, 'palisade-drift', is(2));
    expect(bad.figures).toContain('drift_other=0');
    expect(bad.output.split('\n')).toContain('two rules were added to INPUT');
    told = { ok: true, state: fresh(healthyState()) };
    wake();
    await stands(passive, 'palisade-drift', is(0));
    expect(said).toEqual([]);
  });
  const late = await stands(passive, 'palisade-drift', is(3));
  expect(late).toMatchObject({ active: true, output: 'palisade has not said anything for too long' });
});

test('what goes wrong is said once, and that it is over', async () => {
  await reporting({ ca: '/etc/ssl/certs/ca-certificates.crt' }, async (said) => {
    await eventually('the certificate to be refused', () => said[0]?.includes('is not trusted'));
    wake();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(said).toHaveLength(1);
  });
  writeFileSync(join(folder, 'wrong'), 'wrong\n');
  await reporting({ 'password-file': join(folder, 'wrong') }, async (said) => {
    await eventually('the password to be refused', () => said[0]?.includes('no such user and password'));
  });
  await reporting({ prefix: 'other-' }, async (said) => {
    await eventually(`the service to be missed (${said[0]})`, () => said[0]?.includes('it knows no service') || said[0]);
    expect(said[0]).toContain('it knows no service');
  });
  writeFileSync(join(folder, 'later'), 'wrong\n');
  await reporting({ 'password-file': join(folder, 'later') }, async (said) => {
    await eventually('the password to be refused', () => said.length === 1);
    spawnSync('cp', [access['password-file'], join(folder, 'later')]);
    await eventually('results to be taken', () => said[1] === 'it takes results again');
  });
});

test('a test event shows up', async () => {
  const context = { ...integrationContext(() => told), ground: ground(passive) };
  const seen = await integration.test?.(answers({}), context, 'palisade-test-0a1b');
  expect(seen).toMatchObject({ kind: 'seen', where: expect.stringContaining('palisade-heartbeat') });
  expect(await integration.test?.(answers({ prefix: 'none-' }), context, 'palisade-test-0a1b')).toMatchObject({ kind: 'unsent' });
});

test('whatever others call their sets, Icinga reads what was meant, asked and told', async () => {
  published.state = fresh(hostileState());
  told = { ok: true, state: fresh(hostileState()) };
  await reporting({}, async () => {
    for (const host of ['active1', passive]) {
      const { output, figures } = await stands(host, 'palisade-ipset', ({ figures }) => figures.length === 26);
      for (const figure of figures) expect(figure).toMatch(/^(fill|entries)\.[\w.:/@+-]*=\d+(\.\d+)?%?(;[\d.]*){0,4}$/);
      expect(output.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e|`'"$<>\\]/u);
    }
  });
  expect(icinga.log()).not.toMatch(/Ignoring invalid perfdata|critical\/(?!ApiListener: Client TLS handshake failed)/);
});
