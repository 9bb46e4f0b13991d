import { createEvaluator } from '../analysis/index.ts';
import { type Hole, holeRules, holesOf, holeTransactions, lockState, writeTransaction } from '../change/index.ts';
import { type Backend, type Host, hostFromTexts } from '../model/host/index.ts';
import { type Family, formatAddress, ICMP, ICMPV6, TCP } from '../model/net/index.ts';
import { emptyRuleset, type Ruleset } from '../model/ruleset/index.ts';
import {
  type Addresses,
  mergeServices,
  noneListed,
  plainConditions,
  readMember,
  readService,
  type Service,
  serviceHint,
} from '../policy/index.ts';
import { failed, ok, type Problem, type Result } from '../result.ts';
import { noteAfter } from './changing/noting.ts';
import type { OpenJson } from './open-shape.ts';
import { packetFor } from './packet.ts';
import { callerAddress } from './session.ts';
import type { Context, Outcome } from './verb.ts';

const longestSeconds = 7 * 86_400;
const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

interface Asked {
  readonly service: string;
  readonly from: string;
  readonly for: string;
  readonly backend?: Backend | undefined;
}

/** Lets a service in for a while. */
export async function openFor(context: Context, asked: Asked): Promise<Outcome<OpenJson>> {
  const services = readService(asked.service, new Map());
  if (services === undefined)
    return { kind: 'invalid', problems: [usage(`"${asked.service}" is no service`, serviceHint(asked.service, new Map()))] };
  const seconds = Number.parseInt(asked.for, 10) * (units[asked.for.at(-1) ?? 's'] ?? 1);
  if (seconds > longestSeconds) {
    const problem = usage(`${asked.for} is longer than a week`, 'write it in the policy, with an owner and an expiry');
    return { kind: 'invalid', problems: [problem] };
  }
  return await changing(context, asked.backend, (host, rulesets) => {
    const from = whom(asked.from, host, context.env['SSH_CONNECTION']);
    if (!from.ok) return from;
    const now = Math.floor(context.clock.now() / 1000);
    const holes: Partial<Record<Family, readonly Hole[]>> = {};
    for (const ruleset of rulesets) {
      const { family } = ruleset;
      const conditions = plainConditions(mergeServices(services), from.value.addresses, family);
      if (conditions === null) return failed(usage(`${asked.from} is more networks than one`, 'name one network'));
      const there = stillOpen(ruleset, now).filter((hole) => hole.service !== asked.service || hole.from !== from.value.name);
      const until = now + seconds;
      const rules = holeRules(conditions, asked.service, from.value.name, now, until);
      const fresh: Hole = { service: asked.service, from: from.value.name, until, rules };
      holes[family] = rules.length === 0 ? there : [...there, fresh];
    }
    if (rulesets.every(({ family }) => !holes[family]?.some(({ until }) => until === now + seconds)))
      return failed(
        usage(`${asked.service} from ${from.value.name} speaks of no packets`, 'see which family each of them is of'),
      );
    const said = `${asked.service} from ${from.value.name} for ${asked.for}`;
    return ok({ holes, closed: 0, said, check: (live) => keptOut(live, services, from.value) });
  });
}

/** Ends what was opened. */
export async function closeAll(
  context: Context,
  asked: { readonly service?: string | undefined; readonly from?: string | undefined; readonly backend?: Backend | undefined },
): Promise<Outcome<OpenJson>> {
  return await changing(context, asked.backend, (host, rulesets) => {
    const caller = asked.from === 'me' ? whom('me', host, context.env['SSH_CONNECTION']) : null;
    if (caller !== null && !caller.ok) return caller;
    const from = caller === null ? asked.from : caller.value.name;
    const now = Math.floor(context.clock.now() / 1000);
    const holes: Partial<Record<Family, readonly Hole[]>> = {};
    const ended = new Set<string>();
    for (const ruleset of rulesets) {
      const open = stillOpen(ruleset, now);
      const isMeant = (hole: Hole): boolean =>
        (asked.service === undefined || hole.service === asked.service) && (from === undefined || hole.from === from);
      for (const hole of open.filter(isMeant)) ended.add(`${hole.service} ${hole.from}`);
      holes[ruleset.family] = open.filter((hole) => !isMeant(hole));
    }
    if (ended.size === 0 && asked.service !== undefined)
      return failed({
        code: 'nothing-waits',
        message: `${asked.service} is not open for a while`,
        hint: 'palisade open lists what is',
      });
    return ok({ holes, closed: ended.size, said: [...ended].join(', '), check: () => null });
  });
}

