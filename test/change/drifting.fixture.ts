import { mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { driftBetween, type OwnRecord, ownOf, packetsBetween, writeRecord } from '../../src/change/index.ts';
import { systemClock } from '../../src/clock.ts';
import type { Namespace } from '../../src/kernel/index.ts';
import type { Host } from '../../src/model/host/index.ts';
import type { Ruleset } from '../../src/model/ruleset/index.ts';
import { records } from '../../src/verbs/changing/index.ts';
import { acceptNow, type Baseline, baselineNow, momentNow, repairDrift } from '../../src/verbs/drifting/index.ts';
import type { Context } from '../../src/verbs/index.ts';
import { type Backend, kernel, must, saved, tool } from './changing.fixture.ts';

function contextIn(ns: Namespace, folder: string): Context {
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

export interface Accepted {
  readonly ns: Namespace;
  readonly backend: Backend;
  readonly context: Context;
  readonly baseline: Baseline;
}

/** A host with a policy's rules in it that were accepted; its state is in a folder below `folder`. */
export async function accepted(ns: Namespace, backend: Backend, folder: string): Promise<Accepted> {
  const context = contextIn(ns, folder);
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
  return { ns, backend, context, baseline };
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

/** Numbers that look like chance, the same each time. */
export function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % sides;
  };
}

/** Chains, policies and jumps that are palisade's, in the order in which they stand. */
function ownIn(ruleset: Ruleset): string {
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

function ownText({ rulesets }: Host): string {
  return ([4, 6] as const).map((family) => (rulesets[family].known ? ownIn(rulesets[family].value) : '?')).join('\n');
}

const foreign = (text: string): readonly string[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('-A ') && !/^-A PAL-| -[jg] PAL-\S+$/.test(line))
    .toSorted();

/** A few of them, one after the other. */
export async function tamper({ ns, backend }: Accepted, roll: (sides: number) => number): Promise<readonly string[]> {
  const done = Array.from({ length: 1 + roll(4) }, () => {
    const tool = `${roll(4) === 0 ? 'ip6tables' : 'iptables'}-${backend} `;
    return (hands[roll(hands.length)] as string).replaceAll('R ', tool);
  });
  for (const hand of done) await ns.run({ argv: ['sh', '-c', hand] });
  return done;
}

/**
 * Has palisade put its own back, and says what is not as it should be then: its own as it was accepted, what others have as they left it, or
 * nothing let in that was kept out; and there is nothing more to repair.
 */
export async function wrongAfterRepair(host: Accepted, removeForeign: boolean): Promise<readonly string[]> {
  const { ns, backend, context, baseline } = host;
  // Here nobody counts how often it is done.
  for (const file of ['journal.jsonl', 'journal.head']) rmSync(join(context.stateFolder, file), { force: true });
  const theirs = async (): Promise<string> =>
    [...foreign(await saved(ns, backend, 4)), ...foreign(await saved(ns, backend, 6))].join('\n');
  const before = await theirs();
  const wrong: string[] = [];
  const repaired = await repairDrift(context, baseline, { removeForeign });
  if (repaired.kind !== 'repaired' && repaired.kind !== 'nothing') wrong.push(JSON.stringify(repaired));
  const [was, is] = [ownText(baseline.moment.host), ownText((await momentNow(context)).moment.host)];
  if (was !== is) wrong.push(`palisade's own is\n${is}\ninstead of\n${was}`);
  if (!removeForeign && (await theirs()) !== before) wrong.push(`others have\n${await theirs()}\ninstead of\n${before}`);
  if (removeForeign) wrong.push(...(await admitted(host)));
  const members = (await tool(ns, ['ipset', 'save', set.name]))
    .match(/^add .*$/gm)
    ?.toSorted()
    .join();
  if (members !== set.members.map((member) => `add ${set.name} ${member}`).join()) wrong.push(`the set holds ${members}`);
  const again = await repairDrift(context, baseline, { removeForeign });
  if (again.kind !== 'nothing') wrong.push(`the second time: ${JSON.stringify(again)}`);
  return wrong;
}

/** Packets that are let in, and were not. */
async function admitted({ context, baseline }: Accepted): Promise<readonly string[]> {
  const { moment } = await momentNow(context);
  const drift = driftBetween(baseline.moment, moment, baseline.own);
  return ([4, 6] as const).flatMap((family) => {
    const compared = packetsBetween(drift.undone(), moment.host, family, 5);
    if (compared.kind === 'unknown') return [compared.why];
    return compared.ways.flatMap((way) => {
      if (way.kind === 'undecided') return [way.why];
      const open = way.differences.filter(({ kind }) => kind === 'newly-allowed');
      return open.map(({ region }) => `IPv${family} ${way.hook} lets in ${JSON.stringify(region.conditions)}`);
    });
  });
}
