import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compareRulesets } from '../../src/analysis/answers/index.ts';
import { surroundingsOf } from '../../src/analysis/evaluate/surroundings.ts';
import { hostFromTexts } from '../../src/model/host/index.ts';
import { kernel, saved, tool } from './changing.fixture.ts';
import { palisadeIn } from './palisade.fixture.ts';

const list = Array.from({ length: 12 }, (_, index) => `"198.51.100.${index * 2}"`).join(', ');
const policy = `palisade: 1\nincoming:\n  - { allow: [ssh, http], from: [${list}] }\n  - { allow: https }\nforwarded:\n  - { allow: any, via: wg0, out: eth0, masquerade: ipv4 }\n`;

test('rules that are left do the same to every packet, are nobody’s, and load from their files', {
  timeout: 90_000,
}, async () => {
  await using ns = await kernel.namespace();
  await using later = await kernel.namespace();
  const folder = mkdtempSync(join(tmpdir(), 'palisade-leaving-'));
  try {
    const [file, state, left] = [join(folder, 'policy.yaml'), join(folder, 'state'), join(folder, 'iptables')];
    writeFileSync(file, policy);
    await tool(
      ns,
      ['iptables-nft-restore'],
      '*filter\n:f2b-sshd - [0:0]\n-A INPUT -p tcp --dport 22 -j f2b-sshd\n-A FORWARD -s 203.0.113.9 -j DROP\n-A f2b-sshd -s 203.0.113.66 -j DROP\nCOMMIT\n',
    );
    const palisade = (...args: string[]) => palisadeIn(ns, '--state', state, '--policy', file, '--backend', 'nft', ...args);
    await palisade('apply', '--yes');
    const before = hostFromTexts(await kernel.read({ namespace: ns }));
    expect(await palisade('uninstall', '--leave-rules', '--out', left)).toMatchObject({
      status: 0,
      said: expect.stringContaining("palisade's no longer"),
    });
    const after = hostFromTexts(await kernel.read({ namespace: ns }));
    const now = `${await saved(ns, 'nft', 4)}${await saved(ns, 'nft', 6)}${await tool(ns, ['ipset', 'list', '-n'])}`;
    expect(now).not.toContain('PAL');
    expect(now).toContain('-A INPUT -p tcp -m tcp --dport 22 -j f2b-sshd\n-A INPUT -j FW-IN\n');
    expect(readdirSync(state)).toEqual(['accepted', 'backups', 'journal.head', 'journal.jsonl']);
    for (const family of [4, 6] as const) {
      const [old, fresh] = [before.rulesets[family], after.rulesets[family]];
      if (!old.known || !fresh.known) throw new Error('the rules are unknown');
      const { ways, rewrites } = compareRulesets(
        family,
        { ruleset: old.value, surroundings: surroundingsOf(before) },
        { ruleset: fresh.value, surroundings: surroundingsOf(after) },
        { most: 1 },
      );
      // The one thing that counts, of what is logged, decides about no packet.
      expect(ways.map((way) => way.kind !== 'undecided' && way.equal)).toEqual([true, true, true]);
      expect(rewrites?.differences).toEqual([]);
    }
    // fail2ban makes its own chains when it starts.
    const text = readFileSync(join(left, 'rules.v4'), 'utf8');
    expect(text).not.toContain('f2b');
    await tool(later, ['ipset', 'restore'], readFileSync(join(left, 'ipsets'), 'utf8'));
    await tool(later, ['iptables-nft-restore'], text);
    await tool(later, ['ip6tables-nft-restore'], readFileSync(join(left, 'rules.v6'), 'utf8'));
    expect(await saved(later, 'nft', 4)).toBe((await saved(ns, 'nft', 4)).replace(/^.*f2b-sshd.*\n/gm, ''));
    expect(await saved(later, 'nft', 6)).toBe(await saved(ns, 'nft', 6));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
