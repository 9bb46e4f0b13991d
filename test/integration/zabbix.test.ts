import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { messageOf, scan } from '../../src/alert/channels/message.fixture.ts';
import { zabbix as channel } from '../../src/alert/channels/zabbix.ts';
import { systemClock } from '../../src/clock.ts';
import type { HostState } from '../../src/monitor/index.ts';
import { guideState, healthyState, readAt } from '../../src/monitor/state/state.fixture.ts';
import { differencesOf } from '../../src/monitor/zabbix/differences.ts';
import { discoveries } from '../../src/monitor/zabbix/discoveries.ts';
import { itemsOf, sendValues, type Where } from '../../src/monitor/zabbix/index.ts';
import { items } from '../../src/monitor/zabbix/items.ts';
import { zabbix as zabbixIntegration } from '../../src/verbs/integrating/zabbix.ts';
import { integrationContext } from './ground.fixture.ts';
import { eventually, startServer } from './server.ts';
import { startZabbix, type Zabbix } from './servers/zabbix.ts';
import { administrator, createReporting, now, server, unreadableState } from './zabbix.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'palisade-zabbix-'));
let zabbix: Zabbix;
const plainWhere: Where = { host: '127.0.0.1', port: 10051, tls: { kind: 'none' }, timeoutMs: 5000 };
const reporting = createReporting();
const { publish, report, said } = reporting;
const { makeHost, values, problems, names, history, templateIds, importTemplate } = administrator(() => zabbix);

beforeAll(async () => {
  certificates();
  zabbix = await startZabbix(folder, {
    settings: [`TLSCAFile=${folder}/ca.pem`, `TLSCertFile=${folder}/server.pem`, `TLSKeyFile=${folder}/server.key`],
  });
  for (const mode of ['active', 'passive', 'active'] as const) expect(await importTemplate(mode)).toBe(true);
  await makeHost('fw1');
  publish(now(guideState()));
  void report('fw1');
});

