import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { type Applying, apply, disarm, pendingState } from '../../src/change/index.ts';
import type { Namespace, RunRequest } from '../../src/kernel/index.ts';
import { applyingIn, type Backend, kernel, must, saved, tool, wantedOf } from './changing.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'palisade-apply-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;
const place = (): string => {
  count += 1;
  return join(folder, String(count));
};

const list = Array.from({ length: 12 }, (_, index) => `"198.51.${index * 2}.0/24"`).join(', ');
const first = `palisade: 1
sets: { partners: [${list}, "2001:db8:7::/48"] }
incoming:
  - { allow: ssh, from: "192.0.2.0/24", at-most: { new: 3, within: 60s } }
  - { allow: https, from: partners }
forwarded:
  - { allow: any, via: wg0, out: eth0, masquerade: ipv4 }
protect: { bad-flags: true, early-drop: true }
`;
const second = first
  .replace('https', '[http, https]')
  .replace('early-drop: true', 'early-drop: false')
  .replace('masquerade: ipv4', 'note: none');

/** Rules of others, some of them between which a policy's jump must stand. */
async function foreign(ns: Namespace, backend: Backend): Promise<void> {
  for (const name of ['iptables', 'ip6tables']) {
    await tool(
      ns,
      [`${name}-${backend}-restore`],
      '*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n:f2b-sshd - [0:0]\n-A INPUT -p tcp --dport 22 -j f2b-sshd\n-A INPUT -i lo -j ACCEPT\n-A f2b-sshd -j RETURN\nCOMMIT\n',
    );
  }
}

async function both(ns: Namespace, backend: Backend): Promise<string> {
  return `${await saved(ns, backend, 4)}\n${await saved(ns, backend, 6)}`;
}

async function applied(
  ns: Namespace,
  backend: Backend,
  policy: string,
  seconds: number,
  change: (applying: Applying) => Applying = (one) => one,
) {
  const at = place();
  const applying = change(applyingIn(ns, backend, at, seconds, await wantedOf(ns, backend, policy)));
  return { at, applying, result: await apply(applying) };
}