export async function listOpen(context: Context, backend: Backend | undefined): Promise<Outcome<OpenJson>> {
  const read = await readNow(context, backend);
  if (!read.ok) return { kind: 'unread', problems: read.problems };
  return { kind: 'done', value: { open: openIn(read.value.rulesets, context), closed: 0 } };
}

interface Change {
  readonly holes: Readonly<Partial<Record<Family, readonly Hole[]>>>;
  readonly closed: number;
  /** For the journal; empty: nothing is other. */
  readonly said: string;
  /** Why it did not come to what it was to, of the host as it then is. */
  readonly check: (live: Host) => Problem | null;
}

/** Reads, writes what is other, reads back and compares; what did not come to what it was to is taken back. */
async function changing(
  context: Context,
  asked: Backend | undefined,
  change: (host: Host, rulesets: readonly Ruleset[]) => Result<Change>,
): Promise<Outcome<OpenJson>> {
  const { root, why } = await context.kernel.rights();
  if (!root)
    return {
      kind: 'unread',
      problems: [{ code: 'unread', message: `the firewall may not be changed: ${why}`, hint: 'run palisade as root' }],
    };
  const locked = lockState(context.stateFolder);
  if (!locked.ok) return { kind: 'unchanged', problems: locked.problems };
  try {
    const read = await readNow(context, asked);
    if (!read.ok) return { kind: 'unread', problems: read.problems };
    const { host, rulesets, backend } = read.value;
    const changed = change(host, rulesets);
    if (!changed.ok) return { kind: changed.problems[0]?.code === 'usage' ? 'invalid' : 'unchanged', problems: changed.problems };
    const problem = await write(context, backend, rulesets, changed.value.holes);
    const after = await readNow(context, backend);
    // One family or table may have been written before another was refused.
    const wrong = problem ?? (after.ok ? changed.value.check(after.value.host) : (after.problems[0] ?? null));
    if (wrong === null && after.ok) {
      const { closed, said } = changed.value;
      if (said !== '') await noteAfter(context, context.stateFolder, closed > 0 ? 'closed' : 'opened', null, said);
      return { kind: 'done', value: { open: openIn(after.value.rulesets, context), closed } };
    }
    const old = Object.fromEntries(rulesets.map((ruleset) => [ruleset.family, holesOf(ruleset)]));
    const undo = after.ok ? await write(context, backend, after.value.rulesets, old) : null;
    return { kind: 'unchanged', problems: [wrong, undo].filter((one) => one !== null) };
  } finally {
    locked.value();
  }
}

async function write(
  context: Context,
  backend: Backend,
  rulesets: readonly Ruleset[],
  holes: Change['holes'],
): Promise<Problem | null> {
  for (const ruleset of rulesets) {
    const { family } = ruleset;
    for (const transaction of holeTransactions(ruleset, holes[family] ?? [])) {
      const problem = await writeTransaction(context.kernel.run, backend, family, transaction);
      if (problem !== null) return problem;
    }
  }
  return null;
}

interface Now {
  readonly host: Host;
  readonly rulesets: readonly Ruleset[];
  readonly backend: Backend;
}

async function readNow(context: Context, asked: Backend | undefined): Promise<Result<Now>> {
  const texts = await context.kernel.read({ signal: context.signal });
  const host = hostFromTexts(texts, asked === undefined ? {} : { backend: asked });
  const rulesets: Ruleset[] = [];
  for (const family of [4, 6] as const) {
    const ruleset = host.rulesets[family];
    if (!ruleset.known)
      return failed({ code: 'unread', message: `the IPv${family} rules are unknown: ${ruleset.why}`, hint: ruleset.remedy });
    rulesets.push(ruleset.value.tables.length === 0 ? emptyRuleset(family, 'no rules') : ruleset.value);
  }
  const backend = asked ?? rulesets.find(({ writer }) => writer !== null)?.writer?.backend ?? 'nft';
  return ok({ host, rulesets, backend });
}

