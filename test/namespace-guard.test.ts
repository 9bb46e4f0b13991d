import { spawnSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { refusal, type Surroundings } from './namespace-guard.ts';

const fresh: Surroundings = { own: 'net:[3]', outer: 'net:[2]', host: 'net:[1]', routes: 0, links: ['lo', 'tunl0', 'veth7'] };

describe('the tests run only in a network namespace that was made for them', () => {
  test('one made by npm test is good, for root and for others', () => {
    expect(refusal(fresh)).toBeNull();
    expect(refusal({ ...fresh, host: undefined })).toBeNull();
    expect(refusal({ ...fresh, outer: undefined, links: ['lo', 'sit0'] })).toBeNull();
  });

  test('the network that they were started in is refused', () => {
    expect(refusal({ ...fresh, own: 'net:[2]', host: undefined })).toContain('started in');
  });

  test('the network of the host is refused, whatever the environment says', () => {
    expect(refusal({ ...fresh, own: 'net:[1]' })).toContain('of the host');
  });

  test('no evidence is a refusal', () => {
    expect(refusal({ ...fresh, outer: undefined, host: undefined, links: ['lo', 'eth0'] })).toContain('cannot be told');
    expect(refusal({ ...fresh, outer: undefined })).toContain('cannot be told');
  });

  test('a network that routes something is refused', () => {
    expect(refusal({ ...fresh, routes: 1 })).toContain('routes');
  });

  test('vitest itself stops before it loads a test where the guard refuses', () => {
    // The namespace that this very test runs in is named as the one that was started in.
    const own = readlinkSync('/proc/self/ns/net');
    const run = spawnSync(
      process.execPath,
      ['node_modules/vitest/vitest.mjs', 'run', '--configLoader', 'native', 'test/namespace-guard.test.ts', '-t', 'no evidence'],
      {
        encoding: 'utf8',
        env: { ...process.env, PALISADE_OUTER_NETNS: own },
      },
    );
    expect(run.status).not.toBe(0);
    expect(run.stdout + run.stderr).toContain('no test runs here: this is the network that the tests were started in');
    expect(run.stdout.trimEnd().split('\n').at(-1)).toMatch(/^0 passed, [1-9]\d* failed$/);
  });
});
