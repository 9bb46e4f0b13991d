import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hostFromTexts } from '../../src/model/host/index.ts';
import { readPolicy } from '../../src/policy/index.ts';
import type { Context } from '../../src/verbs/index.ts';
import { judge } from '../../src/verbs/planning/index.ts';
import { planFor } from '../../src/verbs/policy-file.ts';
import { type Backend, kernel, must, tool } from './changing.fixture.ts';
import { palisadeIn } from './palisade.fixture.ts';

const policy = 'palisade: 1\nincoming:\n  - { allow: ssh }\n';

test('rules in two backends are refused with the way out, and the way out leads out', { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'palisade-mixed-'));
  const file = join(folder, 'policy.yaml');
  writeFileSync(file, policy);
  const read = must(readPolicy(policy, file, { now: 0, file: () => null, fetched: () => ({ addresses: [], lacking: null }) }));
  const context = { progress: () => undefined } as unknown as Context;
  try {
    await using ns = await kernel.namespace();
    const sh = (command: string): Promise<string> => tool(ns, ['sh', '-c', command]);
    const refusals = async (backend?: Backend): Promise<readonly string[]> => {
      const texts = await kernel.read({ namespace: ns });
      const host = hostFromTexts(texts, backend === undefined ? {} : { backend });
      const before = { host, sets: { known: true, value: '' } } as const;
      const planned = planFor(read, before);
      if (!planned.known) throw new Error(planned.why);
      return judge(context, before, planned.value).refusals.map(({ why, remedy }) => `${why}; ${remedy}`);
    };
    await sh('ip6tables-legacy -A INPUT -s 2001:db8::7 -j DROP');
    expect(await refusals('legacy')).toEqual([]);
    expect(await refusals('nft')).toEqual([expect.stringContaining('the IPv6 rules of this host are in legacy')]);
    await sh('iptables-nft -A INPUT -s 203.0.113.7 -j DROP');
    const [said = ''] = await refusals();
    expect(said).toContain('the IPv4 rules are in nft, and the IPv6 rules in legacy');
    const way = /load what (\S+) prints with (\S+ --noflush), and flush the legacy tables/.exec(said);
    await sh(`${way?.[1]} | ${way?.[2]} && ip6tables-legacy -F`);
    const applied = await palisadeIn(ns, '--state', join(folder, 'state'), '--policy', file, 'apply', '--yes');
    expect(applied).toMatchObject({ status: 0 });
    expect(await sh('ip6tables-nft-save')).toMatch(/-A INPUT -s 2001:db8::7\/128 -j DROP\n-A INPUT -j PAL-IN\n/);
    expect(await sh('ip6tables-legacy-save')).not.toContain('PAL-');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
