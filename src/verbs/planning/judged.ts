import { setImmediate as nextTurn } from 'node:timers/promises';
import { OverBudget } from '../../analysis/space/index.ts';
import { bansBehind, fatesOf, foreignOf, keepSessions, lastingHost, othersOn, type SessionFate } from '../../change/index.ts';
import type { Host, IpSet } from '../../model/host/index.ts';
import { type Family, formatAddress } from '../../model/net/index.ts';
import { packetToJson } from '../../model/packet/index.ts';
import type { Ruleset } from '../../model/ruleset/index.ts';
import { type Item, ownPrefix, type Policy, proofSteps, runTests, type WayProof } from '../../policy/index.ts';
import type { Problem } from '../../result.ts';
import type { PlanJson } from '../plan-shape.ts';
import type { Planned } from '../policy-file.ts';
import type { HostAndSets } from '../reading.ts';
import { packet } from '../shapes.ts';
import type { Context } from '../verb.ts';
import { strangersIn } from './logins.ts';

/** Whether a change may be made, and why not: what `apply` asks before it writes, and `plan` says beside what would change. */
export type Judged = Pick<PlanJson, 'proof' | 'sets' | 'tests' | 'sessions' | 'others' | 'notes' | 'refusals' | 'unknown'>;

/**
 * Proves that the rules mean what the policy says, runs its tests, and follows those who manage the host now. Between its steps others
 * may go on.
 */
export async function judge(context: Context, before: HostAndSets, planned: Planned): Promise<Judged> {
  const { policy, compiled, situation, after, alone } = planned;
  context.progress('proving that the rules mean what the policy says');
  const ways: WayProof[] = [];
  for (const step of proofSteps(policy, compiled, situation, alone)) {
    if (step !== null) ways.push(step);
    await othersGoOn();
  }
  const proof = ways.map((way): PlanJson['proof'][number] => ({
    family: way.family,
    way: way.way,
    proved: way.kind === 'equal',
    why:
      way.kind === 'equal'
        ? null
        : way.kind === 'unproved'
          ? way.why
          : `the ${way.by === 'policy' ? 'policy' : 'rules'} alone would ${way.ending} a packet: a fault of palisade`,
  }));
  const unknown: PlanJson['unknown'][number][] = [...besides(before, planned)];
  const tests = testsOf(planned, unknown);
  const sessions = before.host.sessions;
  if (!sessions.known) unknown.push({ what: 'who manages this host now', why: sessions.why, remedy: sessions.remedy });
  const fates = sessions.known ? fatesOf(after.host, sessions.value) : null;
  const others = othersOn(before.host);
  const refusals = [
    ...mixed(before.host),
    ...others.flatMap(({ name, wayOut }) =>
      wayOut === null ? [] : [{ why: `${name} writes this host's rules too`, remedy: wayOut }],
    ),
    ...(fates ?? []).flatMap((fate) => (fate.survives ? [] : [lockedOut(fate)])),
    ...shadowedBans(before),
    ...strangersIn(policy, before.host),
    ...policy.lacking.map(({ set, why }) => ({
      why: `the set ${set} lacks addresses: ${why}`,
      remedy: 'list them in the policy, or write on-failure: empty',
    })),
    ...tests.filter(({ holds }) => !holds).map(({ text, line }) => failedTest(text, line)),
    ...proof
      .filter(({ why }) => why?.endsWith('a fault of palisade') === true)
      .map(({ family, way, why }) => ({ why: `IPv${family} ${way}: ${why}`, remedy: 'please report it with the policy' })),
  ];
  return {
    proof,
    sets: setsOf(before, planned),
    tests,
    sessions: fates?.map(fateToJson) ?? null,
    others: others.map(({ name }) => name),
    notes: notesOf(planned),
    refusals,
    unknown,
  };
}

/** What nobody may overlook of addresses that others say. */
function notesOf({ policy, left }: Planned): PlanJson['notes'] {
  const most = 5;
  return [
    ...policy.fetched.map(({ set, said }) => `the set ${set} holds ${said}`),
    ...left.map(({ at, text, family, ranges }) => {
      const words = ranges.slice(0, most).map(([lo, hi]) => {
        const [first, last] = [formatAddress({ family, value: lo }), formatAddress({ family, value: hi })];
        return lo === hi ? first : `${first}-${last}`;
      });
      const more = ranges.length > most ? ` and ${ranges.length - most} more` : '';
      return `${text} in line ${at.line ?? '?'} would shut out ${words.join(', ')}${more}, and does not: the policy itself lets them in, or they are here now`;
    }),
  ];
}

/** Until a program's end has been heard of, and the next one been started, the loop of events turns a few times. */
async function othersGoOn(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) await nextTurn();
}

