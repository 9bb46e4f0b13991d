import { describe, expect, test } from 'vitest';
import { closest } from '../../closest.ts';
import { problemLine } from '../../result.ts';
import { readConfig, settle } from './index.ts';

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
      'config.yaml:1:1: "xyzzy" is no setting; the settings are backend, port, color, log, state, policy, drift, backup, watch, bans, store',
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