afterAll(async () => {
  await reporting[Symbol.asyncDispose]();
  await zabbix?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** An authority, and certificates of the server and of this host. */
function certificates(): void {
  const run = (...argv: readonly string[]): void => {
    const { status, stderr } = spawnSync('openssl', argv, { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
  };
  // Built with GnuTLS, Zabbix takes no other keys than RSA's unless it is told so.
  const key = ['-newkey', 'rsa:2048', '-nodes'];
  run('req', '-x509', ...key, '-days', '2', '-subj', '/CN=authority', '-keyout', 'ca.key', '-out', 'ca.pem');
  for (const name of ['server', 'client']) {
    run('req', ...key, '-subj', `/CN=${name}.example`, '-keyout', `${name}.key`, '-out', `${name}.csr`);
    writeFileSync(join(folder, 'names'), `subjectAltName=DNS:${name}.example\n`);
    run(
      ...['x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-days', '2', '-out', `${name}.pem`],
      '-extfile',
      'names',
    );
  }
  for (const file of ['ca.pem', 'server.pem', 'server.key']) chmodSync(join(folder, file), 0o644);
}

test('the template is in the server as we wrote it, after it was imported twice', async () => {
  for (const mode of ['active', 'passive'] as const) {
    const options = { templates: (await templateIds(mode)).map(({ templateid }) => templateid) };
    const text = await zabbix.api<string>('configuration.export', { format: 'yaml', options });
    expect(differencesOf(text, '6.0', mode)).toEqual({ missing: [], extra: [], changed: [] });
  }
});

/** Waits until all items are as they should be, and none is unsupported. */
async function shows(host: string, wanted: readonly (readonly [string, string | number])[]): Promise<void> {
  await eventually(`the values of ${host}`, async () => {
    const all = await values(host);
    const wrong = wanted.flatMap(([key, value]) => {
      const there = all.get(key)?.lastvalue;
      const same = typeof value === 'number' ? there !== '' && Math.abs(Number(there) - value) < 0.001 : there === value;
      return same ? [] : [`${key}: ${there} instead of ${value}`];
    });
    const errors = [...all].flatMap(([key, { error }]) => (error === '' ? [] : [`${key}: ${error}`]));
    if (wrong.length + errors.length > 0) throw new Error([...wrong, ...errors].join('\n'));
    return true;
  });
}

test('an active agent brings the state, and each item has the state’s number', async () => {
  const { state } = now(guideState()) as { state: HostState };
  const plain = items.filter(({ keeps, units }) => keeps !== 'rate' && units !== 'unixtime');
  await shows(
    'fw1',
    plain.flatMap(({ field, of }) => {
      const value = of(state);
      return value === undefined ? [] : [[`iptables.${field}`, value] as const];
    }),
  );
});

test('chains, sets and rules are discovered, and have the state’s numbers', async () => {
  const { state } = now(guideState()) as { state: HostState };
  await eventually('discovery', async () =>
    [...(await values('fw1')).keys()].some((key) => key.startsWith('iptables.set.used[')),
  );
  publish(now(guideState()));
  await shows(
    'fw1',
    discoveries.flatMap((discovery) =>
      (discovery.things(state) ?? []).flatMap((thing) =>
        discovery.items.flatMap(({ field, keeps, units, of }) => {
          const value = of(thing);
          if (value === undefined || units === 'unixtime') return [];
          // Nothing was counted between two readings.
          return [[`iptables.${field}[${discovery.id(thing)}]`, keeps === 'rate' ? 0 : value] as const];
        }),
      ),
    ),
  );
});

test('a guide’s firewall is a disaster, and mending it resolves that', async () => {
  const wanted = [
    'Iptables: 1 findings of severity critical',
    'Iptables: 3 findings of severity high',
    'Iptables: 1 findings of severity medium',
    'Iptables: 1 open incidents: high: 203.0.113.9 scanned 412 ports of 198.51.100.1',
    'Iptables: 2 alerts could not be delivered',
    'Iptables: 1 security updates of the firewall are pending',
    'Iptables: Connection tracking is 97.66 % full',
    'Iptables: No recent snapshot of the firewall',
    'Iptables: Set blocked is 99.61 % full',
    'Iptables: Snapshots of the firewall fail: no space left on device',
    'Iptables: The firewall has drifted: IPv4 filter INPUT: 80/tcp is open to everyone',
    'Iptables: The next start loads other rules: IPv4 /etc/iptables/rules.v4: differs',
    'Iptables: Channels for alerts fail: ops: connection refused',
  ];
  await eventually('the problems', async () => {
    const there = await names('fw1');
    const missing = wanted.filter((name) => !there.some((one) => one.startsWith(name)));
    if (missing.length > 0) throw new Error(`missing: ${missing.join(' | ')}; there: ${there.join(' | ')}`);
    return true;
  });
  expect((await problems('fw1')).find(({ name }) => name.includes('severity critical'))?.severity).toBe('5');
  // What is worse says it.
  expect((await names('fw1')).filter((name) => /tracking|Set blocked/.test(name))).toHaveLength(2);

  // A set that is there and not full any more.
  const sets = { known: true as const, value: [{ name: 'blocked', type: 'hash:ip', entries: 2, most: 1024, bytes: 100 }] };
  publish(now({ ...healthyState(), sets }));
  await eventually('the problems to be over', async () => {
    // What changed stays until somebody has looked.
    const left = (await names('fw1')).filter((name) => !/rules have changed|The policy is DROP now/.test(name));
    if (left.length > 0) throw new Error(left.join(' | '));
    return true;
  });
  expect(await names('fw1')).toContain('Iptables: IPv6 filter/INPUT: The policy is DROP now');
});

describe('the channel', () => {
  const sender = (more: Readonly<Record<string, unknown>> = {}) =>
    channel.open(channel.settings.parse({ server, ...more }), {
      clock: systemClock,
      run: () => Promise.reject(new Error('no program is started here')),
      secret: async (setting) => (typeof setting === 'string' ? setting : readFileSync(setting.file, 'utf8').trim()),
    });
  const other = {
    ...scan,
    key: 'ssh-brute-force-t0k1',
    severity: 'critical' as const,
    title: 'says "state":"resolved" {$SECRET}',
  };
  const send = async (alerts: readonly (typeof scan)[], id: string, more: Readonly<Record<string, unknown>> = {}) =>
    sender(more).send(messageOf(alerts, { id, host: 'fw1', at: Date.now() }), AbortSignal.timeout(5000));
  const incidents = async (): Promise<readonly string[]> =>
    (await problems('fw1')).flatMap(({ name, severity, tags }) =>
      tags.some(({ tag }) => tag === 'incident')
        ? [`${severity} ${name} ${tags.find(({ tag }) => tag === 'incident')?.value}`]
        : [],
    );

  test('makes a problem of each incident, and ends each by itself', async () => {
    expect(await send([scan, other], 'A')).toEqual({ kind: 'delivered' });
    const scanned = `4 Iptables: ${scan.title} ${scan.key}`;
    await eventually('two problems', async () => (await incidents()).length === 2);
    expect((await incidents()).toSorted()).toEqual([scanned, `5 Iptables: says 'state':'resolved' ($SECRET} ${other.key}`]);
    expect(await send([{ ...scan, state: 'acknowledged' }], 'B')).toEqual({ kind: 'delivered' });
    expect(await send([{ ...other, state: 'resolved' }], 'C')).toEqual({ kind: 'delivered' });
    await eventually('one problem', async () => (await incidents()).length === 1);
    expect(await incidents()).toEqual([scanned]);
    expect(await send([{ ...scan, state: 'resolved' }], 'D')).toEqual({ kind: 'delivered' });
    await eventually('no problem', async () => (await incidents()).length === 0);
  });

  test('makes a problem of each of several messages that were made in the same millisecond', async () => {
    const at = Date.now();
    const many = ['one', 'two', 'three', 'four'].map((key) => ({ ...scan, key: `together-${key}`, title: `together ${key}` }));
    const say = (state: 'firing' | 'resolved', now: number) =>
      Promise.all(
        many.map((alert) =>
          sender().send(
            messageOf([{ ...alert, state }], { id: `${alert.key}-${state}`, host: 'fw1', at: now }),
            AbortSignal.timeout(5000),
          ),
        ),
      );
    expect(await say('firing', at)).toEqual(many.map(() => ({ kind: 'delivered' })));
    await eventually('a problem of each', async () => (await incidents()).length === many.length);
    expect(await say('resolved', at + 1)).toEqual(many.map(() => ({ kind: 'delivered' })));
    await eventually('the end of each', async () => (await incidents()).length === 0);
  });

  test('is told when the server does not know the host or the item, and what to do', async () => {
    for (const more of [{ host: 'nobody' }, { key: 'iptables.other' }]) {
      const delivery = await send([scan], 'E', more);
      expect(delivery).toMatchObject({ kind: 'again', why: expect.stringContaining('palisade integrate zabbix') });
    }
  });

  test('sends the same again without doubling it, where the answer was lost', async () => {
    await using proxy = await losing(1);
    const one = sender({ server: `127.0.0.1:${proxy.port}` });
    const lost = { ...scan, title: 'only once' };
    const message = messageOf([lost, scan], { id: 'F', host: 'fw1', at: Date.now(), kind: 'test' });
    expect(await one.send(message, AbortSignal.timeout(5000))).toMatchObject({ kind: 'again' });
    expect(await one.send(message, AbortSignal.timeout(5000))).toEqual({ kind: 'delivered' });
    const of = async (text: string) => (await history('fw1', 'iptables.event', 2)).filter(({ value }) => value.includes(text));
    await eventually('the values', async () => (await of('Sent again')).length > 0);
    expect(await of('"title":"only once"')).toHaveLength(1);
  });

  test('does not take a host that is not there for one that has the value, where the answer was lost', async () => {
    await using proxy = await losing(1);
    const one = sender({ server: `127.0.0.1:${proxy.port}`, host: 'nobody' });
    const message = messageOf([scan], { id: 'G', host: 'fw1', at: Date.now() });
    expect(await one.send(message, AbortSignal.timeout(5000))).toMatchObject({ kind: 'again' });
    expect(await one.send(message, AbortSignal.timeout(5000))).toMatchObject({
      why: expect.stringContaining('palisade integrate zabbix'),
    });
  });
});

/** A way to the server on which so many answers to values are lost. */
async function losing(answers: number): Promise<{ readonly port: number } & AsyncDisposable> {
  let left = answers;
  const proxy = createServer((near) => {
    const far = connect(10051, '127.0.0.1');
    let carries = false;
    near.on('data', (bytes) => {
      carries ||= bytes.includes('data"');
      far.write(bytes);
    });
    far.on('data', (bytes) => {
      if (carries && left > 0) {
        left -= 1;
        near.destroy();
      } else near.write(bytes);
    });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const)
      one.on('close', () => other.destroy()).on('error', () => other.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  return {
    port: (proxy.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => proxy.close(() => resolve())),
  };
}

test('the agent’s values are there once, though answers to them were lost', async () => {
  await makeHost('fw-lost');
  await using proxy = await losing(2);
  const ended = new AbortController();
  const done = report('fw-lost', { server: `127.0.0.1:${proxy.port}` }, ended.signal);
  await eventually('values', async () => {
    publish(now(healthyState()));
    return (await history('fw-lost', 'iptables.at', 3)).length >= 3;
  });
  ended.abort();
  await done;
  const stored = (await history('fw-lost', 'iptables.at', 3)).map(({ clock, ns }) => `${clock}.${ns}`);
  expect(new Set(stored).size).toBe(stored.length);
  expect(said.filter((line) => line.startsWith('fw-lost:'))).toEqual([
    expect.stringContaining('is not told how this host stands'),
    expect.stringContaining('is told again how this host stands'),
  ]);
});

test('a server that has a value already counts it as failed', async () => {
  const at = Date.now();
  const value = { host: 'fw1', key: 'iptables.event', value: 'twice', clock: Math.floor(at / 1000), ns: 1, id: 1 };
  const packet = { request: 'sender data', session: 'ab'.repeat(16), values: [value], at } as const;
  const counts = async () => {
    const sent = await sendValues(plainWhere, packet, AbortSignal.timeout(5000));
    return sent.kind === 'counted' && sent.counts;
  };
  expect(await counts()).toEqual({ processed: 1, failed: 0, total: 1 });
  expect(await counts()).toEqual({ processed: 0, failed: 1, total: 1 });
});

test('a state that cannot be read is a problem of its own, and the numbers stay as they were', async () => {
  const before = (await values('fw1')).get('iptables.score')?.lastvalue;
  publish(unreadableState());
  await eventually('the problem', async () =>
    (await names('fw1')).includes(
      'Iptables: The state of the firewall cannot be read: nobody publishes the state of this host; start palisade up as root',
    ),
  );
  expect((await values('fw1')).get('iptables.score')?.lastvalue).toBe(before);
  expect([...(await values('fw1')).values()].filter(({ error }) => error !== '')).toEqual([]);
  publish(now(healthyState()));
  await eventually('it to be over', async () => !(await names('fw1')).some((name) => name.includes('cannot be read')));
});

type Rule = Extract<HostState['rules'], { known: true }>['value'][number];

test('what others wrote breaks neither the JSON nor keys nor names', async () => {
  const hostile = [
    '{$SECRET}',
    '{#ID}',
    `a'b"c\\d`,
    'x],[y',
    '$..*',
    '\u0000\n\r\u202e',
    '{HOST.CONN}',
    '__proto__',
    '%s%n',
    '\ud800',
    '😀'.repeat(40),
  ];
  const state = healthyState();
  const chains = hostile.map(
    (chain) => ({ family: 4, table: 'filter', chain, policy: null, rules: 1, packets: 1, bytes: 1 }) as const,
  );
  const sets = hostile.map((name) => ({ ...{ name, type: name, entries: 7 }, most: 10, bytes: null }));
  const rule = (text: string, index: number): Rule =>
    ({
      ...{ id: `abcdef0123${index + 10}`, table: 'filter', chain: text, target: text, comment: index % 2 === 0 ? text : null },
      family: 4 as const,
      ...{ text: `-A INPUT -m comment --comment "${text}"`, packets: 1, bytes: 1, since: readAt, lastHit: null },
    }) as const;
  const drift = state.drift.known ? { ...state.drift.value, drifted: true, says: hostile } : null;
  await makeHost('fw-hostile');
  publish(
    now({
      ...state,
      chains: { known: true, value: chains },
      sets: { known: true, value: sets },
      rules: { known: true, value: hostile.map(rule) },
      ...(drift !== null && { drift: { known: true, value: drift } }),
    }),
  );
  void report('fw-hostile');
  const all = await eventually('discovery', async () => {
    const got = await values('fw-hostile');
    return [...got.keys()].filter((key) => key.startsWith('iptables.set.used[')).length === hostile.length ? got : null;
  });
  expect([...all.keys()].filter((key) => key.startsWith('iptables.rule.packets['))).toHaveLength(hostile.length);
  expect([...all.keys()].filter((key) => key.startsWith('iptables.chain.rules['))).toHaveLength(hostile.length);
  for (const { name, error } of all.values()) {
    expect(error).toBe('');
    expect(name).not.toMatch(/\{[$#A-Z]|\u202e/);
  }
  const rules = await zabbix.api<{ error: string }[]>('discoveryrule.get', { host: 'fw-hostile', output: ['error'] });
  expect(rules.filter(({ error }) => error !== '')).toEqual([]);
  publish(now(healthyState()));
});

describe('TLS', () => {
  const key = '0123456789abcdef'.repeat(4);
  const psk = { tls: 'psk', 'psk-identity': 'fw-psk', 'psk-file': join(folder, 'psk') };
  const cert = {
    tls: 'cert',
    'ca-file': join(folder, 'ca.pem'),
    'cert-file': join(folder, 'client.pem'),
    'key-file': join(folder, 'client.key'),
  };

  beforeAll(async () => {
    writeFileSync(join(folder, 'psk'), `${key}\n`);
    writeFileSync(join(folder, 'psk-wrong'), `${'f'.repeat(64)}\n`);
    await makeHost('fw-psk', { tls_connect: 2, tls_accept: 2, tls_psk_identity: 'fw-psk', tls_psk: key });
    await makeHost('fw-cert', { tls_connect: 4, tls_accept: 4 });
  });

  const comes = (host: string): Promise<unknown> =>
    eventually(`values of ${host}`, async () => {
      if ((await values(host)).get('iptables.readable')?.lastvalue === '1') return true;
      throw new Error(said.filter((line) => line.startsWith(host)).join('\n'));
    });

  test('a pre-shared key, and one that is not the server’s', async () => {
    void report('fw-psk', psk);
    await comes('fw-psk');
    void report('fw-psk', { ...psk, 'psk-file': join(folder, 'psk-wrong'), metadata: 'wrong' });
    await eventually('it to be said', () => said.some((line) => line.startsWith('fw-psk:') && line.includes('identity and key')));
  });

  test('certificates, and a server that is made out to another name', async () => {
    void report('fw-cert', { ...cert, 'server-name': 'server.example' });
    await comes('fw-cert');
    void report('fw-cert', { ...cert, 'server-name': 'other.example' });
    await eventually('it to be said', () => said.some((line) => line.startsWith('fw-cert:') && line.includes('other.example')));
  });

  test('a host that must encrypt is not let in without', async () => {
    void report('fw-psk', { metadata: 'plain' });
    await eventually('it to be said', () => said.some((line) => line.startsWith('fw-psk:') && line.includes('unencrypted')));
  });
});

test('Zabbix’s own agent 2 asks palisade as its own user, without any right', async () => {
  const socket = join(folder, 'state.sock');
  let published = now(guideState());
  const publisher = createHttpServer((_, response) => response.end(published.ok ? JSON.stringify(published.state) : ''));
  await new Promise<void>((resolve) => publisher.listen(socket, resolve));
  chmodSync(socket, 0o666);
  await makeHost(
    'fw-agent2',
    { interfaces: [{ type: 1, main: 1, useip: 1, ip: '127.0.0.1', dns: '', port: '10050' }] },
    'passive',
  );
  const answers = zabbixIntegration.answers.parse({ by: 'agent' });
  const command = join(import.meta.dirname, '../../bin/palisade');
  const [file] = zabbixIntegration.files(answers, { host: 'fw-agent2', command, socket, state: null }).filter(({ here }) => here);
  const config = join(folder, 'agent2.conf');
  const run = join(folder, 'zabbix');
  const lines = [
    ...['Hostname=fw-agent2', 'Server=127.0.0.1', 'ListenIP=127.0.0.1', 'Timeout=20', `LogFile=${run}/agent2.log`],
    ...[
      `PidFile=${run}/agent2.pid`,
      `ControlSocket=${run}/agent2.sock`,
      `PluginSocket=${run}/agent2.plugin.sock`,
      file?.text ?? '',
    ],
  ];
  writeFileSync(config, lines.join('\n'));
  await using _agent = await startServer(['zabbix_agent2', '-f', '-c', config], {
    logFile: join(folder, 'agent2.out'),
    user: 'zabbix',
  });
  const get = (key: string): string =>
    spawnSync('zabbix_get', ['-s', '127.0.0.1', '-t', '20', '-k', key], { encoding: 'utf8' }).stdout.trim();
  await eventually('the agent to answer', () => get('agent.ping') === '1');
  const asked = async (key: string): Promise<string> =>
    await new Promise((resolve) =>
      execFile('zabbix_get', ['-s', '127.0.0.1', '-t', '20', '-k', key], (_, stdout) => resolve(stdout.trim())),
    );
  expect(JSON.parse(await asked('iptables.get'))).toEqual(JSON.parse(itemsOf(published)));
  const [master] = await zabbix.api<{ itemid: string }[]>('item.get', { host: 'fw-agent2', filter: { key_: 'iptables.get' } });
  await eventually(
    'its values',
    async () => {
      await zabbix.api('task.create', [{ type: 6, request: { itemid: master?.itemid } }]);
      return (await values('fw-agent2')).get('iptables.findings.critical')?.lastvalue === '1';
    },
    60_000,
    1000,
  );
  // A state that is stale is a problem's text, and no error of the item.
  published = now({ ...guideState() });
  if (published.ok) published.state.until = 1;
  expect(JSON.parse(await asked('iptables.get'))).toMatchObject({ readable: 0, problem: expect.stringContaining('stale') });
  publisher.close();
  publisher.closeAllConnections();
});

test('palisade integrate zabbix imports, makes the host, and shows an event there', async () => {
  const context = integrationContext(() => now(healthyState()));
  const answers = zabbixIntegration.answers.parse({
    ...{ server, url: zabbix.url, 'password-file': 'zabbix', host: 'fw-integrated', 'create-host': 'yes' },
  });
  expect(await zabbixIntegration.apply?.(answers, context)).toEqual({
    kind: 'accepted',
    says: [
      'the template "Iptables by palisade" is in Zabbix 6.0.14: nothing differed',
      'made the host "fw-integrated", with the template',
    ],
  });
  expect(await zabbixIntegration.apply?.(answers, context)).toMatchObject({
    says: [expect.anything(), 'the host "fw-integrated" has the template already'],
  });
  expect(await zabbixIntegration.test?.(answers, context, 'mark-4711')).toMatchObject({
    kind: 'seen',
    where: 'iptables.event of "fw-integrated" in Zabbix 6.0.14',
  });
  const unknown = { ...answers, host: 'nobody' };
  expect(await zabbixIntegration.test?.(unknown, context, 'x')).toMatchObject({ kind: 'unsent' });
  const wrong = { ...answers, 'password-file': 'not the password' };
  expect(await zabbixIntegration.apply?.(wrong, context)).toMatchObject({ kind: 'refused' });
});