function testsOf({ policy, after }: Planned, unknown: PlanJson['unknown'][number][]): PlanJson['tests'] {
  try {
    const results = runTests(policy, lastingHost(after.host));
    if (!results.known) {
      unknown.push({ what: 'the tests of the policy', why: results.why, remedy: results.remedy });
      return [];
    }
    return results.value.map(({ test, holds, packet: shown }) => ({
      text: test.text,
      line: test.at.line ?? null,
      holds,
      packet: shown === null ? null : packet.parse(packetToJson(shown)),
    }));
  } catch (error) {
    if (!(error instanceof OverBudget)) throw error;
    unknown.push({ what: 'the tests of the policy', why: error.message, remedy: 'ask about single packets with palisade trace' });
    return [];
  }
}

/** Tests of the policy that fail on a host, as problems; none where asking takes too much, which the plan has said. */
export function testRefusals(policy: Policy, host: Host): readonly Problem[] {
  try {
    const results = runTests(policy, lastingHost(host));
    if (!results.known) return [{ code: 'unread', message: results.why, hint: results.remedy }];
    return results.value
      .filter(({ holds }) => !holds)
      .map(({ test }) => failedTest(test.text, test.at.line ?? null))
      .map(({ why: message, remedy: hint }) => ({ code: 'plan-refused', message, hint }));
  } catch (error) {
    if (error instanceof OverBudget) return [];
    throw error;
  }
}

function failedTest(text: string, line: number | null): PlanJson['refusals'][number] {
  return { why: `a test of the policy fails: ${text}`, remedy: `mend the rules or the test at line ${line ?? '?'}` };
}

/** Why those who manage the host now would not come in again, or would be cut. */
export function sessionRefusals({ sessions }: Host, after: Host): readonly Problem[] {
  if (!sessions.known) return [];
  return fatesOf(after, sessions.value)
    .filter(({ survives }) => !survives)
    .map(lockedOut)
    .map(({ why: message, remedy: hint }) => ({ code: 'plan-refused', message, hint }));
}

/** Makes present sessions go on under other rules; why they would not. */
export function sessionsKept({ kernel }: Context, before: Host, after: Host): readonly Problem[] {
  if (!before.sessions.known) return [];
  return keepSessions(kernel, before, fatesOf(after, before.sessions.value)).map(({ fate: { session }, why }) => ({
    code: 'plan-refused',
    message: `the connection of ${formatAddress(session.peer)} to port ${session.localPort}, who manages this host now, would be cut, since ${why}`,
    hint: 'mend that, or leave new-not-syn out of the policy and let it in without a limit for this first time',
  }));
}

/**
 * Packets pass the rules of both backends, and only those of one were looked at, whichever was asked for: so nothing is written where the
 * other holds some, of either family.
 */
function mixed({ backends, rulesets }: Host): PlanJson['refusals'] {
  const holding = ([4, 6] as const).map((family) => {
    const use = backends[family];
    const holds = use.known ? (['nft', 'legacy'] as const).filter((backend) => hasRules(use.value[backend])) : [];
    return { family, holds };
  });
  const both = holding.filter(({ holds }) => holds.length === 2);
  if (both.length > 0)
    return both.map(({ family }) => ({
      why: `both backends hold IPv${family} rules, nft and legacy, and packets must pass both`,
      remedy: `move them into one: ${moved(family)}`,
    }));
  const [four, six] = holding.map(({ holds }) => holds[0]);
  if (four !== undefined && six !== undefined && four !== six) {
    const legacy = four === 'legacy' ? 4 : 6;
    return [
      { why: `the IPv4 rules are in ${four}, and the IPv6 rules in ${six}`, remedy: `move them into one: ${moved(legacy)}` },
    ];
  }
  return holding.flatMap(({ family, holds: [holder] }) => {
    const ruleset = rulesets[family];
    if (holder === undefined || !ruleset.known || ruleset.value.writer?.backend === holder) return [];
    const why = `the IPv${family} rules of this host are in ${holder}, and packets would have to pass both`;
    return [{ why, remedy: holder === 'legacy' ? `leave out --backend, or ${moved(family)}` : 'leave out --backend' }];
  });
}

/** What brings the rules of iptables-legacy to nft. */
function moved(family: Family): string {
  const save = `${family === 4 ? 'iptables' : 'ip6tables'}-legacy-save`;
  return `load what ${save} prints with ${save.replace('legacy-save', 'nft-restore')} --noflush, and flush the legacy tables`;
}

function hasRules(ruleset: Ruleset | null | undefined): boolean {
  return (
    ruleset?.tables.some(
      ({ rules, chains }) => rules.length > 0 || [...chains.values()].some(({ policy }) => policy === 'DROP'),
    ) ?? false
  );
}

