import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Channel } from '../../alert/channel.ts';
import { alertSettings } from '../../alert/settings.ts';
import { closest } from '../../closest.ts';
import { problemLine } from '../../result.ts';
import { verbs } from '../index.ts';
import { configSchema, readConfig, settle } from './index.ts';

async function lines(text: string): Promise<string[]> {
  const read = await readConfig(text, 'config.yaml');
  return read.ok ? [] : read.problems.map(problemLine);
}

describe('the configuration file', () => {
  test('is read as what it says, without defaults', async () => {
    expect(await readConfig('port: 8080\ncolor: never\n', 'f')).toEqual({ ok: true, value: { port: 8080, color: 'never' } });
    expect(await readConfig('# nothing yet\n', 'f')).toEqual({ ok: true, value: {} });
    expect(await readConfig('', 'f')).toEqual({ ok: true, value: {} });
  });

  test.each([
    ['port: 1\nprot: 2\n', 'config.yaml:2:1: "prot" is no setting; did you mean "port"?'],
    [
      'xyzzy: 2\n',
      'config.yaml:1:1: "xyzzy" is no setting; the settings are backend, port, color, log, state, policy, drift, backup, watch, bans, publish, store, alerts, reports',
    ],
    ['port: 99999\n', 'config.yaml:1:7: "port" has a value that it cannot have; write a whole number from 0 to 65535'],
    ['color: never\nbackend:   nftables\n', 'config.yaml:2:12: "backend" has a value that it cannot have; write nft or legacy'],
    ['state: 5\n', 'config.yaml:1:8: "state" has a value that it cannot have; write a string'],
    ['drift:\n  action: undo\n', 'config.yaml:2:11: "drift.action" has a value that it cannot have; write alert or restore'],
    ['drift:\n  acton: restore\n', 'config.yaml:2:3: "drift.acton" is no setting; did you mean "action"?'],
    [
      'drift: { remove-foreign: 1 }\n',
      'config.yaml:1:26: "drift.remove-foreign" has a value that it cannot have; write true or false',
    ],
    ['drift: restore\n', 'config.yaml:1:8: "drift" has a value that it cannot have; write settings of its own, one a line'],
    ['drift:\n', 'config.yaml:1:1: "drift" has a value that it cannot have; write settings of its own, one a line'],
    ['backup:\n  copies: /mnt\n', 'config.yaml:2:11: "backup.copies" has a value that it cannot have; write a list of texts'],
    [
      'backup:\n  copies:\n    - /mnt\n    - 5\n',
      'config.yaml:4:7: "backup.copies" has a value that it cannot have; write a list of texts',
    ],
    [
      'backup:\n  keep: { last: -1 }\n',
      'config.yaml:2:17: "backup.keep.last" has a value that it cannot have; write a whole number from 0 to 10000',
    ],
    ['backup:\n  keep:\n    dayly: 3\n', 'config.yaml:3:5: "backup.keep.dayly" is no setting; did you mean "daily"?'],
    [
      'watch: { sources: [] }\n',
      'config.yaml:1:19: "watch.sources" has a value that it cannot have; write auto or a list of texts',
    ],
    [
      'watch: { sources: kmsg }\n',
      'config.yaml:1:19: "watch.sources" has a value that it cannot have; write auto or a list of texts',
    ],
    [
      'store:\n  keep-days: 0\n',
      'config.yaml:2:14: "store.keep-days" has a value that it cannot have; write a whole number from 1 to 3650',
    ],
    ['- port\n', 'config.yaml:1:1: this is not a configuration; write one "key: value" a line, such as "port: 7272"'],
  ])('%j is refused with its place', async (text, line) => {
    expect(await lines(text)).toEqual([line]);
  });

  test('what the YAML parser refuses or warns of is a problem at its place', async () => {
    expect((await lines('port: [1\n'))[0]).toMatch(/^config\.yaml:\d+:\d+: .+; mend the YAML$/);
    expect((await lines('port: 1\nport: 2\n'))[0]).toMatch(/^config\.yaml:2:1: Map keys must be unique; mend the YAML$/);
    expect((await lines('state: !secret x\n'))[0]).toMatch(/^config\.yaml:1:8: .*tag.*; mend the YAML$/);
  });
});

