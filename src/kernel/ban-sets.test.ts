import { describe, expect, test } from 'vitest';
import type { Problem } from '../result.ts';
import { exchangeBanSet, restoreBans } from './ban-load.ts';
import type { BanEntry } from './ban-set.ts';
import { openBanSets } from './ban-sets.ts';
import { tell } from './inside.fixture.ts';
import { createKernel } from './kernel.ts';

const kernel = createKernel();

function entry(index: number, seconds = 600): BanEntry {
  return { kind: 'new', family: 4, network: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`, seconds };
}

describe('the sets', () => {
  test('take what is said, go on behind what is refused, and come back when ipset is ended or they are destroyed', async () => {
    await using ns = await kernel.namespace();
    const problems: Problem[] = [];
    await using sets = openBanSets({ namespace: ns, trouble: (problem) => problems.push(problem) });
    const members = async (name: string) =>
      (await tell(ns, `ipset save ${name} | grep ^add || true`))
        .replace(/ packets 0 bytes 0/g, '')
        .split('\n')
        .filter(Boolean)
        .sort();
    for (let index = 0; index < 1500; index += 1) sets.add(entry(index));
    sets.add({ kind: 'all', family: 6, network: '2001:db8:1:2::/64', seconds: 3600 });
    sets.add({ ...entry(1), network: '0.0.0.0/0' });
    sets.add(entry(2, 99_999));
    sets.add(entry(4, 52 * 604_800));
    sets.remove(entry(3));
    sets.remove(entry(5000));
    await sets.settled();
    expect(await members('PALISADE-BAN4')).toHaveLength(1499);
    expect((await members('PALISADE-BAN4')).filter((line) => / timeout 99[89]\d\d$/.test(line))).toHaveLength(1);
    // As long as ipset takes.
    expect((await members('PALISADE-BAN4')).filter((line) => / timeout 2147[34]\d\d$/.test(line))).toHaveLength(1);
    expect(await members('PALISADE-SHUT6')).toEqual([expect.stringMatching(/2001:db8:1:2::\/64 timeout 3(600|5\d\d)$/)]);
    expect(problems).toEqual([
      expect.objectContaining({
        message: expect.stringMatching(/^the kernel did not take "add PALISADE-BAN4 0.0.0.0\/0 .*": The value of the CIDR/),
      }),
    ]);

    await tell(ns, 'ipset destroy PALISADE-BAN4');
    const children = (
      await tell(
        ns,
        'for p in /proc/[0-9]*; do if [ "$(readlink $p/ns/net)" = "$(readlink /proc/self/ns/net)" ] && [ "$(cat $p/comm)" = ipset ]; then echo "$(basename $p)"; fi; done',
      )
    )
      .trim()
      .split('\n');
    expect(children).toHaveLength(1);
    process.kill(Number(children[0]), 'SIGKILL');
    sets.add(entry(7));
    sets.add(entry(8));
    await sets.settled();
    expect(await members('PALISADE-BAN4')).toHaveLength(2);
    expect(problems).toHaveLength(1);
    expect(sets.lost).toBe(0);
  });

  test('are filled with what was there before a restart in one go, and exchanged whole', async () => {
    await using ns = await kernel.namespace();
    expect(
      await restoreBans(
        ns.run,
        Array.from({ length: 10_000 }, (_, index) => entry(index, index + 60)),
      ),
    ).toEqual({ ok: true, value: undefined });
    const count = async (name: string) => Number((await tell(ns, `ipset list -t ${name}`)).match(/entries: (\d+)/)?.[1]);
    expect(await count('PALISADE-BAN4')).toBe(10_000);
    for (const networks of [
      { 4: ['192.0.2.1', '0.0.0.0/0'], 6: ['::/0'] },
      { 4: ['192.0.2.1', '198.51.100.0/24', '192.0.2.1'], 6: [] },
    ])
      expect((await exchangeBanSet(ns.run, 'never', networks)).ok).toBe(true);
    expect([await count('PALISADE-NEVER4'), await count('PALISADE-NEVER6')]).toEqual([2, 0]);
    expect(await tell(ns, 'ipset list -n')).not.toContain('next');
    expect(await exchangeBanSet(ns.run, 'list', { 4: ['nobody'], 6: [] })).toMatchObject({
      ok: false,
      problems: [{ message: expect.stringContaining('"add PALISADE-LIST4-next nobody"') }],
    });
  });

  test('say so when there is no ipset', async () => {
    const problems: Problem[] = [];
    const trouble = Promise.withResolvers<void>();
    const namespace = { enter: ['env', '-i', '/nonexistent/true'] as const, env: {} };
    await using sets = openBanSets({ namespace, trouble: (problem) => trouble.resolve(void problems.push(problem)) });
    sets.add(entry(1));
    await trouble.promise;
    expect(problems).toMatchObject([{ message: expect.stringContaining('nobody can be shut out') }]);
  });
});
