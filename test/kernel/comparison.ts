import { setTimeout as sleep } from 'node:timers/promises';
import type { NflogPacket } from '../../src/kernel/nflog.ts';
import type { Backend } from '../../src/model/host/index.ts';
import { formatAddress, formatProtocol } from '../../src/model/net/index.ts';
import { type Hook, packetToJson, type Trace } from '../../src/model/packet/index.ts';
import { type Answer, answersOf } from './answers.ts';
import { carries, idOf, type Lab, openLab, sourceOf } from './lab.ts';
import { lastPacket } from './last.ts';
import { type Random, seeded } from './random.ts';
import { unreachable, unreachableBytes } from './related.ts';
import { type MadeRuleset, makeRuleset } from './rulesets.ts';
import { aimsOf, type Flow, type Fresh, freshness, makePacket, openFlows, type Shot } from './traffic.ts';

/** How much of one seed is played. The same plan always makes the same rulesets and packets. */
export interface Plan {
  readonly backend: Backend;
  readonly seed: number;
  readonly rulesets: number;
  readonly packetsEach: number;
}

export interface Played {
  readonly packets: number;
  readonly rulesets: number;
  /** How often a rule with such a match or target matched a packet in the kernel, by kind and by extension (`-m tcp`). */
  readonly exercised: ReadonlyMap<string, number>;
  /** Packets of which the answer hangs on what no packet says. Only what does not hang on it was compared. */
  readonly hanging: number;
  /** Packets of which the packet-space engine says one verdict, and which the kernel treated so. */
  readonly engine: number;
  /** One report for each disagreement. */
  readonly wrong: readonly string[];
}

/** Netfilter's numbers of the hooks on each way; what the firewall answers takes others. */
const hooksOf: Readonly<Record<Hook, readonly number[]>> = { input: [0, 1], forward: [0, 2, 4], output: [3, 4] };
/** What goes out over loopback comes in by it. */
const hooksOverLoopback = [3, 4, 0, 1];

/**
 * The interpreter against the kernel: rulesets made by chance are loaded into a real firewall, packets made by chance
 * are sent through it, and for each packet the rules that it met there, in order, must be those of its trace. Beside it the
 * packet-space engine says the verdict, and the rule that gives it, which the packet must have met.
 */
export async function play({ backend, seed, rulesets, packetsEach }: Plan): Promise<Played> {
  await using lab = await openLab(backend);
  const random = seeded(seed * 2 + (backend === 'nft' ? 0 : 1));
  const fresh = freshness();
  const exercised = new Map<string, number>();
  const count = (kind: string): void => {
    exercised.set(kind, (exercised.get(kind) ?? 0) + 1);
  };
  const wrong: string[] = [];
  let hanging = 0;
  let engine = 0;
  let packets = 0;
  let flows: readonly Flow[] = [];
  const ids = { last: 0 };
  for (let turn = 0; turn < rulesets; turn += 1) {
    const family = turn % 2 === 0 ? 4 : 6;
    // The first rulesets do without connection tracking, which puts fragments together before any rule sees them.
    const tracking = turn >= rulesets / 4;
    if (tracking && flows.length === 0) flows = await openFlows(lab, random, fresh);
    const made = makeRuleset(random, family, tracking, lab.setNames);
    // Every fourth ruleset is loaded as it is: reports between the rules shall not be what makes them right.
    const instrumented = turn % 8 < 6;
    const own = flows.filter((flow) => flow.family === family);
    const shots = makeShots(random, made, own, fresh, packetsEach, ids);
    await lab.load(family, instrumented ? made.instrumented : made.text);
    const played = await compare(lab, made, shots, instrumented, count);
    wrong.push(...played.wrong.map((report) => `seed ${seed}, ruleset ${turn}, ${report}`));
    hanging += played.hanging;
    engine += played.engine;
    packets += shots.length;
  }
  if (lab.lost() > 0) throw new Error(`${lab.lost()} reports of the kernel were lost: seed ${seed} says nothing`);
  return { packets, rulesets, exercised, hanging, engine, wrong };
}

function makeShots(
  random: Random,
  made: MadeRuleset,
  flows: readonly Flow[],
  fresh: Fresh,
  count: number,
  ids: { last: number },
): readonly Shot[] {
  const { family, tracking, edges } = made;
  const aims = aimsOf(family, edges, tracking);
  const shots: Shot[] = [];
  while (shots.length < count) {
    ids.last = (ids.last + 1) & 0xffff;
    const quoted = tracking && random.chance(0.06) ? random.pick(flows) : null;
    const plain = quoted === null ? makePacket(random, aims, flows) : unreachable(random, quoted);
    // The first fragment must hold the transport's header (RFC 7112), and more of them than that makes no difference.
    const cut = tracking && quoted === null && plain.hook !== 'output' && plain.length > 180 && random.chance(0.1);
    // What comes in fragments may be longer than a link takes at once.
    const packet =
      cut && random.chance(0.5) && plain.state === 'NEW' ? { ...plain, length: plain.length + random.below(4000) } : plain;
    const id = ((random.below(0x10000) << 16) | ids.last) >>> 0;
    if (packet.state === 'ESTABLISHED' || packet.state === 'RELATED' || fresh(packet, id))
      shots.push({ packet, quoted, id, fragments: cut ? 2 + random.below(3) + Math.floor(packet.length / 1400) : 1 });
  }
  return shots;
}