describe('alerts', () => {
  const kind = (type: string, settings: z.ZodObject): Channel => ({ type, summary: type, settings, open: () => never() });
  const never = (): never => {
    throw new Error('not here');
  };
  const secret = z.union([z.string().min(1), z.strictObject({ file: z.string().min(1) })]);
  const channels = [
    kind('email', z.object({ host: z.string().min(1), port: z.int().min(1).max(65535).default(25) })),
    kind('webhook', z.object({ url: z.string().min(1), secret: secret.optional() })),
  ];
  const schema = configSchema.extend({ alerts: alertSettings(channels).optional() });
  const problems = async (text: string): Promise<string[]> => {
    const read = await readConfig(text, 'c', async () => schema);
    return read.ok ? [] : read.problems.map(problemLine);
  };
  const head = 'alerts:\n  channels:\n    mail: { type: email, host: mx }\n';

  test('are looked at by those who tell others, and left unread by whoever does not', async () => {
    const wrong = 'alerts: { channels: { a: { type: pigeon } } }';
    expect(await readConfig(wrong, 'c')).toMatchObject({ ok: true });
    expect(await readConfig(wrong, 'c', 'wholly')).toMatchObject({ ok: false, problems: [{ at: { line: 1, column: 34 } }] });
    const told = verbs.filter(({ tells }) => tells === true).map(({ name }) => name);
    expect(told).toEqual(expect.arrayContaining(['up', 'alerts']));
  });

  test('of the manual are read as they stand there', async () => {
    const manual = readFileSync(join(import.meta.dirname, '../../../docs/alerts.md'), 'utf8');
    const example = manual
      .split('\n')
      .slice(manual.split('\n').indexOf('    alerts:'))
      .map((line) => line.slice(4));
    const text = example.slice(0, example.indexOf('')).join('\n');
    const read = await readConfig(text, 'c', 'wholly');
    expect(read.ok ? [] : read.problems.map(problemLine)).toEqual([]);
    expect(read.ok && read.value.alerts).toMatchObject({ routes: [{ to: ['log'] }, {}, { repeat: '4h' }, { digest: '1h' }] });
  });

  test('are channels by name, each of its own type, and routes in order', async () => {
    const text = `${head}    hook:\n      type: webhook\n      url: https://x\n      secret: { file: /etc/s }\n  routes:\n    - { to: [mail], digest: 1h }\n    - to: [hook]\n      escalate: [{ after: 30m, to: [mail] }]\n`;
    expect(await problems(text)).toEqual([]);
    const read = await readConfig(text, 'c', async () => schema);
    const settled = read.ok ? settle({ flags: {}, env: {}, file: read.value }) : read;
    const said = settled.ok ? schema.parse({ alerts: settled.value.settings.alerts }).alerts : null;
    expect(said).toMatchObject({
      channels: { mail: { port: 25 } },
      routes: [{ severity: 'medium', digest: '1h' }, { wait: '10s' }],
    });
  });

  test.each([
    [
      '    hook: { type: webhok, url: x }\n',
      'c:4:19: "alerts.channels.hook.type" has a value that it cannot have; write email or webhook',
    ],
    ['    hook: { url: x }\n', 'c:4:11: "alerts.channels.hook.type" is missing; write email or webhook'],
    ['    hook: { type: webhook }\n', 'c:4:11: "alerts.channels.hook.url" is missing; write a string'],
    ['    hook: { type: webhook, ulr: x, url: y }\n', 'c:4:28: "alerts.channels.hook.ulr" is no setting; did you mean "url"?'],
    [
      '    hook: { type: webhook, url: x, port: 1 }\n',
      'c:4:36: "alerts.channels.hook.port" is no setting; the settings are type, url, secret',
    ],
    [
      '    m2: { type: email, host: x, port: 0 }\n',
      'c:4:39: "alerts.channels.m2.port" has a value that it cannot have; write a whole number from 1 to 65535',
    ],
    ['    a/b: { type: email, host: x }\n', 'c:4:5: "a/b" is no name; write a name of letters, digits, - and _'],
    ['  routes: mail\n', 'c:4:11: "alerts.routes" has a value that it cannot have; write a list of settings'],
    ['  routes:\n    - { severity: high }\n', 'c:5:7: "alerts.routes.to" is missing; write a list of texts'],
    [
      '  routes:\n    - to: [mail]\n      severty: high\n',
      'c:6:7: "alerts.routes.severty" is no setting; did you mean "severity"?',
    ],
    ['  routes:\n    - to: [mail]\n    - to: [mial]\n', 'c:6:12: there is no channel "mial"; did you mean "mail"?'],
    [
      '  routes:\n    - to: [mail]\n      escalate:\n        - { after: 1h, to: [pager] }\n',
      'c:7:29: there is no channel "pager"; the channels are mail',
    ],
    [
      '  routes:\n    - { to: [mail], wait: soon }\n',
      'c:5:27: "alerts.routes.wait" has a value that it cannot have; write a time such as 10s',
    ],
    [
      '  routes:\n    - to: [mail]\n      quiet-hours: { from: "22:00", to: "7:00" }\n',
      'c:6:41: "alerts.routes.quiet-hours.to" has a value that it cannot have; write a time of day in quotes, such as "22:00"',
    ],
    [
      '  routes:\n    - to: [mail]\n      quiet-hours: { from: "22:00", to: "07:00", zone: Berlin }\n',
      'c:6:56: "alerts.routes.quiet-hours.zone" has a value that it cannot have; write a time zone such as Europe/Berlin or UTC',
    ],
    [
      '  routes:\n    - { to: [mail], at-most: many }\n',
      'c:5:30: "alerts.routes.at-most" has a value that it cannot have; write a number and a time, such as 20/1h',
    ],
  ])('%j is refused with its place', async (text, line) => {
    expect(await problems(head + text)).toEqual([line]);
  });
});