/** What bans only behind rules that accept would ban nobody behind the policy's own. */
function shadowedBans({ host }: HostAndSets): PlanJson['refusals'] {
  return ([4, 6] as const).flatMap((family) => {
    const ruleset = host.rulesets[family];
    if (!ruleset.known) return [];
    return ruleset.value.tables.flatMap(({ name, chains }) =>
      ['INPUT', 'FORWARD'].flatMap((chain) => {
        const found = name === 'filter' ? chains.get(chain) : undefined;
        if (found === undefined || bansBehind(ruleset.value, foreignOf(ruleset.value, found)) === 0) return [];
        const why = `IPv${family} ${chain} has rules that ban behind others that accept, which the policy's rules would stand before`;
        return [{ why, remedy: 'move those that ban to the top of the chain, or take the rules before them away' }];
      }),
    );
  });
}

/** What the policy speaks of and this host does not have, and what stands beside its rules unseen. */
function besides({ host }: HostAndSets, { policy }: Planned): PlanJson['unknown'] {
  const found = policy.lacking.map(({ set, why }): PlanJson['unknown'][number] => ({
    what: `the addresses of the set ${set}`,
    why,
    remedy: 'list them in the policy, or write on-failure: empty; until then apply refuses it',
  }));
  if (host.foreignChains.known && host.foreignChains.value.length > 0) {
    const names = host.foreignChains.value.map(({ family, table, chain }) => `${family} ${table} ${chain}`).join(', ');
    found.push({
      what: 'what chains of nft do that iptables did not make',
      why: `${names} see the same packets, and what they drop stays dropped`,
      remedy: 'read them with nft list ruleset',
    });
  }
  if (host.links.known) {
    const there = host.links.value.map(({ name }) => name);
    const items = [...policy.incoming, ...policy.forwarded, ...policy.outgoing, ...(policy.docker ?? [])];
    const named = items.flatMap(linksOf);
    const missing = [...new Set(named)].filter((name) => !name.endsWith('+') && !there.includes(name));
    if (missing.length > 0)
      found.push({
        what: `the interface${missing.length > 1 ? 's' : ''} ${missing.join(', ')}`,
        why: 'this host has none of that name now, so that its rules speak of nothing',
        remedy: `the interfaces are ${there.join(', ')}`,
      });
  }
  const chains = ([4, 6] as const).flatMap((family) => {
    const ruleset = host.rulesets[family];
    return ruleset.known ? ruleset.value.tables.flatMap((table) => [...table.chains.keys()]) : [];
  });
  if (policy.docker !== null && !chains.includes('DOCKER-USER'))
    found.push({ what: 'what the policy says of Docker', why: 'there is no chain DOCKER-USER', remedy: 'start Docker first' });
  return found;
}

/** Links that an item names, and those within a group. */
function linksOf(item: Item): readonly string[] {
  if (item.kind === 'line') return [];
  const own = [...(item.via ?? []), ...(item.out ?? [])];
  return item.kind === 'group' ? [...own, ...item.items.flatMap(linksOf)] : own;
}

function setsOf({ host }: HostAndSets, { compiled, alone }: Planned): PlanJson['sets'] {
  const there = host.sets.known ? [...host.sets.value.keys()] : [];
  const isOther = (name: string): boolean => {
    const [one, other] = [host.sets, alone.sets].map((sets) => (sets.known ? sets.value.get(name) : undefined));
    return one !== undefined && other !== undefined && contentOf(one) !== contentOf(other);
  };
  const wanted = new Set(compiled.sets.map(({ name }) => name));
  return {
    added: compiled.sets
      .filter(({ name }) => !there.includes(name))
      .map(({ name, members }) => ({ name, members: members.length })),
    changed: compiled.sets.filter(({ name }) => isOther(name)).map(({ name }) => name),
    unused: there.filter((name) => isOwnSet(name) && !wanted.has(name)),
  };
}

/** What a set holds, whatever order it stands in. */
function contentOf({ members }: IpSet): string {
  return members
    .map((member) => JSON.stringify(member, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value)))
    .sort()
    .join();
}

const ownSet = new RegExp(`^${ownPrefix.slice(0, -1)}[46]-[0-9a-f]{20}$`);

/** `PAL4-…` and `PAL6-…`, with a hash of what is in them. */
export function isOwnSet(name: string): boolean {
  return ownSet.test(name);
}

function lockedOut({ session, established }: SessionFate): PlanJson['refusals'][number] {
  const peer = formatAddress(session.peer);
  return {
    why:
      established === 'ACCEPT'
        ? `${peer}, who manages this host now, could not connect to port ${session.localPort} again`
        : `the connection of ${peer} to port ${session.localPort}, who manages this host now, would be cut`,
    remedy: `add a rule that lets it in, such as { allow: ${session.localPort}/tcp, from: "${peer}" }`,
  };
}

function fateToJson({
  session,
  established,
  untracked,
  again,
  survives,
}: SessionFate): NonNullable<PlanJson['sessions']>[number] {
  const { peer, peerPort, localPort, process } = session;
  return { peer: formatAddress(peer), peerPort, localPort, process, established, untracked, again, survives };
}
