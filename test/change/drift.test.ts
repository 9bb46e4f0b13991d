import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type OwnRecord, ownOf, readJournal, writeRecord } from '../../src/change/index.ts';
import { systemClock } from '../../src/clock.ts';
import type { Namespace } from '../../src/kernel/index.ts';
import type { Ruleset } from '../../src/model/ruleset/index.ts';
import { records } from '../../src/verbs/changing/index.ts';
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
import type { Context } from '../../src/verbs/index.ts';
import { type Backend, kernel, must, saved, tool } from './changing.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'palisade-drift-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function contextIn(ns: Namespace): Context {
  return {
    clock: systemClock,
    kernel: { ...kernel, run: ns.run, read: (asked: object) => kernel.read({ ...asked, namespace: ns }) },
    log: { warn: () => undefined },
    progress: () => undefined,
    signal: new AbortController().signal,
    env: {},
    stateFolder: mkdtempSync(join(folder, 'state-')),
  } as unknown as Context;
}

const set = {
  name: 'PAL4-00112233445566778899',
  family: 4,
  type: 'hash:ip',
  members: ['192.0.2.1', '192.0.2.2'],
  maxelem: 65_536,
} as const;
const rules = (family: 4 | 6): string =>
  `*raw
:PAL-EARLY - [0:0]
-A PREROUTING -j PAL-EARLY
-A PAL-EARLY -p tcp -m tcp --tcp-flags FIN,SYN FIN,SYN -j DROP
COMMIT
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:f2b-sshd - [0:0]
:PAL-FWD - [0:0]
:PAL-IN - [0:0]
:mine - [0:0]
-A INPUT -p tcp -m tcp --dport 22 -j f2b-sshd
-A INPUT -j PAL-IN
-A INPUT -p udp -m udp --dport 53 -j mine
-A FORWARD -j PAL-FWD
-A f2b-sshd -j RETURN
-A PAL-FWD -m conntrack --ctstate ESTABLISHED -j ACCEPT
-A PAL-FWD -j DROP
-A PAL-IN -i lo -j ACCEPT
-A PAL-IN -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
${family === 4 ? `-A PAL-IN -m set --match-set ${set.name} src -j ACCEPT\n` : ''}-A PAL-IN -p tcp -m tcp --dport 22 -j ACCEPT
-A PAL-IN -j DROP
-A mine -j RETURN
COMMIT
`;

/** A host with a policy's rules in it that were accepted. */
async function accepted(ns: Namespace, backend: Backend): Promise<{ readonly context: Context; readonly baseline: Baseline }> {
  const context = contextIn(ns);
  await tool(
    ns,
    ['ipset', 'restore'],
    `create ${set.name} hash:ip family inet hashsize 1024 maxelem 65536\nadd ${set.name} 192.0.2.1\nadd ${set.name} 192.0.2.2\n`,
  );
  for (const family of [4, 6] as const)
    await tool(ns, [`${family === 4 ? 'iptables' : 'ip6tables'}-${backend}-restore`], rules(family));
  const { host } = (await momentNow(context)).moment;
  const own = (family: 4 | 6) => {
    const ruleset = host.rulesets[family];
    return ruleset.known
      ? ownOf(ruleset.value).map((table) => ({
          ...table,
          policies: table.table === 'filter' ? table.policies : new Map<string, string>(),
        }))
      : [];
  };
  const record: OwnRecord = {
    at: 1,
    backend,
    policy: '/p',
    families: { 4: own(4), 6: own(6) },
    sets: [set],
    emergency: null,
    basis: null,
  };
  writeRecord(records(resolve(context.stateFolder)).confirmed, record);
  must(await acceptNow(context));
  const baseline = must(baselineNow(context));
  if (baseline === null) throw new Error('nothing was accepted');
  return { context, baseline };
}

