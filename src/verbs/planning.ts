import { compareRulesets, wholePackets } from '../analysis/answers/index.ts';
import { surroundingsOf } from '../analysis/evaluate/surroundings.ts';
import { OverBudget } from '../analysis/space/index.ts';
import { bansBehind, fatesOf, foreignOf, keepSessions, othersOn, type SessionFate, textDiff } from '../change/index.ts';
import type { Host, IpSet } from '../model/host/index.ts';
import { formatAddress } from '../model/net/index.ts';
import { allOf, type Constraint, type Hook, not, packetToJson } from '../model/packet/index.ts';
import { aloneHost, firstPackets, ownPrefix, prove, runTests } from '../policy/index.ts';
import type { Problem } from '../result.ts';
import { rewritesToJson, wayToJson } from './diff-shapes.ts';
import type { PlanJson } from './plan-shape.ts';
import type { Planned } from './policy-file.ts';
import type { HostAndSets } from './reading.ts';
import { packet } from './shapes.ts';
import type { Context } from './verb.ts';

/** Everything that can be said of a change before it is made. */
export function reportOf(context: Context, before: HostAndSets, planned: Planned, most: number): PlanJson {
  const { policy, compiled, situation, after } = planned;
  context.progress('proving that the rules mean what the policy says');
  const proof = prove(policy, compiled, situation).ways.map((way): PlanJson['proof'][number] => ({
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
  context.progress('comparing what is with what would be');
  const unknown: PlanJson['unknown'][number][] = [];
  const lines: PlanJson['lines'][number][] = [];
  const connections: PlanJson['difference']['families'][number][] = [];
  const strays: PlanJson['difference']['families'][number][] = [];
  for (const family of [4, 6] as const) {
    const [old, now] = [before.host.rulesets[family], after.host.rulesets[family]];
    if (!old.known || !now.known) continue;
    lines.push(...textDiff(old.value, now.value).map((line) => ({ family, ...line })));
    const [one, other] = [
      { ruleset: old.value, surroundings: surroundingsOf(before.host) },
      { ruleset: now.value, surroundings: surroundingsOf(after.host) },
    ];
    const first = (hook: Hook): Constraint => firstPackets(family, hook);
    const compared = compareRulesets(family, one, other, { most, within: first });
    const rest = compareRulesets(family, one, other, { most, within: (hook) => allOf(not(first(hook)), wholePackets) });
    connections.push({
      family,
      ways: compared.ways.map((way) => wayToJson(way, new Map())),
      rewrites: rewritesToJson(compared.rewrites),
    });
    strays.push({ family, ways: rest.ways.map((way) => wayToJson(way, new Map())), rewrites: { differences: [], more: false } });
  }
  unknown.push(...besides(before, planned));
  const tests = testsOf(planned, unknown);
  const sessions = before.host.sessions;
  if (!sessions.known) unknown.push({ what: 'who manages this host now', why: sessions.why, remedy: sessions.remedy });
  const fates = sessions.known ? fatesOf(after.host, sessions.value) : null;
  const others = othersOn(before.host);
  const refusals = [
    ...others.flatMap(({ name, wayOut }) =>
      wayOut === null ? [] : [{ why: `${name} writes this host's rules too`, remedy: wayOut }],
    ),
    ...(fates ?? []).flatMap((fate) => (fate.survives ? [] : [lockedOut(fate)])),
    ...shadowedBans(before),
    ...policy.lacking.map(({ set, why }) => ({
      why: `the set ${set} lacks addresses: ${why}`,
      remedy: 'list them in the policy, or write on-failure: empty',
    })),
    ...tests
      .filter(({ holds }) => !holds)
      .map(({ text, line }) => ({
        why: `a test of the policy fails: ${text}`,
        remedy: `mend the rules or the test at line ${line ?? '?'}`,
      })),
    ...proof
      .filter(({ why }) => why?.endsWith('a fault of palisade') === true)
      .map(({ family, way, why }) => ({ why: `IPv${family} ${way}: ${why}`, remedy: 'please report it with the policy' })),
  ];
  const sets = setsOf(before, planned);
  return {
    policy: context.policyFile,
    changes: lines.length > 0 || sets.added.length > 0 || sets.changed.length > 0 || sets.unused.length > 0,
    proof,
    lines,
    sets,
    difference: { before: 'now', after: context.policyFile, families: connections, assumed: [], unknown: [] },
    strays: { before: 'now', after: context.policyFile, families: strays, assumed: [], unknown: [] },
    tests,
    sessions: fates?.map(fateToJson) ?? null,
    others: others.map(({ name }) => name),
    refusals,
    unknown,
  };
}

function testsOf({ policy, after }: Planned, unknown: PlanJson['unknown'][number][]): PlanJson['tests'] {
  try {
    const results = runTests(policy, after.host);
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
    const named = items.flatMap((item) => (item.kind === 'rule' ? [...(item.via ?? []), ...(item.out ?? [])] : []));
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

function setsOf({ host }: HostAndSets, { compiled }: Planned): PlanJson['sets'] {
  const there = host.sets.known ? [...host.sets.value.keys()] : [];
  const made = aloneHost(compiled).sets;
  const isOther = (name: string): boolean => {
    const [one, other] = [host.sets, made].map((sets) => (sets.known ? sets.value.get(name) : undefined));
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

/** `PAL4-…` and `PAL6-…`, with a hash of what is in them. */
export function isOwnSet(name: string): boolean {
  return new RegExp(`^${ownPrefix.slice(0, -1)}[46]-[0-9a-f]{20}$`).test(name);
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
