import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hostIn, kernel, rules, through } from '../../test/reading/host.ts';
import { formatPrefix } from '../model/net/index.ts';
import { tell, value, why } from './inside.fixture.ts';
import { createRun, type Run } from './run.ts';

test('a machine without rules: that is known, of both families, and so is all else', async () => {
  await using ns = await kernel.namespace();
  const host = await hostIn(ns);
  for (const family of [4, 6] as const) {
    expect(rules(host.rulesets[family])).toEqual([]);
    const { nft, legacy } = value(host.backends[family]);
    expect([nft?.tables, legacy?.tables]).toEqual([[], []]);
  }
  expect(value(host.foreignChains)).toEqual([]);
  expect(value(host.sets).size).toBe(0);
  expect(value(host.links).find(({ name }) => name === 'lo')).toMatchObject({ loopback: true, up: true });
  expect(value(host.addresses).map(({ prefix }) => formatPrefix(prefix))).toEqual(['127.0.0.1/8', '::1/128']);
  expect(value(host.listeners)).toEqual([]);
  expect(value(host.sysctls).get('net.ipv4.ip_forward')).toMatch(/^[01]$/);
  expect(value(host.routes).some(({ type, prefix }) => type === 'local' && formatPrefix(prefix) === '127.0.0.0/8')).toBe(true);
});

test('without any tool all is unknown, each with what to install', async () => {
  await using ns = await kernel.namespace();
  const none: Run = async ({ argv: [tool] }) => ({ kind: 'missing', tool });
  const host = await hostIn(through(ns, none));
  const facts = [host.rulesets[4], host.rulesets[6], host.backends[4], host.foreignChains, host.sets, host.links];
  for (const fact of [...facts, host.addresses, host.routes, host.listeners, host.sysctls])
    expect(why(fact)).toMatch(/is not installed \| install [a-z]/);
});

const summaryScript = (base: string) => `
  const { createKernel } = await import(${JSON.stringify(join(base, 'kernel.ts'))});
  const { hostFromTexts } = await import(${JSON.stringify(join(base, '../model/host/index.ts'))});
  const kernel = createKernel();
  const host = hostFromTexts(await kernel.read());
  const said = (fact) => fact.known || fact.why + ' | ' + fact.remedy;
  console.log(JSON.stringify({ rights: await kernel.rights(), rules: [said(host.rulesets[4]), said(host.rulesets[6])],
    sets: said(host.sets), foreign: said(host.foreignChains), links: host.links.known, addresses: host.addresses.known,
    listeners: host.listeners.known && host.listeners.value.map(({ port, process }) => [port, process]), sysctls: host.sysctls.known, routes: host.routes.known }));
`;

/** Only root of the whole host, or of a user namespace that maps it, can become nobody. */
const mapsNobody = readFileSync('/proc/self/uid_map', 'utf8')
  .trim()
  .split('\n')
  .some((line) => {
    const [first = 0, , count = 0] = line.trim().split(/\s+/).map(Number);
    return first <= 65534 && 65534 < first + count;
  });

test.for([
  ['a user namespace that owns nothing here', ['unshare', '-U'], true],
  ['nobody', ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'], mapsNobody && process.geteuid?.() === 0],
] as const)('as %s: rules are unknown for want of rights, the rest is known', async ([, become, possible], { skip }) => {
  if (!possible) skip();
  await using ns = await kernel.namespace();
  await tell(ns, 'iptables-nft -A INPUT -j DROP');
  const [tool, ...args] = [
    ...ns.enter,
    process.execPath,
    '-e',
    "require('net').createServer().listen(22, () => console.log('up')); process.stdin.resume().on('end', () => process.exit())",
  ] as [string, ...string[]];
  const server = spawn(tool, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(server.stdout, 'data');
  const result = await ns.run({
    argv: [
      become[0],
      ...become.slice(1),
      process.execPath,
      '--no-warnings',
      '--input-type=module',
      '-e',
      summaryScript(import.meta.dirname),
    ],
  });
  server.stdin.end();
  await once(server, 'exit');
  if (result.kind !== 'exited' || result.status !== 0) throw new Error(JSON.stringify(result));
  const said = JSON.parse(result.stdout) as Record<string, unknown>;
  const asRoot = expect.stringMatching(/^only root may read .* \| run palisade as root$/);
  expect(said).toEqual({
    rights: { root: false, canSeeRules: false, why: expect.any(String) },
    rules: [asRoot, asRoot],
    sets: asRoot,
    foreign: asRoot,
    links: true,
    addresses: true,
    listeners: [[22, null]],
    sysctls: true,
    routes: true,
  });
});

test.skipIf(process.geteuid?.() !== 0)(
  'rights: root sees the rules; root of a user namespace without its own network does not',
  async () => {
    expect(await kernel.rights()).toMatchObject({ root: true, canSeeRules: true });
    const argv = [
      'unshare',
      '-r',
      process.execPath,
      '--no-warnings',
      '--input-type=module',
      '-e',
      summaryScript(import.meta.dirname),
    ] as const;
    const result = await createRun()({ argv });
    if (result.kind !== 'exited') throw new Error(result.kind);
    expect(JSON.parse(result.stdout)).toMatchObject({
      rights: { root: true, canSeeRules: false, why: 'this user namespace does not own the network namespace that it is in' },
      rules: [expect.stringContaining('run palisade as root'), expect.stringContaining('run palisade as root')],
    });
  },
);