/** What people and intruders do; `R` stands for iptables. */
const hands: readonly string[] = [
  'R -I INPUT -j ACCEPT',
  'R -F PAL-IN',
  'R -D INPUT -j PAL-IN',
  'R -P INPUT ACCEPT',
  'R -P FORWARD ACCEPT',
  'R -F INPUT',
  'R -F',
  'R -t raw -F',
  'R -A PAL-FWD -j ACCEPT',
  'R -I PAL-FWD -s 203.0.113.0/24 -j ACCEPT',
  'R -D PAL-IN -j DROP',
  'R -D INPUT -j PAL-IN; R -A INPUT -j PAL-IN',
  'R -N PAL-EVIL; R -I PAL-IN -j PAL-EVIL',
  'R -N evil; R -A evil -j ACCEPT; R -I INPUT -j evil',
  'R -I INPUT -j PAL-FWD',
  'R -I INPUT -p tcp --dport 3306 -j ACCEPT; R -A INPUT -p tcp --dport 3306 -j ACCEPT',
  'R -t raw -I PREROUTING -j ACCEPT',
  'R -t mangle -I PREROUTING -j MARK --set-mark 7',
  'R -I f2b-sshd -s 203.0.113.9 -j REJECT',
  'R -I INPUT -s 203.0.113.66 -j DROP',
  'R -N f2b-web; R -I INPUT -p tcp --dport 80 -j f2b-web; R -A f2b-web -j RETURN',
  'R -F f2b-sshd',
  'R -D INPUT -p udp --dport 53 -j mine',
  `ipset add ${set.name} 203.0.113.66; ipset del ${set.name} 192.0.2.1`,
];

function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % sides;
  };
}

/** Chains, policies and jumps that are palisade's, in the order in which they stand. */
function ownText(ruleset: Ruleset): string {
  const said = ownOf(ruleset).map(({ table, policies, chains, jumps }) => [
    table,
    ...(table === 'filter' ? [...policies] : []),
    ...[...chains].toSorted(([one], [other]) => (one < other ? -1 : 1)),
    ...jumps.map(({ text }) => text),
  ]);
  return said
    .filter((table) => table.length > 1)
    .map((table) => JSON.stringify(table))
    .toSorted()
    .join('\n');
}

async function ownNow(context: Context): Promise<string> {
  const { host } = (await momentNow(context)).moment;
  return ([4, 6] as const).map((family) => (host.rulesets[family].known ? ownText(host.rulesets[family].value) : '?')).join('\n');
}

const foreign = (text: string): readonly string[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('-A ') && !/^-A PAL-| -[jg] PAL-\S+$/.test(line))
    .toSorted();

describe.each(['nft', 'legacy'] as const)('%s', (backend) => {
  it('whatever was done to palisade’s own is put back, and nothing of others', { timeout: 120_000 }, async () => {
    await using ns = await kernel.namespace();
    const { context, baseline } = await accepted(ns, backend);
    const before = await ownNow(context);
    const roll = dice(backend === 'nft' ? 5 : 11);
    for (let round = 0; round < 3; round += 1) {
      rmSync(join(context.stateFolder, 'journal.jsonl'), { force: true });
      rmSync(join(context.stateFolder, 'journal.head'), { force: true });
      const done = Array.from({ length: 1 + roll(4) }, () => hands[roll(hands.length)] as string);
      for (const hand of done)
        await ns.run({
          argv: ['sh', '-c', hand.replaceAll('R ', roll(4) === 0 ? `ip6tables-${backend} ` : `iptables-${backend} `)],
        });
      const theirs = [foreign(await saved(ns, backend, 4)), foreign(await saved(ns, backend, 6))];
      const repaired = await repairDrift(context, baseline, { removeForeign: false });
      expect(repaired.kind, done.join('\n')).toMatch(/^(?:repaired|nothing)$/);
      expect(await ownNow(context), done.join('\n')).toBe(before);
      expect([foreign(await saved(ns, backend, 4)), foreign(await saved(ns, backend, 6))]).toEqual(theirs);
      expect((await tool(ns, ['ipset', 'save', set.name])).match(/^add .*$/gm)?.toSorted()).toEqual([
        `add ${set.name} 192.0.2.1`,
        `add ${set.name} 192.0.2.2`,
      ]);
      expect(await repairDrift(context, baseline, { removeForeign: false }), done.join('\n')).toEqual({ kind: 'nothing' });
    }
  });

  it('a rule that lets everything in is told so, and goes where it may', async () => {
    await using ns = await kernel.namespace();
    const { context, baseline } = await accepted(ns, backend);
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

  it('bans, what is announced, and what palisade does itself are left alone', async () => {
    await using ns = await kernel.namespace();
    const { context, baseline } = await accepted(ns, backend);
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
    for (let time = 0; time < 3; time += 1) {
      await tool(ns, [`iptables-${backend}`, '-P', 'INPUT', 'ACCEPT']);
      expect(await repairDrift(context, accepted2 as Baseline, { removeForeign: true })).toMatchObject({ kind: 'repaired' });
    }
    await tool(ns, [`iptables-${backend}`, '-P', 'INPUT', 'ACCEPT']);
    expect(await repairDrift(context, accepted2 as Baseline, { removeForeign: true })).toMatchObject({
      kind: 'suspended',
      why: expect.stringContaining('three times in ten minutes'),
    });
  });
});
