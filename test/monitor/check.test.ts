import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../../src/cli/command-line.fixture.ts';
import { checkModes } from '../../src/monitor/checks/index.ts';
import { guideState, healthyState } from '../../src/monitor/state/state.fixture.ts';
import { check } from '../../src/verbs/check.ts';
import type { Verb } from '../../src/verbs/index.ts';
import { fresh, type Published, publish } from '../integration/published.ts';

const verbs = [check as unknown as Verb];
const folder = mkdtempSync(join(tmpdir(), 'palisade-check-'));
const socket = join(folder, 'state.sock');
const silent = join(folder, 'silent.sock');
let published: Published;
let mute: Server;

beforeAll(async () => {
  published = await publish(socket, fresh(guideState()));
  mute = createServer(() => undefined);
  await new Promise<void>((resolve) => mute.listen(silent, resolve));
});

afterAll(async () => {
  await published[Symbol.asyncDispose]();
  mute.close();
  rmSync(folder, { recursive: true, force: true });
});

const plugin = (line: string, files: Readonly<Record<string, string>> = {}) =>
  run(['check', ...line.split(' ').filter((word) => word !== '')], { verbs, files });
const asked = (line: string) => plugin(`${line} --socket ${socket}`);

describe('whatever is no answer is UNKNOWN with 3, one line on standard output and nothing on standard error', () => {
  test.each<[string, string]>([
    ['', 'check needs MODE; palisade help check lists what there is'],
    ['drfit', 'MODE cannot be ’drfit’; did you mean drift?'],
    ['drift --nope', 'check has no flag --nope; palisade help check lists what there is'],
    ['drift -w', '-w, --warning needs a value; write -w, --warning ‹RANGE›'],
    ['drift -w :', '--warning: ’:’ has neither a start nor an end; write a range: 10, 10:, ~:10, 10:20 or @10:20'],
    ['drift -c 20:10', '--critical: ’20:10’ starts behind its end; write a range: 10, 10:, ~:10, 10:20 or @10:20'],
    ['drift -t 0', '--timeout cannot be ’0’; write a number from 0.1 to 600'],
    ['drift --only INPUT', 'drift has no use for --only; leave it out'],
    ['ipset --measure full -w 1', 'ipset does not measure full; it measures fill, entries'],
    ['ipset --measure fill', '--measure goes with a range; add -w or -c'],
    ['rule-hits --rule x --within soon', '--within cannot be ’soon’; write 90s, 15m, 12h, 7d or 2w'],
    ['drift more', 'check takes no further words; say what you mean with a flag; palisade help check lists what there is'],
    ['drift --config /x', '/x: there is no such file; name a configuration file that can be read with --config'],
    ['drift --socket /nowhere/state.sock', 'nobody publishes the state of this host: there is no /nowhere/state.sock; '],
    [
      `drift -t 0.2 --socket ${silent}`,
      `no answer within 0.2 s, at this step: asking ${silent}; give it more time with -t, or see what hangs`,
    ],
  ])('check %s', async (line, says) => {
    const { code, out, err } = await plugin(line);
    expect([code, err, out.split('\n').length]).toEqual([3, '', 2]);
    expect(out.startsWith(`PALISADE UNKNOWN - ${says}`.slice(0, 150))).toBe(true);
  });

  test.each(['--help', '-h', '--version', '-V'])('check %s exits with 3 too', async (flag) => {
    expect(await plugin(flag)).toMatchObject({
      code: 3,
      err: '',
      out: expect.stringMatching(/^(Usage: palisade check|palisade \d)/),
    });
  });

  test('a fault of palisade', async () => {
    const broken = { ...check, run: () => Promise.reject(new Error('it | broke')) } as unknown as Verb;
    const { code, out, err } = await run(['check', 'drift'], { verbs: [broken] });
    expect([code, err]).toEqual([3, '']);
    expect(out).toMatch(/^PALISADE UNKNOWN - this is a fault of palisade: it ¦ broke; please report it/);
  });
});

test('answers exit as plugins do', async () => {
  expect(await asked('drift')).toMatchObject({ code: 2, err: '', out: expect.stringMatching(/^PALISADE CRITICAL - 4 changes/) });
  expect((await asked('updates')).code).toBe(1);
  expect((await asked('updates --exit-ok')).code).toBe(0);
  expect((await asked('drift -w 3 -c 4')).code).toBe(1);
  expect((await asked('rule-hits --rule 22 --expect quiet --within 1h')).code).toBe(2);
  expect((await asked('exposure --except 22/tcp,80/tcp --except 5432/tcp --only */tcp')).code).toBe(0);
  const { out } = await asked('conntrack -w 5 -c -5:-1 --json');
  expect(JSON.parse(out)).toMatchObject({
    status: 'CRITICAL',
    exit: 2,
    perfdata: expect.arrayContaining(['conntrack_used=97.66%;5;-5:-1']),
  });
  published.state = fresh(healthyState());
  const brief = await asked('drift');
  expect([brief.code, brief.out.split('\n').length]).toEqual([0, 2]);
  expect((await asked('drift -vv')).out).toContain('accepted as 20261120T101500Z-3f2a: apply');
});

test('every mode is one that can be asked for', () => {
  expect(check.input.shape.mode.options).toEqual(checkModes.map(({ name }) => name));
});

test('a configuration that only root may read is not needed', async () => {
  const { code } = await run(['check', 'drift', '--socket', socket], {
    verbs,
    files: {},
    forbidden: ['/etc/palisade/config.yaml'],
  });
  expect(code).toBe(0);
});
