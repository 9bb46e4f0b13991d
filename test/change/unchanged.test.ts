import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isUnchanged } from '../../src/verbs/changing/index.ts';
import type { Context } from '../../src/verbs/index.ts';
import { firstLook } from '../../src/verbs/planning/index.ts';
import { type Backend, kernel, tool } from './changing.fixture.ts';
import { palisadeIn } from './palisade.fixture.ts';

const list = Array.from({ length: 12 }, (_, index) => `198.51.100.${index * 2}`);
const policy =
  'palisade: 1\nsets:\n  partners: { file: partners.txt }\nincoming:\n  - { allow: ssh, from: partners }\nprotect: { bogons: true }\n';

test('an applied policy is known to stand as it was made, until anything that it hangs on is other', {
  timeout: 60_000,
}, async () => {
  await using ns = await kernel.namespace();
  const folder = mkdtempSync(join(tmpdir(), 'palisade-unchanged-'));
  try {
    const [file, partners] = [join(folder, 'policy.yaml'), join(folder, 'partners.txt')];
    writeFileSync(file, policy);
    writeFileSync(partners, `${list.join('\n')}\n`);
    const state = join(folder, 'state');
    const context = {
      kernel: { ...kernel, run: ns.run, read: (asked: object) => kernel.read({ ...asked, namespace: ns }) },
      signal: new AbortController().signal,
      stateFolder: state,
      policyFile: file,
    } as unknown as Context;
    const sh = (line: string): Promise<string> => tool(ns, ['sh', '-ec', line]);
    const unchanged = (backend?: Backend): Promise<boolean> => isUnchanged(context, backend, firstLook(context));
    expect(await unchanged('nft')).toBe(false);
    await sh(
      'ip link add eth0 type veth peer name far && ip link set far up && ip link set eth0 up && ip addr add 192.0.2.1/24 dev eth0',
    );
    await sh('iptables-nft -A FORWARD -s 203.0.113.9 -j DROP; iptables-nft -t mangle -P INPUT ACCEPT');
    await palisadeIn(ns, '--state', state, '--policy', file, '--backend', 'nft', 'apply', '--yes');
    expect(await unchanged()).toBe(true);
    const set = (await sh('ipset list -n')).split('\n').find((name) => name.startsWith('PAL4-')) ?? '';
    for (const [other, back] of [
      ['iptables-nft -A INPUT -s 203.0.113.9 -j DROP', 'iptables-nft -D INPUT -s 203.0.113.9 -j DROP'],
      ['iptables-nft -D INPUT -j PAL-IN', 'iptables-nft -I INPUT -j PAL-IN'],
      ['iptables-nft -I PAL-IN -j ACCEPT', 'iptables-nft -D PAL-IN 1'],
      ['ip6tables-nft -P INPUT ACCEPT', 'ip6tables-nft -P INPUT DROP'],
      ['ip6tables-nft -t nat -N other', 'ip6tables-nft -t nat -X other'],
      ['iptables-nft -t mangle -P INPUT DROP', 'iptables-nft -t mangle -P INPUT ACCEPT'],
      [`ipset del ${set} ${list[3]}`, `ipset add ${set} ${list[3]}`],
      [
        `ipset del ${set} ${list[3]}; ipset add ${set} 203.0.113.77`,
        `ipset del ${set} 203.0.113.77; ipset add ${set} ${list[3]}`,
      ],
      ['ipset create PAL4-0123456789abcdef0123 hash:ip', 'ipset destroy PAL4-0123456789abcdef0123'],
      ['ip addr add 10.9.8.1/24 dev eth0', 'ip addr del 10.9.8.1/24 dev eth0'],
      [
        'nft add table inet firewalld; nft "add chain inet firewalld in { type filter hook input priority 10; }"',
        'nft delete table inet firewalld',
      ],
      [`echo 203.0.113.8 >> ${partners}`, `sed -i '$ d' ${partners}`],
      [`echo '# more' >> ${file}`, `sed -i '$ d' ${file}`],
      ['iptables-legacy -A INPUT -j DROP', 'iptables-legacy -D INPUT -j DROP'],
    ] as const) {
      await sh(other);
      expect(await unchanged('nft'), other).toBe(false);
      await sh(back);
      expect(await unchanged('nft'), back).toBe(true);
    }
    expect(await unchanged('legacy')).toBe(false);
    // The same text beside another list means something else.
    mkdirSync(join(folder, 'other'));
    writeFileSync(join(folder, 'other/policy.yaml'), policy);
    writeFileSync(join(folder, 'other/partners.txt'), '203.0.113.8\n');
    expect(await isUnchanged({ ...context, policyFile: join(folder, 'other/policy.yaml') }, 'nft', firstLook(context))).toBe(
      false,
    );
    // Whichever backend was asked for, packets would have to pass the other's rules too.
    await sh('iptables-legacy -A INPUT -j DROP');
    expect(await palisadeIn(ns, '--state', state, '--policy', file, '--backend', 'nft', 'apply', '--yes')).toMatchObject({
      status: 4,
      said: expect.stringContaining('both backends hold IPv4 rules'),
    });
    await sh('iptables-legacy -D INPUT -j DROP');
    // A ban of somebody's set changes no plan, and counters never do.
    await sh('ipset create bans hash:ip; ipset add bans 203.0.113.5; iptables-nft -Z');
    expect(await unchanged('nft')).toBe(true);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('what somebody else made of a firewall is not taken for what was confirmed', { timeout: 60_000 }, async () => {
  await using ns = await kernel.namespace();
  const folder = mkdtempSync(join(tmpdir(), 'palisade-unchanged-'));
  try {
    const [one, two, state] = [join(folder, 'one.yaml'), join(folder, 'two.yaml'), join(folder, 'state')];
    writeFileSync(one, 'palisade: 1\nincoming:\n  - allow: [ssh, http]\n');
    writeFileSync(two, 'palisade: 1\nincoming:\n  - allow: [ssh, https]\n');
    const palisade = (policyFile: string, ...args: string[]) =>
      palisadeIn(ns, '--state', state, '--policy', policyFile, '--backend', 'nft', ...args, '--yes');
    const sh = (line: string): Promise<string> => tool(ns, ['sh', '-ec', line]);
    const starts = (): string => readFileSync(join(state, 'boot/current/4.filter.rules'), 'utf8');
    await palisade(one, 'apply');
    const before = await sh('iptables-nft-save');
    await palisade(two, 'apply');
    expect(starts()).toContain('--dports 22,443');
    await tool(ns, ['iptables-nft-restore'], before);
    // The other family is still as the second says.
    await sh(`ip6tables-nft-save | sed s/22,443/22,80/ | ip6tables-nft-restore`);
    expect(await palisade(one, 'apply')).toMatchObject({ status: 0, said: expect.stringContaining('as the policy says') });
    expect(starts()).toContain('--dports 22,80');
    await sh('iptables-nft -P INPUT ACCEPT');
    // Going back leaves what somebody else has changed; the policy does not.
    expect(await palisade(two, 'rollback')).toMatchObject({ status: 0 });
    expect(await sh('iptables-nft-save')).toContain(':INPUT ACCEPT');
    expect(await palisade(two, 'apply')).toMatchObject({ status: 0 });
    expect(await sh('iptables-nft-save')).toContain(':INPUT DROP');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