describe('a setting', () => {
  test('comes from the flag, else the environment, else the file, else the default', () => {
    const env = { PALISADE_PORT: '2' };
    const port = (sources: Parameters<typeof settle>[0]): unknown => {
      const settled = settle(sources);
      return settled.ok && settled.value.settings.port;
    };
    expect(port({ flags: { port: 1 }, env, file: { port: 3 } })).toBe(1);
    expect(port({ flags: {}, env, file: { port: 3 } })).toBe(2);
    expect(port({ flags: {}, env: {}, file: { port: 3 } })).toBe(3);
    expect(port({ flags: {}, env: {}, file: {} })).toBe(7272);
  });

  test('within another is settled by itself', () => {
    const settled = settle({
      flags: {},
      env: { PALISADE_DRIFT_REMOVE_FOREIGN: 'true', PALISADE_BACKUP_KEEP_DAILY: '3' },
      file: { drift: { action: 'restore' }, backup: { copies: ['/mnt/a'], keep: { daily: 5, last: 2 } } },
    });
    expect(settled.ok && settled.value.settings).toMatchObject({
      drift: { action: 'restore', 'remove-foreign': true },
      backup: { copies: ['/mnt/a'], keep: { last: 2, hourly: 24, daily: 3 } },
    });
    expect(settled.ok && [...settled.value.said]).toEqual(['drift', 'backup']);
    const none = settle({ flags: {}, env: {}, file: {} });
    expect(none.ok && none.value.settings.drift).toEqual({ action: 'alert', 'remove-foreign': false });
  });

  test('that nobody said is told apart', () => {
    const settled = settle({ flags: {}, env: { PALISADE_LOG: 'info' }, file: { backend: 'nft' } });
    expect(settled.ok && [...settled.value.said]).toEqual(['backend', 'log']);
  });

  test.each([
    [{ PALISADE_PORT: 'many' }, 'PALISADE_PORT cannot be "many"; write a whole number from 0 to 65535'],
    [{ PALISADE_BACKEND: 'nftables' }, 'PALISADE_BACKEND cannot be "nftables"; write nft or legacy'],
    [{ PALISADE_DRIFT_ACTION: 'undo' }, 'PALISADE_DRIFT_ACTION cannot be "undo"; write alert or restore'],
    [{ PALISADE_DRIFT_REMOVE_FOREIGN: 'yes' }, 'PALISADE_DRIFT_REMOVE_FOREIGN cannot be "yes"; write true or false'],
    [{ PALISADE_PROT: '1' }, 'PALISADE_PROT is no setting; did you mean PALISADE_PORT?'],
  ])('%j in the environment is refused', (env, line) => {
    const settled = settle({ flags: {}, env, file: {} });
    expect(settled.ok ? [] : settled.problems.map(problemLine)).toEqual([line]);
  });
});

test('the closest word is found by slips of the hand, and nothing is found for what is far', () => {
  expect(closest('adit', ['audit', 'status'])).toBe('audit');
  expect(closest('aduit', ['audit', 'status'])).toBe('audit');
  expect(closest('statsu', ['audit', 'status'])).toBe('status');
  expect(closest('banana', ['audit', 'status'])).toBeUndefined();
});
