import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Namespace } from '../../src/kernel/index.ts';
import { type Backend, kernel, saved, tool } from './changing.fixture.ts';
import { palisadeIn } from './palisade.fixture.ts';

/** The whole program as an administrator runs it, on a firewall in which others have rules. */
const folder = mkdtempSync(join(tmpdir(), 'palisade-verbs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const foreign =
  '*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:f2b-sshd - [0:0]\n-A INPUT -p tcp --dport 22 -j f2b-sshd\n-A INPUT -s 192.0.2.1 -j ACCEPT\n-A f2b-sshd -j RETURN\nCOMMIT\n';
const policy =
  'palisade: 1\nincoming:\n  - { allow: [ssh, http] }\nforwarded:\n  - { allow: any, via: wg0, out: eth0, masquerade: ipv4 }\ntests:\n  - can: { reach: http }\n';

interface Place {
  readonly ns: Namespace;
  readonly backend: Backend;
  readonly state: string;
}

async function place(ns: Namespace, backend: Backend): Promise<Place> {
  await tool(ns, [`iptables-${backend}-restore`], foreign);
  return { ns, backend, state: mkdtempSync(join(folder, 'state-')) };
}

let count = 0;
async function palisade({ ns, state, backend }: Place, text: string, verb: string, ...args: string[]) {
  // Two of them may run at once.
  count += 1;
  const file = join(folder, `policy-${count}.yaml`);
  writeFileSync(file, text);
  return await palisadeIn(ns, '--state', state, '--policy', file, '--backend', backend, verb, ...args);
}

const both = async ({ ns, backend }: Place): Promise<string> => `${await saved(ns, backend, 4)}\n${await saved(ns, backend, 6)}`;

/** Both backends in apply.test.ts and killed.test.ts; here it is about what is said and kept. */
describe('a firewall', () => {
  const backend = 'nft';

  it('a policy is applied, changed, gone back from and taken away', { timeout: 120_000 }, async () => {
    await using ns = await kernel.namespace();
    const here = await place(ns, backend);
    const before = await both(here);
    expect(await palisade(here, policy, 'apply', '--yes')).toMatchObject({
      status: 0,
      said: expect.stringContaining('Confirmed'),
    });
    const first = await both(here);
    expect(first).toContain('--dports 22,80');
    expect(await palisade(here, policy, 'apply', '--yes')).toMatchObject({
      status: 0,
      said: 'The host is as the policy says.\n',
    });
    expect(await palisade(here, policy, 'plan')).toMatchObject({ said: expect.stringContaining('the host is as it says') });

    const list = Array.from({ length: 10 }, (_, index) => `"198.51.100.${index * 2}"`).join(', ');
    const second = policy.replace('[ssh, http] }', `[ssh, http], from: [${list}] }\n  - { allow: http }`);
    expect((await palisade(here, second, 'apply', '--yes')).status).toBe(0);
    expect(await tool(ns, ['ipset', 'list', '-n'])).toMatch(/^PAL4-[0-9a-f]{20}\n$/);
    expect((await palisade(here, second, 'rollback', '--yes')).status).toBe(0);
    expect(await both(here)).toBe(first);
    expect(await tool(ns, ['ipset', 'list', '-n'])).toBe('');
    expect((await palisade(here, second, 'rollback', '--yes')).status).toBe(0);
    expect(await tool(ns, ['ipset', 'list', '-n'])).toMatch(/^PAL4-/);
    const kept = (await palisade(here, policy, 'rollback', '--list')).out.trim().split('\n');
    expect(kept).toHaveLength(4);
    expect([...kept].sort().reverse()).toEqual(kept);
    expect(await palisade(here, policy, 'rollback', '20260101T000000000Z')).toMatchObject({
      status: 4,
      said: expect.stringContaining('nothing is kept of 20260101T000000000Z'),
    });
    const [oldest = ''] = (kept.at(-1) ?? '').split(' ');
    expect((await palisade(here, second, 'rollback', oldest, '--yes')).status).toBe(0);
    expect(await both(here)).toBe(first);

    expect((await palisade(here, policy, 'uninstall', '--yes')).status).toBe(0);
    expect(await both(here)).toBe(before);
    expect(await tool(ns, ['ipset', 'list', '-n'])).toBe('');
    expect(readdirSync(here.state)).toEqual(['accepted', 'backups', 'journal.head', 'journal.jsonl']);
    expect(await palisade(here, policy, 'journal', 'verify')).toMatchObject({ status: 0 });
    const { said } = await palisade(here, policy, '--json', 'journal');
    const entries = said
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    const each = [
      { what: 'begun' },
      { what: 'changed', tables: expect.arrayContaining(['4 filter', '6 filter']) },
      { what: 'confirmed' },
    ];
    expect(entries).toMatchObject([
      ...each,
      ...each,
      ...each,
      ...each,
      ...each,
      ...['begun', 'changed', 'confirmed'].map((what) => ({ what, policy: null })),
    ]);
    expect(await palisade(here, policy, 'uninstall', '--yes')).toMatchObject({ status: 4 });
  });

  it('a change that nobody confirms undoes itself, and one that somebody does stays', { timeout: 120_000 }, async () => {
    await using ns = await kernel.namespace();
    const here = await place(ns, backend);
    const before = await both(here);
    expect(await palisade(here, policy, 'apply', '--timeout', '5')).toMatchObject({
      status: 4,
      said: expect.stringContaining('it is undone'),
    });
    expect(await both(here)).toBe(before);
    expect((await palisade(here, policy, 'journal', 'show', '--last', '1')).said).toMatch(
      /undone: nobody confirmed it in time, and the change is undone; 3 tables were\s+read\s+back and are as they were/,
    );
    expect(await palisade(here, policy, 'confirm')).toMatchObject({
      status: 4,
      said: expect.stringContaining('no change waits'),
    });

    const waiting = palisade(here, policy, 'apply', '--timeout', '60');
    await expect
      .poll(async () => (await palisade(here, policy, 'confirm', '--anyway')).status, { timeout: 30_000, interval: 500 })
      .toBe(0);
    expect(await waiting).toMatchObject({ status: 0, said: expect.stringContaining('Confirmed') });
    expect(await both(here)).toContain('PAL-IN');

    const again = palisade(
      here,
      policy.replace('http]', 'https]').replace('reach: http ', 'reach: https '),
      'apply',
      '--timeout',
      '60',
    );
    await expect.poll(async () => (await palisade(here, policy, 'rollback')).status, { timeout: 30_000, interval: 500 }).toBe(0);
    expect(await again).toMatchObject({ status: 4 });
    expect(await both(here)).toContain('--dports 22,80');
  });

  it('a policy that fails its own tests changes nothing', async () => {
    await using ns = await kernel.namespace();
    const here = await place(ns, backend);
    const before = await both(here);
    const failing = `${policy}  - cannot: { reach: ssh }\n`;
    expect(await palisade(here, failing, 'apply', '--yes')).toMatchObject({
      status: 4,
      said: expect.stringContaining('a test of the policy fails'),
    });
    expect(await palisade(here, failing, 'plan')).toMatchObject({
      status: 1,
      said: expect.stringContaining('would be refused: a test of the policy fails'),
    });
    expect(await both(here)).toBe(before);
  });

  it('what others have set since stays theirs when everything is taken away', { timeout: 120_000 }, async () => {
    await using ns = await kernel.namespace();
    const here = await place(ns, backend);
    // Undone: what was there before is not what it was then.
    expect((await palisade(here, policy, 'apply', '--timeout', '5')).status).toBe(4);
    await tool(ns, ['iptables-nft', '-P', 'INPUT', 'DROP']);
    expect((await palisade(here, policy, 'apply', '--yes')).status).toBe(0);
    await tool(ns, ['iptables-nft', '-P', 'OUTPUT', 'DROP']);
    const [one, other] = await Promise.all([
      palisade(here, policy, 'uninstall', '--yes'),
      palisade(here, policy, 'uninstall', '--yes'),
    ]);
    // One does it; the other finds it being done, or done.
    expect([one.status, other.status]).toContain(0);
    expect([0, 4]).toEqual(expect.arrayContaining([one.status, other.status]));
    const now = await saved(ns, backend, 4);
    expect(now).toContain(':INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT DROP [0:0]');
    expect(now).not.toContain('PAL-');
  });

  it('a state folder in which others may write is not believed', async () => {
    await using ns = await kernel.namespace();
    const here = await place(ns, backend);
    const before = await both(here);
    chmodSync(here.state, 0o777);
    expect(await palisade(here, policy, 'apply', '--yes')).toMatchObject({
      status: 4,
      said: expect.stringContaining('others may write in the state folder'),
    });
    expect(await both(here)).toBe(before);
  });
});