async function compare(
  lab: Lab,
  made: MadeRuleset,
  shots: readonly Shot[],
  instrumented: boolean,
  count: (kind: string) => void,
): Promise<{ readonly wrong: readonly string[]; readonly hanging: number; readonly engine: number }> {
  for (const { packet, quoted, id, fragments } of shots) {
    if (quoted === null) lab.send(packet, id, fragments);
    else lab.sendBytes(packet, unreachableBytes(packet, quoted, id));
  }
  const sent = new Map(shots.map((shot) => [shot.id & 0xffff, shot]));
  const met = new Map<number, NflogPacket[]>();
  const sort = (reports: readonly NflogPacket[]): void => {
    for (const report of reports) {
      const shot = sent.get(idOf(report.payload));
      if (shot === undefined || !belongs(report, shot)) continue;
      const own = met.get(shot.id);
      if (own === undefined) met.set(shot.id, [report]);
      else own.push(report);
      for (const kind of made.kinds.get(report.prefix) ?? []) count(kind);
      count('-j NFLOG');
    }
  };
  sort(await lab.logged(lastPacket(made.family)));
  const answers = answersOf(lab, made, instrumented);
  const ask = (shot: Shot): Answer => answers(shot, met.get(shot.id) ?? []);
  const asked = shots.map((shot) => ({ shot, answer: ask(shot) }));
  let open = asked.filter(({ answer }) => !answer.agrees);
  // A busy machine may be slow to report: what is still on its way is no disagreement.
  if (open.length > 0) {
    await sleep(100);
    sort(await lab.logged(lastPacket(made.family)));
    open = open.map(({ shot }) => ({ shot, answer: ask(shot) })).filter(({ answer }) => !answer.agrees);
  }
  let hanging = 0;
  let engine = 0;
  for (const { shot, answer } of asked) {
    if (answer.hangs) hanging += 1;
    if (answer.engine?.certain === true && answer.engine.agrees) engine += 1;
    if (met.has(shot.id)) for (const kind of kindsOf(shot)) count(kind);
  }
  return { wrong: open.map(({ shot, answer }) => report(lab, made, shot, answer)), hanging, engine };
}

/** What the firewall itself says meanwhile, answers and errors, may carry the same id by chance, or quote it. */
export function belongs(report: NflogPacket, { packet, quoted, id }: Shot): boolean {
  const { hook, payload } = report;
  const hooks = packet.out === 'lo' ? hooksOverLoopback : hooksOf[packet.hook];
  if (!hooks.includes(hook)) return false;
  // A copy of a multicast packet comes in again by the link that it is sent out of.
  if (hook < 2 && report.in !== (packet.in ?? 'lo')) return false;
  return quoted === null ? carries(payload, id) : sourceOf(payload) === packet.src;
}

function kindsOf({ packet, fragments }: Shot): readonly string[] {
  const kinds: string[] = [packet.state, packet.out === 'lo' ? 'loopback' : packet.hook, `IPv${packet.family}`];
  if (packet.fragment && packet.hook === 'input')
    kinds.push(packet.family === 4 ? 'later fragment before INPUT' : 'later fragment in INPUT');
  if (fragments > 1) kinds.push('in fragments');
  return kinds;
}

function report(lab: Lab, made: MadeRuleset, { packet, fragments }: Shot, { trace, expected, inKernel, engine }: Answer): string {
  const way = `${formatAddress({ family: packet.family, value: packet.src })} to ${formatAddress({ family: packet.family, value: packet.dst })}`;
  return [
    `iptables-${lab.backend}, ${formatProtocol(packet.proto)} ${way}${fragments > 1 ? ` in ${fragments} fragments` : ''}`,
    JSON.stringify(packetToJson(packet)),
    `palisade: ${expected.join(' ')} ${verdictOf(trace)}`,
    `engine:   ${engine === null ? 'not asked' : `${engine.says}${engine.agrees ? '' : ', which is not what the kernel did'}`}`,
    `kernel:   ${inKernel.join(' ')}`,
    made.text,
  ].join('\n');
}

function verdictOf(trace: Trace | null): string {
  return trace === null ? 'no answer' : trace.verdict;
}