describe.each(['nft', 'legacy'] as const)('a change of iptables-%s', (backend) => {
  it('is made whole, and undoes itself to the last byte when nobody confirms it', async () => {
    await using ns = await kernel.namespace();
    await foreign(ns, backend);
    const before = await both(ns, backend);
    const { at, result } = await applied(ns, backend, first, 2);
    expect(must(result).tables).toBeGreaterThanOrEqual(4);
    const now = await both(ns, backend);
    expect(now).toContain('-A INPUT -j PAL-IN');
    expect(now).toContain('-A PREROUTING -j PAL-EARLY');
    // Behind those who ban, before all others.
    expect(now).toMatch(/-A INPUT -p tcp -m tcp --dport 22 -j f2b-sshd\n-A INPUT -j PAL-IN\n-A INPUT -i lo -j ACCEPT/);
    await expect.poll(() => pendingState(at), { timeout: 10_000 }).toBe('reverted');
    expect(await both(ns, backend)).toBe(before);
  });

  it('stays when it is confirmed, touches nothing when it is made again, and goes back to what was confirmed', async () => {
    await using ns = await kernel.namespace();
    await foreign(ns, backend);
    const { at, result } = await applied(ns, backend, first, 60);
    must(result);
    must(await disarm(at));
    expect(pendingState(at)).toBe('confirmed');
    const confirmed = await both(ns, backend);
    const again = await applied(ns, backend, first, 60);
    expect(must(again.result).tables).toBe(0);
    must(await disarm(again.at));
    const other = await applied(ns, backend, second, 60);
    const changed = await both(ns, backend);
    expect(changed).toContain('--dports 80,443');
    expect(changed).not.toContain('PAL-EARLY');
    expect(changed).not.toContain('PAL-SNAT');
    must(await must(other.result).guard.revert());
    expect(await both(ns, backend)).toBe(confirmed);
  });

  it('is undone where the second family is refused', async () => {
    await using ns = await kernel.namespace();
    await foreign(ns, backend);
    const before = await both(ns, backend);
    const { result } = await applied(ns, backend, first, 60, (one) => ({
      ...one,
      run: (request: RunRequest) => {
        if (!request.argv.includes(`ip6tables-${backend}-restore`)) return one.run(request);
        return Promise.resolve({
          kind: 'exited',
          status: 1,
          stdout: '',
          stderr: 'ip6tables-restore: line 3 failed\n',
          durationMs: 1,
        });
      },
    }));
    expect(result).toMatchObject({ ok: false, problems: [{ message: expect.stringContaining('line 3 failed') }] });
    expect(await both(ns, backend)).toBe(before);
  });

  it('leaves bans that others add meanwhile, made and undone', async () => {
    await using ns = await kernel.namespace();
    await foreign(ns, backend);
    const { at, result } = await applied(ns, backend, first, 60);
    await tool(ns, [`iptables-${backend}`, '-I', 'f2b-sshd', '1', '-s', '203.0.113.9', '-j', 'DROP']);
    await tool(ns, [`iptables-${backend}`, '-I', 'INPUT', '1', '-s', '203.0.113.8', '-j', 'DROP']);
    must(await must(result).guard.revert());
    expect(pendingState(at)).toBe('reverted');
    const now = await saved(ns, backend, 4);
    expect(now).toContain('-A f2b-sshd -s 203.0.113.9/32 -j DROP');
    expect(now).toContain(
      '-A INPUT -s 203.0.113.8/32 -j DROP\n-A INPUT -p tcp -m tcp --dport 22 -j f2b-sshd\n-A INPUT -i lo -j ACCEPT',
    );
    expect(now).not.toContain('PAL-');
  });

  it('is undone whatever becomes of the folder, the jumps, the chains and the sets that it needs', async () => {
    await using ns = await kernel.namespace();
    await foreign(ns, backend);
    const iptables = `iptables-${backend}`;
    // Another program's chain, through which one of ours is entered.
    await tool(ns, [iptables, '-N', 'DOCKER-USER']);
    await tool(ns, [iptables, '-A', 'FORWARD', '-j', 'DOCKER-USER']);
    const docker = `${first}docker:\n  - { allow: 8080/tcp }\niptables:\n  - { table: nat, chain: POSTROUTING, rule: "-p sctp -j ACCEPT" }\n`;
    const confirmed = await applied(ns, backend, docker, 60);
    must(confirmed.result);
    must(await disarm(confirmed.at));
    const then = await both(ns, backend);
    expect(then).toContain('-A DOCKER-USER -j PAL-DOCKER');
    expect((await saved(ns, backend, 4)).match(/^-A POSTROUTING -j PAL-/gm)).toHaveLength(2);
    const sets = (await tool(ns, ['ipset', 'save'])).replace(/^(?!.*PAL[46]-).*\n/gm, '');

    const waiting = await applied(ns, backend, second.replace('partners }', '"203.0.113.1" }'), 600, (one) => ({
      ...one,
      ownSets: sets,
    }));
    must(waiting.result);
    await tool(ns, [iptables, '-I', 'INPUT', '1', '-i', 'eth7', '-j', 'PAL-IN']);
    await tool(ns, [iptables, '-D', 'FORWARD', '-j', 'DOCKER-USER']);
    await tool(ns, [iptables, '-F', 'DOCKER-USER']);
    await tool(ns, [iptables, '-X', 'DOCKER-USER']);
    for (const [, name = ''] of sets.matchAll(/^create (\S+)/gm)) await ns.run({ argv: ['ipset', 'destroy', name] });
    // The guard may be writing in it at this moment.
    rmSync(waiting.at, { recursive: true, maxRetries: 50, retryDelay: 2 });
    const wanted = then.replace(/^.*DOCKER-USER.*\n/gm, '').replace(/^(:|-A )PAL-DOCKER.*\n/gm, '');
    // The chain of ours that nobody enters any more is put back, and does nothing.
    const now = async (): Promise<string> => (await both(ns, backend)).replace(/^(:|-A )PAL-DOCKER.*\n/gm, '');
    await expect.poll(now, { timeout: 15_000 }).toBe(wanted);
  });

  it('puts its jump back in full where somebody narrowed it, and leaves it behind bans made meanwhile', async () => {
    await using ns = await kernel.namespace();
    await foreign(ns, backend);
    const iptables = `iptables-${backend}`;
    const confirmed = await applied(ns, backend, first, 60);
    must(confirmed.result);
    must(await disarm(confirmed.at));
    const waiting = await applied(ns, backend, second, 60);
    await tool(ns, [iptables, '-I', 'INPUT', '1', '-s', '203.0.113.8', '-j', 'DROP']);
    must(await must(waiting.result).guard.revert());
    expect(await saved(ns, backend, 4)).toMatch(/-A INPUT -s 203\.0\.113\.8\/32 -j DROP\n[^\n]*f2b-sshd\n-A INPUT -j PAL-IN\n/);

    await tool(ns, [iptables, '-D', 'INPUT', '-j', 'PAL-IN']);
    await tool(ns, [iptables, '-I', 'INPUT', '3', '-i', 'eth0', '-j', 'PAL-IN']);
    const again = await applied(ns, backend, first, 60);
    expect(must(again.result).tables).toBe(1);
    must(await disarm(again.at));
    expect(await saved(ns, backend, 4)).toContain('-A INPUT -j PAL-IN\n');
    expect(await saved(ns, backend, 4)).not.toContain('-i eth0 -j PAL-IN');
  });
});

it('a confirmation that nobody hears is taken back, and the change is undone when somebody hears again', async () => {
  await using ns = await kernel.namespace();
  await foreign(ns, 'nft');
  const before = await both(ns, 'nft');
  const { at, result } = await applied(ns, 'nft', first, 600);
  must(result);
  const guard = Number(readFileSync(join(at, 'armed'), 'latin1').split(' ')[0]);
  process.kill(guard, 'SIGSTOP');
  expect(await disarm(at, 100)).toMatchObject({ ok: false, problems: [{ code: 'confirm-late' }] });
  process.kill(guard, 'SIGCONT');
  // Longer than it takes to look again.
  await sleep(500);
  expect(pendingState(at)).toBe('waiting');
  must(await must(result).guard.revert());
  expect(await both(ns, 'nft')).toBe(before);
});
