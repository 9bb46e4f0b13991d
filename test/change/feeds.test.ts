import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { start } from '../../src/kernel/index.ts';
import type { PlanJson } from '../../src/verbs/index.ts';
import { kernel, saved, tool } from './changing.fixture.ts';
import { palisadeIn } from './palisade.fixture.ts';

/** The whole program with a policy that denies a feed, whose server answers once and then is gone. */
const folder = mkdtempSync(join(tmpdir(), 'palisade-feed-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const listed = [
  ...Array.from({ length: 40 }, (_, index) => `198.51.${index * 2}.0/24 ; SBL${index}`),
  '203.0.113.9',
  '192.0.2.0/24',
];
const policy = `palisade: 1
sets:
  admins: ["203.0.113.9"]
  bad: { feed: "http://127.0.0.1:8088/list", every: 1s }
incoming:
  - { deny: any, from: bad }
  - { allow: ssh, from: admins }
  - { allow: http }
tests:
  - can: { from: admins, reach: ssh }
  - cannot: { from: bad, reach: http }
`;

it('a feed becomes a set without those whom the policy lets in, and stays it when its server is gone', {
  timeout: 60_000,
}, async () => {
  await using ns = await kernel.namespace();
  await tool(ns, ['ip', 'link', 'set', 'lo', 'up']);
  const file = join(folder, 'policy.yaml');
  writeFileSync(file, policy);
  const palisade = async (...args: string[]) => {
    return await palisadeIn(ns, '--state', join(folder, 'state'), '--policy', file, ...args);
  };
  const before = await palisade('apply', '--yes');
  expect(before).toMatchObject({
    status: 4,
    err: expect.stringContaining(
      'the set bad lacks addresses: the feed http://127.0.0.1:8088/list cannot be had: nobody answers there',
    ),
  });

  const program = `const body = ${JSON.stringify(listed.join('\n'))};
    require('node:http').createServer((_, response) => response.end(body)).listen(8088, '127.0.0.1', () => console.log('ready'));
    process.stdin.on('end', () => process.exit(0)).resume();`;
  const [enter, ...args] = [...ns.enter, process.execPath, '-e', program] as [string, ...string[]];
  const server = start({ argv: [enter, ...args], env: ns.env });
  for await (const _ of server.lines) break;
  const applied = await palisade('apply', '--yes');
  expect(applied).toMatchObject({
    status: 0,
    out: expect.stringMatching(
      /^note: the set bad holds 42 lines of http:.*, as of now\nnote: bad in line 6 would shut out 203\.0\.113\.9, and does not/,
    ),
  });
  const sets = await tool(ns, ['ipset', 'save']);
  expect(sets).toContain(' 198.51.78.0/24\n');
  expect(sets).toContain(' 192.0.2.0/24\n');
  expect(sets).not.toMatch(/^add PAL4-\w+ 203\.0\.113\.9$/m);
  expect(await saved(ns, 'nft', 4)).toMatch(/-A PAL-IN -m set --match-set PAL4-\w+ src -j DROP/);
  await server[Symbol.asyncDispose]();

  await new Promise((later) => setTimeout(later, 1100));
  const planned = await palisade('plan', '--json');
  expect(planned.status).toBe(0);
  const { changes, notes } = JSON.parse(planned.out) as PlanJson;
  expect({ changes, note: notes[0] }).toEqual({
    changes: false,
    note: expect.stringMatching(/as of \d+ seconds? ago; no newer ones: nobody answers there$/),
  });
});
