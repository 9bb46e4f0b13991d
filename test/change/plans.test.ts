import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Namespace } from '../../src/kernel/index.ts';
import { hostFromTexts } from '../../src/model/host/index.ts';
import { wrongNow } from '../../src/verbs/changing/live.ts';
import type { Context } from '../../src/verbs/index.ts';
import { readPlan } from '../../src/verbs/planning/index.ts';
import { kernel, saved, tool } from './changing.fixture.ts';
import { palisadeIn } from './palisade.fixture.ts';

/** Plans that are kept and made later, and changes that confirm themselves. */
const folder = mkdtempSync(join(tmpdir(), 'palisade-plans-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const policy = 'palisade: 1\nsets:\n  here: { file: here.txt }\nincoming:\n  - { allow: http }\n  - { allow: ssh, from: here }\n';
const file = join(folder, 'policy.yaml');
const list = join(folder, 'here.txt');

const palisade = (ns: Namespace, ...args: string[]) =>
  palisadeIn(ns, '--state', join(folder, 'state'), '--policy', file, '--backend', 'nft', ...args);

test('a plan that was kept is made as it was looked at, on the host that it is for while that is as it was', {
  timeout: 90_000,
}, async () => {
  await using ns = await kernel.namespace();
  await tool(ns, ['sh', '-ec', 'ip link set lo up; iptables-nft -A FORWARD -s 203.0.113.9 -j DROP']);
  writeFileSync(file, policy);
  writeFileSync(list, '192.0.2.1\n');
  const kept = join(folder, 'plan.json');
  expect(await palisade(ns, 'plan', '--out', kept, '--format', 'markdown')).toMatchObject({
    status: 1,
    said: expect.stringMatching(/^## Firewall plan: `.*`\n\n\*\*There is something to do\.\*\*\n\n### IPv4, input\n\n\| Change /),
  });
  expect(statSync(kept).mode & 0o777).toBe(0o600);
  const nothing = await saved(ns, 'nft', 4);
  expect(await palisade(ns, 'apply', '--dry-run')).toMatchObject({
    status: 1,
    said: expect.stringContaining('+ -A INPUT -j PAL-IN'),
  });
  expect(await saved(ns, 'nft', 4)).toBe(nothing);
  const whole = JSON.parse(readFileSync(kept, 'utf8'));
  const context = { stateFolder: folder } as unknown as Context;
  for (const [text, said] of [
    ['{', 'this is no plan: it is not JSON'],
    ['{"palisade":"plan"}', 'this is no plan of palisade'],
    [JSON.stringify({ ...whole, spared: { 4: [['x', 'y']], 6: [] } }), 'this is no plan of palisade'],
    [JSON.stringify({ ...whole, version: '0.0.0' }), expect.stringContaining('palisade 0.0.0 wrote this plan')],
  ] as const) {
    writeFileSync(`${kept}.bad`, text);
    expect(await readPlan(context, `${kept}.bad`)).toMatchObject({
      ok: false,
      problems: [{ code: 'plan-invalid', message: said }],
    });
  }
  writeFileSync(`${kept}.bad`, JSON.stringify({ ...whole, host: 'elsewhere' }));
  // Nothing in a plan tells whether it is still the one that was looked at.
  chmodSync(`${kept}.bad`, 0o666);
  expect(await readPlan(context, `${kept}.bad`)).toMatchObject({
    ok: false,
    problems: [{ message: expect.stringContaining('others may write') }],
  });
  chmodSync(`${kept}.bad`, 0o600);
  expect(await palisade(ns, 'apply', `${kept}.bad`, '--yes')).toMatchObject({
    status: 4,
    said: expect.stringContaining('this plan is for the host elsewhere'),
  });
  await tool(ns, ['iptables-nft', '-A', 'INPUT', '-s', '203.0.113.10', '-j', 'DROP']);
  expect(await palisade(ns, 'apply', kept, '--yes')).toMatchObject({
    status: 4,
    said: expect.stringContaining('no longer as it was'),
  });
  await tool(ns, ['iptables-nft', '-D', 'INPUT', '-s', '203.0.113.10', '-j', 'DROP']);
  expect(await saved(ns, 'nft', 4)).toBe(nothing);
  // Policy and list have changed since: what was looked at is made, not what they say now.
  writeFileSync(file, policy.replace('http', 'https'));
  writeFileSync(list, '192.0.2.99\n');
  expect(await palisade(ns, 'apply', kept, '--yes')).toMatchObject({ status: 0 });
  const made = await saved(ns, 'nft', 4);
  expect(made).toContain('--dport 80 ');
  expect(made).toContain('-s 192.0.2.1/32 ');
  expect(made).toContain('-A FORWARD -s 203.0.113.9/32 -j DROP');
});

test('a change confirms itself once whoever manages the host has connected anew, and not before', {
  timeout: 90_000,
}, async () => {
  await using ns = await kernel.namespace();
  await tool(ns, ['sh', '-ec', 'ip link set lo up; ip addr add 192.0.2.1/32 dev lo; ip addr add 192.0.2.2/32 dev lo']);
  writeFileSync(file, policy.replace('here: { file: here.txt }', 'here: ["192.0.2.1", "192.0.2.2"]').replace('http', 'smtp'));
  expect(await palisade(ns, 'apply', '--confirm-by-reconnect')).toMatchObject({
    status: 4,
    said: expect.stringContaining('not known from where you are connected'),
  });
  // The kernel names a program by its file, as ss does.
  const sshd = join(folder, 'sshd');
  symlinkSync('/usr/bin/perl', sshd);
  const serve =
    'use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalPort => 22, Listen => 9, ReuseAddr => 1) or die; $| = 1; print "on\n"; my @c; while (my $c = $s->accept) { push @c, $c }';
  const call = (source: string) =>
    `use IO::Socket::INET; my $c = IO::Socket::INET->new(PeerAddr => "192.0.2.1", PeerPort => 22, LocalAddr => "${source}") or die; $| = 1; print "on\n"; sleep 60`;
  const enter = (program: string, code: string) =>
    spawn('nsenter', ['-t', String(ns.pid), '-n', program, '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  const started = [enter(sshd, serve)];
  try {
    await once(started[0]?.stdout ?? process, 'data');
    const from = async (source: string): Promise<void> => {
      const child = enter('/usr/bin/perl', call(source));
      started.push(child);
      await once(child.stdout ?? process, 'data');
    };
    await from('192.0.2.1');
    const waiting = palisadeIn(
      { ...ns, run: (asked) => ns.run({ ...asked, env: { ...asked.env, SSH_CONNECTION: '192.0.2.1 40000 192.0.2.1 22' } }) },
      ...['--state', join(folder, 'state'), '--policy', file, '--backend', 'nft'],
      ...['apply', '--confirm-by-reconnect', '--timeout', '40'],
    );
    let done = false;
    waiting.finally(() => {
      done = true;
    });
    await expect.poll(() => saved(ns, 'nft', 4), { timeout: 20_000, interval: 200 }).toContain('PAL-IN');
    // Somebody else says nothing of whether they come in again.
    await from('192.0.2.2');
    await new Promise((resolve) => setTimeout(resolve, 1800));
    expect(done).toBe(false);
    await from('192.0.2.1');
    expect(await waiting).toMatchObject({ status: 0, said: expect.stringContaining('by a new connection from 192.0.2.1') });
  } finally {
    for (const child of started) child.kill('SIGKILL');
  }
});

test('what was proved is asked again of the live firewall only where others have written rules meanwhile', async () => {
  await using ns = await kernel.namespace();
  await tool(ns, ['iptables-nft', '-A', 'INPUT', '-s', '203.0.113.9', '-j', 'DROP']);
  const before = hostFromTexts(await kernel.read({ namespace: ns }));
  const context = {
    kernel: { ...kernel, read: (asked: object) => kernel.read({ ...asked, namespace: ns }) },
  } as unknown as Context;
  const problem = { code: 'plan-refused', message: 'asked', hint: 'again' } as const;
  const asked: (string | undefined)[] = [];
  const now = () =>
    wrongNow(context, before, before, 'nft', ({ rulesets }) => {
      asked.push(rulesets[4].known ? rulesets[4].value.text : undefined);
      return [problem];
    });
  await tool(ns, ['sh', '-ec', 'iptables-nft -N PAL-IN; iptables-nft -I INPUT -j PAL-IN; iptables-nft -Z']);
  expect(await now()).toEqual([]);
  await tool(ns, ['iptables-nft', '-A', 'INPUT', '-s', '203.0.113.10', '-j', 'ACCEPT']);
  expect(await now()).toEqual([problem]);
  expect(asked).toEqual([expect.stringContaining('203.0.113.10')]);
});
