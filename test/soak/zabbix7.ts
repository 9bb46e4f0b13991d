/**
 * `npm run soak -- zabbix7 [--root DIR]`: Zabbix 7.0 of Debian 13, in a folder: the template, the agent, incidents, agent 2 and `integrate`; and what takes
 * longer than tests may: that nothing comes from a host, and that a full set is gone. Some two minutes. DIR holds the Debian, and is made (mmdebstrap) where
 * it is missing (`test/soak/zabbix7/root.sh`).
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf, scan } from '../../src/alert/channels/message.fixture.ts';
import { zabbix as channel } from '../../src/alert/channels/zabbix.ts';
import { systemClock } from '../../src/clock.ts';
import type { HostState } from '../../src/monitor/index.ts';
import { guideState, healthyState } from '../../src/monitor/state/state.fixture.ts';
import { itemsOf } from '../../src/monitor/zabbix/index.ts';
import { items } from '../../src/monitor/zabbix/items.ts';
import { zabbix as zabbixIntegration } from '../../src/verbs/integrating/zabbix.ts';
import { integrationContext } from '../integration/ground.fixture.ts';
import { eventually, startServer } from '../integration/server.ts';
import { startZabbix } from '../integration/servers/zabbix.ts';
import { inRoot } from '../integration/servers/zabbix-home.ts';
import { administrator, createReporting, now, server, unreadableState } from '../integration/zabbix.fixture.ts';
import setup from '../namespace-guard.ts';
import { createHolding } from './holding.ts';

const { values } = parseArgs({ options: { root: { type: 'string', default: '/var/tmp/palisade-zabbix7' } } });
const { say, holds, end } = createHolding();
await setup();
const folder = mkdtempSync(join(tmpdir(), 'palisade-soak-zabbix7-'));
const home = inRoot(values.root, folder);
/** Whether it came to be so in time; what was there instead otherwise. */
const comes = async (what: string, ask: () => unknown, withinMs = 30_000): Promise<void> => {
  const why = await eventually(what, ask, withinMs, 500).then(
    () => '',
    (error: Error) => error.message,
  );
  holds(what, why === '', why);
};
try {
  await using zabbix = await startZabbix(folder, { home });
  say(`Zabbix ${zabbix.version} runs`);
  const there = administrator(() => zabbix);
  await using reporting = createReporting();
  const { report, publish } = reporting;
  const context = integrationContext(() => now(healthyState()), 60_000);
  const answers = zabbixIntegration.answers.parse({
    ...{ server, url: zabbix.url, 'password-file': 'zabbix', host: 'fw1', 'create-host': 'yes' },
  });
  for (const time of ['first', 'second'] as const) {
    const verdict = await zabbixIntegration.apply?.(answers, context);
    holds(`the template is imported, the ${time} time`, verdict?.kind === 'accepted', JSON.stringify(verdict));
    const asBefore = verdict?.kind === 'accepted' && verdict.says.some((line) => line.endsWith('nothing differed'));
    if (time === 'second') holds('and is there as we wrote it', asBefore, JSON.stringify(verdict));
  }

  await there.makeHost('fw-gone', { macros: [{ macro: '{$IPT.GONE.AFTER}', value: '5s' }] });
  await there.makeHost('fw-silent', { macros: [{ macro: '{$IPT.NODATA}', value: '30s' }] });
  let gone: HostState = guideState();
  publish(now(guideState()));
  const silent = new AbortController();
  void report('fw1');
  void report('fw-gone', {}, undefined, () => now(gone));
  void report('fw-silent', {}, silent.signal);

  await comes('each item has the state’s number', async () => {
    const shown = await there.values('fw1');
    const { state } = now(guideState()) as { state: HostState };
    const wrong = items.flatMap(({ field, keeps, units, of }) => {
      const value = of(state);
      if (value === undefined || keeps === 'rate' || units === 'unixtime') return [];
      const got = shown.get(`iptables.${field}`)?.lastvalue;
      return got === String(value) || Math.abs(Number(got) - Number(value)) < 0.001 ? [] : [`${field}: ${got}`];
    });
    const errors = [...shown.values()].filter(({ error }) => error !== '').map(({ name, error }) => `${name}: ${error}`);
    if (wrong.length + errors.length > 0) throw new Error([...wrong, ...errors].join('\n'));
    return true;
  });
  const fullSet = 'Iptables: Set blocked is 99.61 % full';
  await comes('the guide’s firewall is a disaster, and says what drifted', async () => {
    const names = await there.names('fw1');
    return (
      names.includes('Iptables: 1 findings of severity critical') &&
      names.some((name) => name.includes('80/tcp is open to everyone'))
    );
  });
  await comes('a full set is a problem', async () => (await there.names('fw-gone')).includes(fullSet));
  await comes('the server sees that the agent lives', async () => {
    const [host] = await zabbix.api<{ active_available: string }[]>('host.get', {
      output: ['active_available'],
      filter: { host: ['fw1'] },
    });
    return host?.active_available === '1';
  });
  publish(now(healthyState()));
  await comes(
    'mending it resolves that',
    async () => !(await there.names('fw1')).some((name) => name.includes('findings of severity critical')),
  );
  publish(unreadableState());
  await comes('a state that cannot be read is a problem', async () =>
    (await there.names('fw1')).some((name) => name.includes('cannot be read')),
  );
  publish(now(healthyState()));

  const sender = channel.open(channel.settings.parse({ server, host: 'fw1' }), {
    clock: systemClock,
    run: () => Promise.reject(new Error('no program is started here')),
    secret: () => Promise.reject(new Error('there is no secret here')),
  });
  const send = (state: 'firing' | 'resolved') =>
    sender.send(messageOf([{ ...scan, state }], { id: state, at: Date.now() }), AbortSignal.timeout(5000));
  const incidents = async () => (await there.problems('fw1')).filter(({ tags }) => tags.some(({ tag }) => tag === 'incident'));
  holds('an incident is delivered', (await send('firing')).kind === 'delivered', zabbix.log().slice(-500));
  await comes('and is a problem', async () => (await incidents()).length === 1);
  holds('its end too', (await send('resolved')).kind === 'delivered', '');
  await comes('and ends it', async () => (await incidents()).length === 0);
  const echo = await zabbixIntegration.test?.(answers, context, 'mark-4711');
  holds('integrate --test sees its event', echo?.kind === 'seen', JSON.stringify(echo));

  const agent = join(folder, 'agent2.conf');
  const line = join(folder, 'line.json');
  const run = join(folder, 'zabbix');
  writeFileSync(line, `${itemsOf(now(guideState()))}\n`);
  chmodSync(line, 0o644);
  // With the exit code that palisade state has where there is no state.
  writeFileSync(
    agent,
    `Hostname=fw2\nServer=127.0.0.1\nListenIP=127.0.0.1\nLogFile=${run}/agent2.log\nPidFile=${run}/agent2.pid\nControlSocket=${run}/a.sock\nPluginSocket=${run}/p.sock\nUserParameter=iptables.get,cat ${line}; exit 3\n`,
  );
  {
    await using _agent = await startServer(home.argv('zabbix', ['zabbix_agent2', '-f', '-c', agent]), {
      logFile: join(folder, 'agent2.out'),
    });
    const get = () => spawnSync('zabbix_get', ['-s', '127.0.0.1', '-k', 'iptables.get'], { encoding: 'utf8' }).stdout.trim();
    await comes('agent 2 takes palisade’s line whatever the exit code', () => {
      const got = get();
      if (got.startsWith('{')) return true;
      throw new Error(got);
    });
  }

  silent.abort();
  gone = { ...guideState(), sets: { known: true, value: [] } };
  publish(now(healthyState()));
  await comes(
    'that nothing comes is a problem',
    async () => (await there.names('fw-silent')).includes('Iptables: Nothing has come from palisade for 30s'),
    120_000,
  );
  await comes('a set that is gone is none', async () => !(await there.names('fw-gone')).includes(fullSet), 120_000);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
end();