function stillOpen(ruleset: Ruleset, now: number): readonly Hole[] {
  return holesOf(ruleset).filter(({ until }) => until > now);
}

function openIn(rulesets: readonly Ruleset[], context: Context): OpenJson['open'] {
  const now = context.clock.now() / 1000;
  return rulesets.flatMap((ruleset) =>
    stillOpen(ruleset, now)
      // What somebody else wrote there without an end is not open for a while.
      .filter(({ until }) => Number.isFinite(until))
      .map(({ service, from, until }) => ({ family: ruleset.family, service, from, until })),
  );
}

interface Whom {
  readonly name: string;
  /** `null`: anyone. */
  readonly addresses: Addresses | null;
}

function whom(word: string, host: Host, connection: string | undefined): Result<Whom> {
  if (word === 'anyone') return ok({ name: 'anyone', addresses: null });
  const name = word === 'me' ? callerIn(host, connection) : word;
  if (name === null) return failed(usage('it is not known where you are connected from', 'write --from and your address'));
  const member = readMember(name);
  if (member === undefined || name.includes('-'))
    return failed(usage(`"${name}" is no address`, 'write an address, a network such as 192.0.2.0/24, anyone, or me'));
  const { family, range } = member;
  return ok({ name, addresses: { ranges: { 4: [], 6: [], [family]: [range] }, ...noneListed, except: false, text: name } });
}

/** What the shell was told, if somebody is connected from there: from a console nobody is me, and who else is connected may be a stranger. */
function callerIn(host: Host, connection: string | undefined): string | null {
  const peers = host.sessions.known ? [...new Set(host.sessions.value.map(({ peer }) => formatAddress(peer)))] : [];
  const said = callerAddress(connection);
  return said !== null && peers.includes(said) ? said : null;
}

/** Why those who were to be let in are not: one packet of each service, followed through the rules as they now stand. */
function keptOut(host: Host, services: readonly Service[], { name, addresses }: Whom): Problem | null {
  const evaluator = createEvaluator(host);
  for (const family of [4, 6] as const) {
    const [range] = addresses?.ranges[family] ?? [];
    if (addresses !== null && range === undefined) continue;
    const src =
      range === undefined
        ? family === 4
          ? '203.0.113.9'
          : '2001:db8::9'
        : formatAddress({ family, value: range[0] === 0n ? 1n : range[0] });
    const own = host.addresses.known
      ? host.addresses.value.find(({ prefix, scope }) => prefix.family === family && scope === 'global')
      : undefined;
    const dst =
      own === undefined ? (family === 4 ? '192.0.2.1' : '2001:db8::1') : formatAddress({ family, value: own.prefix.value });
    for (const { proto, ports, icmpType, families } of services) {
      if (!families.includes(family)) continue;
      const packet = packetFor(host, {
        hook: 'input',
        src,
        dst,
        proto: String(proto),
        ...(ports?.[0] !== undefined && { dport: ports[0][0] }),
        ...(proto === TCP && { flags: ['SYN'] }),
        ...((proto === ICMP || proto === ICMPV6) && icmpType !== null && { icmpType, icmpCode: 0 }),
      });
      const trace = packet.ok ? evaluator.trace(packet.value) : null;
      if (trace === null || trace.verdict === 'ACCEPT') continue;
      if (trace.verdict === 'DEPENDS' && trace.outcomes.some(({ verdict }) => verdict === 'ACCEPT')) continue;
      const by = trace.decidedBy;
      const where =
        by === null ? '' : ` by IPv${by.family} ${by.table} ${by.chain} ${by.rule === 'policy' ? 'policy' : `rule ${by.rule}`}`;
      return {
        code: 'plan-refused',
        message: `${name} would still be kept out${where}`,
        hint: 'take that rule away first, or lift the ban',
      };
    }
  }
  return null;
}

function usage(message: string, hint: string): Problem {
  return { code: 'usage', message, hint };
}
