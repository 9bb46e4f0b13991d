import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeNamespace } from './namespace.ts';
import { NamespaceRefused } from './refusal.ts';
import { createRun, type RunResult } from './run.ts';

const run = createRun();

function output(result: RunResult): string {
  if (result.kind !== 'exited') throw new Error(result.kind);
  return result.stdout + result.stderr;
}

test('is another namespace, with loopback up and no rules, and is gone afterwards', async () => {
  let pid = 0;
  {
    await using ns = await makeNamespace(run);
    pid = ns.pid;
    expect(readlinkSync(`/proc/${pid}/ns/net`)).not.toBe(readlinkSync('/proc/self/ns/net'));
    expect(output(await ns.run({ argv: ['readlink', '/proc/self/ns/net'] })).trim()).toBe(readlinkSync(`/proc/${pid}/ns/net`));
    const links = JSON.parse(output(await ns.run({ argv: ['ip', '-j', 'link'] }))) as { ifname: string; flags: string[] }[];
    expect(links.find(({ ifname }) => ifname === 'lo')?.flags).toContain('UP');
    expect(output(await ns.run({ argv: ['iptables-nft-save'] }))).toBe('');
  }
  expect(existsSync(`/proc/${pid}`)).toBe(false);
});

test('both backends take rules, and ours do not see them', async () => {
  await using ns = await makeNamespace(run);
  for (const tool of ['iptables-nft', 'iptables-legacy'])
    expect(await ns.run({ argv: [tool, '-w', '2', '-A', 'INPUT', '-s', '192.0.2.77', '-j', 'DROP'] })).toMatchObject({
      status: 0,
    });
  for (const save of ['iptables-nft-save', 'iptables-legacy-save'] as const) {
    expect(output(await ns.run({ argv: [save] }))).toContain('-A INPUT -s 192.0.2.77/32 -j DROP');
    expect(output(await run({ argv: [save] }))).not.toContain('192.0.2.77');
  }
});

test('locks of iptables-legacy are held one by one, not across namespaces', async () => {
  await using ns = await makeNamespace(run);
  await using other = await makeNamespace(run);
  const add = ['iptables-legacy', '-w', '1', '-A', 'INPUT', '-j', 'ACCEPT'] as const;
  const lock = ns.env['XTABLES_LOCKFILE'] ?? '';
  const held = spawn('flock', ['-x', lock, 'sh', '-c', 'echo locked; exec cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(held.stdout, 'data');
  expect(await ns.run({ argv: add })).toMatchObject({ status: 4 });
  expect(await other.run({ argv: add })).toMatchObject({ status: 0 });
  held.stdin.end();
  await once(held, 'exit');
  expect(await ns.run({ argv: add })).toMatchObject({ status: 0 });
});

test('links lead nowhere, or to another namespace', async () => {
  await using server = await makeNamespace(run, { links: [{ name: 'wan0', addresses: ['198.51.100.1/24', '2001:db8::1/64'] }] });
  await using client = await makeNamespace(run, {
    beside: server,
    links: [
      {
        name: 'eth0',
        addresses: ['192.0.2.2/24', '2001:db8:1::2/64'],
        peer: { namespace: server, name: 'lan0', addresses: ['192.0.2.1/24', '2001:db8:1::1/64'] },
      },
    ],
  });
  const names = output(await server.run({ argv: ['ip', '-br', 'link'] }))
    .split('\n')
    .map((line) => line.split(/[@ ]/)[0]);
  expect(names).toEqual(expect.arrayContaining(['lo', 'wan0', 'lan0']));
  expect(output(await server.run({ argv: ['ip', '-br', 'address', 'show', 'wan0'] }))).toContain('198.51.100.1/24');
  for (const address of ['192.0.2.1', '2001:db8:1::1']) {
    const ping = await client.run({ argv: ['ping', '-n', '-c', '1', '-W', '2', address] });
    if (ping.kind !== 'missing') expect(ping).toMatchObject({ status: 0 });
  }
  expect(output(await client.run({ argv: ['ip', 'route', 'get', '192.0.2.1'] }))).toContain('dev eth0');
});

test('a link that cannot be made is an error, and nothing stays', async () => {
  const before = holders();
  await expect(makeNamespace(run, { links: [{ name: 'a-name-that-is-too-long' }] })).rejects.toThrow(/links of a namespace/);
  expect(holders()).toEqual(before);
});

test('a tool that is missing, a time-out and an abort are said of the tool itself', async () => {
  await using ns = await makeNamespace(run);
  expect(await ns.run({ argv: ['no-such-tool'] })).toEqual({ kind: 'missing', tool: 'no-such-tool' });
  expect(await ns.run({ argv: ['sleep', '60'], timeoutMs: 100 })).toEqual({ kind: 'timeout', tool: 'sleep', timeoutMs: 100 });
  expect(await ns.run({ argv: ['sleep', '60'], signal: AbortSignal.abort() })).toMatchObject({
    kind: 'signalled',
    tool: 'sleep',
  });
});

test('disposing twice is harmless; afterwards nothing is entered any more', async () => {
  const ns = await makeNamespace(run);
  await ns[Symbol.asyncDispose]();
  await ns[Symbol.asyncDispose]();
  const result = await ns.run({ argv: ['readlink', '/proc/self/ns/net'] });
  expect(result).toMatchObject({ kind: 'exited', status: 1 });
});

test('kill -9 of the maker leaves no process and no file', async () => {
  // Folders of other processes come and go in the common one.
  const folder = join(tmpdir(), `palisade-namespace-test-${process.pid}`);
  mkdirSync(folder);
  const maker = spawn(process.execPath, ['--input-type=module', '-e', makerScript], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: folder },
  });
  const [line] = (await once(maker.stdout, 'data')) as [Buffer];
  const { pid, netns } = JSON.parse(line.toString()) as { pid: number; netns: string };
  expect(members(netns)).toContain(String(pid));
  maker.kill('SIGKILL');
  await once(maker, 'exit');
  await expect.poll(() => members(netns), { timeout: 2000 }).toEqual([]);
  expect(readdirSync(folder)).toEqual([]);
  rmSync(folder, { recursive: true });
});

