import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readJournal } from '../../src/change/index.ts';
import {
  acceptNow,
  announceChange,
  type Baseline,
  baselineNow,
  lookForDrift,
  momentNow,
  noteDrift,
  repairDrift,
} from '../../src/verbs/drifting/index.ts';
import { kernel, must, saved, tool } from './changing.fixture.ts';
import { accepted, dice, tamper, wrongAfterRepair } from './drifting.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'palisade-drift-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(['nft', 'legacy'] as const)('%s', (backend) => {
  it('whatever was done to palisade’s own is put back, and nothing of others', { timeout: 120_000 }, async () => {
    await using ns = await kernel.namespace();
    const host = await accepted(ns, backend, folder);
    const roll = dice(backend === 'nft' ? 5 : 11);
    for (const removeForeign of [false, true]) {
      const done = await tamper(host, roll);
      expect(await wrongAfterRepair(host, removeForeign), done.join('\n')).toEqual([]);
    }
  });

  it('a rule that lets everything in is told so, and goes where it may', async () => {
    await using ns = await kernel.namespace();
    const { context, baseline } = await accepted(ns, backend, folder);
    const all = async (): Promise<string> => (await saved(ns, backend, 4)) + (await saved(ns, backend, 6));
    const before = await all();
    await tool(ns, [
      'sh',
      '-ec',
      `iptables-${backend} -I INPUT -j ACCEPT; iptables-${backend} -I INPUT -s 203.0.113.66 -j DROP; iptables-${backend} -A INPUT -p udp --dport 161 -j ACCEPT`,
    ]);
    const now = await momentNow(context);
    const found = await lookForDrift(context, baseline, now.moment);
    const { told } = found;
    expect(told.drifted).toBe(true);
    expect(told.says[0]).toBe('IPv4 INPUT: everything is now accepted; only a few addresses are still denied');
    expect(told.changes.filter(({ drift }) => drift)).toHaveLength(3);
    const actor = { pid: 7, program: '/usr/sbin/iptables', command: null, uid: 0, loginUid: 1000, parents: ['sh'] };
    const id = await noteDrift(context, baseline, found, now.body, actor);
    expect(readJournal(context.stateFolder).entries.at(-1)).toMatchObject({
      what: 'drift',
      actor,
      snapshots: { before: baseline.id, after: id },
      text: expect.stringMatching(/^IPv4 INPUT: everything is now accepted/),
    });
    expect(await repairDrift(context, baseline, { removeForeign: true })).toMatchObject({
      kind: 'repaired',
      says: ['IPv4 filter INPUT: rule 2 was added: -A INPUT -j ACCEPT'],
    });
    // What only denies, and what lets nobody in, stays.
    await tool(ns, [
      'sh',
      '-ec',
      `iptables-${backend} -D INPUT -s 203.0.113.66 -j DROP; iptables-${backend} -D INPUT -p udp --dport 161 -j ACCEPT`,
    ]);
    expect(await all()).toBe(before);
    expect(readJournal(context.stateFolder).entries.at(-1)).toMatchObject({
      what: 'repaired',
      snapshots: { before: expect.any(String), after: expect.any(String) },
    });
  });
});

it('bans, what is announced, and what was accepted are left alone', async () => {
  const backend = 'nft';
  await using ns = await kernel.namespace();
  const { context, baseline } = await accepted(ns, backend, folder);
  const bans = Array.from({ length: 200 }, (_, index) => `-I f2b-sshd 1 -s 198.51.100.${index}/32 -j REJECT`).join('\n');
  await tool(ns, [`iptables-${backend}-restore`, '--noflush'], `*filter\n${bans}\nCOMMIT\n`);
  const { told } = await lookForDrift(context, baseline, (await momentNow(context)).moment);
  expect(told).toMatchObject({ drifted: false, says: [], packets: [] });
  expect(await repairDrift(context, baseline, { removeForeign: true })).toEqual({ kind: 'nothing' });
  must(await announceChange(context, 60, 'an upgrade'));
  await tool(ns, [`iptables-${backend}`, '-F', 'PAL-IN']);
  expect(await repairDrift(context, baseline, { removeForeign: true })).toEqual({
    kind: 'suspended',
    why: 'a change by hand is announced',
  });
  expect((await lookForDrift(context, baseline, (await momentNow(context)).moment)).told.announced?.reason).toBe('an upgrade');
  must(await acceptNow(context));
  const accepted2 = must(baselineNow(context));
  expect(accepted2?.id).not.toBe(baseline.id);
  expect(await repairDrift(context, accepted2 as Baseline, { removeForeign: true })).toEqual({ kind: 'nothing' });
});
