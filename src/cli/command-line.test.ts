import { describe, expect, test } from 'vitest';
import { run, type Setting } from './command-line.fixture.ts';

async function input(...argv: string[]): Promise<unknown> {
  const { code, out, err } = await run([...argv, '--json']);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return JSON.parse(out);
}

/** The input that a streaming verb was run with. */
async function streamed(argv: readonly string[], setting: Setting = {}): Promise<unknown> {
  let seen: unknown;
  const { err } = await run(argv, {
    ...setting,
    run: async (_, given) => {
      seen = given;
      return { kind: 'done', value: null };
    },
  });
  expect(err).toBe('');
  return seen;
}

describe('flags', () => {
  test('bare palisade is status, with its flags', async () => {
    expect(await input()).toEqual({ ruleset: [] });
    expect(await input('--ruleset', 'a', '--ruleset=b', '--backend', 'nft')).toEqual({ ruleset: ['a', 'b'], backend: 'nft' });
    expect(await input('--ruleset', '-')).toEqual({ ruleset: ['-'] });
  });

  test('are those of the verb’s input, in kebab-case, by type', async () => {
    expect(await streamed(['trace', '--dport', '22', '--fail-on', 'high', '--no-web'])).toEqual({
      dport: 22,
      failOn: 'high',
      web: false,
      port: 7272,
    });
    expect(await streamed(['trace', '--dport', '0x16'])).toMatchObject({ dport: 22 });
  });

  test('that everybody has go before or after the verb, but a verb’s own one wins after it', async () => {
    expect(await input('--backend', 'legacy', 'status')).toMatchObject({ backend: 'legacy' });
    expect(await streamed(['--state', '/tmp/x', 'trace', '--state', 'NEW'])).toMatchObject({ state: 'NEW' });
    expect((await run(['trace', '--state', '/tmp/x'])).err).toBe(
      'palisade: --state cannot be "/tmp/x"; write NEW or ESTABLISHED\n',
    );
  });

  test('may be words without a flag', async () => {
    expect(await input('diff', 'a', 'b', 'c')).toEqual({ from: 'a', to: ['b', 'c'] });
    expect(await input('diff', 'a')).toEqual({ from: 'a', to: [] });
  });
});

describe('a wrong command line is exit 2 and one line: what, where, what to do', () => {
  test.each<[string, string]>([
    ['statsu', 'there is no verb "statsu"; did you mean status?'],
    ['help adut', 'there is no verb "adut"; the verbs are status, trace, diff'],
    ['help stats', 'there is no verb "stats"; did you mean status?'],
    ['banana', 'there is no verb "banana"; the verbs are status, trace, diff'],
    ['trace --dprot 1', 'trace has no flag --dprot; did you mean --dport?'],
    ['--rulset x', 'status has no flag --rulset; did you mean --ruleset?'],
    ['trace --xyzzy', 'trace has no flag --xyzzy; palisade help trace lists what there is'],
    ['trace --dport', '--dport needs a value; write --dport <PORT>'],
    ['trace --dport ssh', '--dport cannot be "ssh"; write a whole number from 0 to 65535'],
    ['trace --dport 70000', '--dport cannot be "70000"; write a whole number from 0 to 65535'],
    ['trace --dport 1.5', '--dport cannot be "1.5"; write a whole number from 0 to 65535'],
    ['trace --state NEWW', '--state cannot be "NEWW"; did you mean NEW?'],
    ['status --backend nfd', '--backend cannot be "nfd"; did you mean nft?'],
    ['trace --backend nftables', '--backend cannot be "nftables"; write nft or legacy'],
    ['status extra', 'status takes no further words; say what you mean with a flag; palisade help status lists what there is'],
    ['diff', 'diff needs A; palisade help diff lists what there is'],
  ])('%s', async (line, says) => {
    expect(await run(line.split(' '))).toEqual({ code: 2, out: '', err: `palisade: ${says}\n` });
  });
});

describe('settings', () => {
  const files = { '/etc/palisade/config.yaml': 'port: 3\n' };

  test('reach the verb’s input: flag, then environment, then file, then its own default', async () => {
    const env = { PALISADE_PORT: '2' };
    expect(await streamed(['trace', '--port', '1'], { env, files })).toMatchObject({ port: 1 });
    expect(await streamed(['trace'], { env, files })).toMatchObject({ port: 2 });
    expect(await streamed(['trace'], { files })).toMatchObject({ port: 3 });
    expect(await streamed(['trace'])).toMatchObject({ port: 7272 });
  });

  test('a named file must be there, and its problems have their place', async () => {
    expect(await run(['--config', '/x.yaml'])).toEqual({
      code: 2,
      out: '',
      err: '/x.yaml: there is no such file; name a configuration file that can be read with --config\n',
    });
    expect((await run(['status'], { env: { PALISADE_CONFIG: '/c' }, files: { '/c': 'prot: 1\n' } })).err).toBe(
      '/c:1:1: "prot" is no setting; did you mean "port"?\n',
    );
  });
});