const makerScript = `
  import { readlinkSync } from 'node:fs';
  const { createRun } = await import(${JSON.stringify(join(import.meta.dirname, 'run.ts'))});
  const { makeNamespace } = await import(${JSON.stringify(join(import.meta.dirname, 'namespace.ts'))});
  const ns = await makeNamespace(createRun());
  console.log(JSON.stringify({ pid: ns.pid, netns: readlinkSync('/proc/' + ns.pid + '/ns/net') }));
  setInterval(() => {}, 1000);
`;

test('the host that forbids user namespaces is named with its setting', async () => {
  // In a user namespace of its own the limit can be set without touching the host's.
  const script = `
    import { writeFileSync } from 'node:fs';
    writeFileSync('/proc/sys/user/max_user_namespaces', '0');
    const { createRun } = await import(${JSON.stringify(join(import.meta.dirname, 'run.ts'))});
    const { makeNamespace } = await import(${JSON.stringify(join(import.meta.dirname, 'namespace.ts'))});
    process.geteuid = () => 1000;
    await makeNamespace(createRun()).catch((error) => console.log(JSON.stringify(error.problem)));
  `;
  const result = await run({ argv: ['unshare', '-rn', process.execPath, '--input-type=module', '-e', script] });
  expect(JSON.parse(output(result))).toMatchObject({
    code: 'no-namespace',
    message: 'this host forbids user namespaces (user.max_user_namespaces is 0)',
  });
  expect(new NamespaceRefused({ code: 'no-namespace', message: 'm', hint: 'h' }).message).toBe('m');
});

test.skipIf(process.geteuid?.() !== 0)('root without CAP_SYS_ADMIN, as in containers, takes a user namespace', async () => {
  const script = `
    import { readlinkSync } from 'node:fs';
    const { createRun } = await import(${JSON.stringify(join(import.meta.dirname, 'run.ts'))});
    const { makeNamespace } = await import(${JSON.stringify(join(import.meta.dirname, 'namespace.ts'))});
    await using ns = await makeNamespace(createRun(), { links: [{ name: 'eth0', addresses: ['192.0.2.1/24'] }] });
    await using beside = await makeNamespace(createRun(), { beside: ns, links: [{ name: 'a', peer: { namespace: ns, name: 'b' } }] });
    const add = await ns.run({ argv: ['iptables-nft', '-A', 'INPUT', '-i', 'b', '-j', 'DROP'] });
    const save = await ns.run({ argv: ['iptables-legacy-save'] });
    const user = (pid) => readlinkSync('/proc/' + pid + '/ns/user');
    console.log(JSON.stringify([add.status, save.status, user(ns.pid) === user(beside.pid), user(ns.pid) === user('self')]));
  `;
  const drop = ['setpriv', '--bounding-set=-sys_admin', '--inh-caps=-sys_admin', '--'] as const;
  const result = await run({ argv: [...drop, process.execPath, '--no-warnings', '--input-type=module', '-e', script] });
  expect(output(result)).toBe('[0,0,true,false]\n');
});

/** Processes in the network namespace. */
function members(netns: string): string[] {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && namespaceOf(pid) === netns);
}

function namespaceOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    // It ended in between, or is another user's.
    return undefined;
  }
}

/** Children of ours that hold a namespace other than ours. */
function holders(): string[] {
  const own = readlinkSync('/proc/self/ns/net');
  return readdirSync(`/proc/self/task`)
    .flatMap((task) => readChildren(task))
    .filter((pid) => namespaceOf(pid) !== own);
}

function readChildren(task: string): string[] {
  return readFileSync(`/proc/self/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean);
}
