import { setTimeout as sleep } from 'node:timers/promises';
import { livenessOf, type Witness, witnessOf } from '../../src/analysis/answers/index.ts';
import { answersOf } from '../../src/analysis/answers/usual-packet.ts';
import { surroundingsOf } from '../../src/analysis/evaluate/surroundings.ts';
import { all, type Node, none } from '../../src/analysis/space/index.ts';
import { createSpace, type Firewall, type Space } from '../../src/analysis/symbolic/index.ts';
import { bitSet } from '../../src/analysis/symbolic/layout.ts';
import type { Backend } from '../../src/model/host/index.ts';
import { type Hook, type Packet, packetToJson } from '../../src/model/packet/index.ts';
import { parseRuleset, type Ruleset } from '../../src/model/ruleset/index.ts';
import { vagueRules } from '../space/comparison.ts';
import { contains, setOf } from '../space/constraint-set.ts';
import { belongs } from './comparison.ts';
import { idOf, type Lab, must, openLab } from './lab.ts';
import { lastPacket } from './last.ts';
import { type Random, seeded } from './random.ts';
import { unreachable, unreachableBytes } from './related.ts';
import { type MadeRuleset, makeRuleset, ruleName } from './rulesets.ts';
import { sendable } from './sendable.ts';
import { type Flow, type Fresh, freshness, ofFlow, openFlows, type Shot } from './traffic.ts';

export interface Plan {
  readonly backend: Backend;
  readonly seed: number;
  readonly rulesets: number;
}

export interface Witnessed {
  readonly rules: number;
  readonly dead: number;
  /** Live rules whose witness the kernel reports to have met them. */
  readonly met: number;
  /** Live rules that nothing can be sent to here, by why. */
  readonly unsent: ReadonlyMap<string, number>;
  /** One report for each disagreement. */
  readonly wrong: readonly string[];
}

/** A rule, and the packet that shall meet it. */
interface Aimed {
  readonly label: string;
  readonly shot: Shot;
  /** `null` for a packet of a connection that is there: one that the set has. */
  readonly witness: Witness | null;
}

/**
 * Each rule that is said to be live is met by a packet: rulesets made by chance are loaded into a real firewall, and of each
 * live rule one packet is sent of those that are said to hit it and that the lab can send. The kernel reports which it meets.
 */
export async function playWitnesses({ backend, seed, rulesets }: Plan): Promise<Witnessed> {
  await using lab = await openLab(backend);
  const random = seeded(seed * 2 + (backend === 'nft' ? 0 : 1));
  const fresh = freshness();
  let flows: readonly Flow[] = [];
  const unsent = new Map<string, number>();
  const wrong: string[] = [];
  const ids = { last: 0 };
  let [rules, dead, met] = [0, 0, 0];
  for (let turn = 0; turn < rulesets; turn += 1) {
    const family = turn % 2 === 0 ? 4 : 6;
    // Without connection tracking fragments stay what they are; flows would end.
    const tracking = turn >= rulesets / 4;
    if (tracking && flows.length === 0) flows = await openFlows(lab, random, fresh);
    const made = makeRuleset(random, family, tracking, lab.setNames);
    const found = witnessesOf(lab, made, flows, random, fresh, ids);
    rules += found.rules;
    dead += [...found.dead].filter((label) => made.kinds.has(label)).length;
    for (const why of found.unsent) unsent.set(why, (unsent.get(why) ?? 0) + 1);
    await lab.load(family, made.instrumented);
    const seen = await sendAll(lab, made, found.aimed);
    const missed = found.aimed.filter(({ label, shot }) => seen.get(shot.id)?.includes(label) !== true);
    met += found.aimed.length - missed.length;
    const name = `seed ${seed}, ruleset ${turn}, iptables-${backend}`;
    for (const { label, shot, witness } of missed)
      wrong.push(
        report(`${name}: ${label} is live, and its witness does not meet it`, shot, witness, seen.get(shot.id) ?? [], made),
      );
    for (const { shot, witness } of found.aimed)
      for (const one of seen.get(shot.id) ?? [])
        if (found.dead.has(one))
          wrong.push(report(`${name}: ${one} is met, and said to be dead`, shot, witness, seen.get(shot.id) ?? [], made));
    wrong.push(...found.wrong.map((one) => `${name}: ${one}\n${made.text}`));
  }
  if (lab.lost() > 0) throw new Error(`${lab.lost()} reports of the kernel were lost: seed ${seed} says nothing`);
  return { rules, dead, met, unsent, wrong };
}

interface Found {
  readonly rules: number;
  readonly dead: ReadonlySet<string>;
  readonly aimed: readonly Aimed[];
  readonly unsent: readonly string[];
  readonly wrong: readonly string[];
}

interface Hit {
  readonly hook: Hook;
  readonly packets: Node;
}

/** Which rules a packet space says to be dead, and packets of the sendable ones for the live ones. */
interface Aiming {
  readonly dead: ReadonlySet<string>;
  /** NETMAP rules of which the engine takes any address of the new network. */
  readonly vague: ReadonlySet<string>;
  /** A packet for the rule, or why there is none. */
  aim(table: string, chain: string, rule: number): Aimed | string;
}

function witnessesOf(
  lab: Lab,
  made: MadeRuleset,
  flows: readonly Flow[],
  random: Random,
  fresh: Fresh,
  ids: { last: number },
): Found {
  const ruleset = rulesetOf(lab, made);
  const later = made.tracking ? laterPackets(made, flows, random) : [];
  const { dead, vague, aim } = aimingOf(lab, made, ruleset, later, random, fresh, ids);
  const aimed: Aimed[] = [];
  const unsent: string[] = [];
  const wrong: string[] = [];
  let rules = 0;
  for (const table of ruleset.tables) {
    for (const chain of table.chains.values()) {
      for (const { number } of chain.rules) {
        const label = ruleName({ table: table.name, chain: chain.name, rule: number });
        if (!made.kinds.has(label)) continue;
        rules += 1;
        if (dead.has(label)) continue;
        const outcome = aim(table.name, chain.name, number);
        if (typeof outcome === 'string') unsent.push(outcome);
        else if (outcome.witness?.checked !== false) aimed.push(outcome);
        else if (outcome.witness.trace.path.some((step) => vague.has(`${step.table} ${step.chain} ${step.rule}`)))
          unsent.push('meets a NETMAP of more addresses than are followed one by one');
        else wrong.push(`the interpreter does not end as the engine with ${shown(outcome.shot.packet)}`);
      }
    }
  }
  return { rules, dead, aimed, unsent, wrong };
}

/** Packets of connections that are there, and errors about them, some of each. */
function laterPackets({ family, edges }: MadeRuleset, flows: readonly Flow[], random: Random): readonly Later[] {
  return flows
    .filter((flow) => flow.family === family)
    .flatMap((flow) => [
      ...Array.from({ length: 8 }, () => ({ packet: ofFlow(random, flow, edges), quoted: null })),
      ...Array.from({ length: 6 }, () => ({ packet: unreachable(random, flow), quoted: flow })),
    ]);
}

type Later = Pick<Shot, 'packet' | 'quoted'>;

function aimingOf(
  lab: Lab,
  made: MadeRuleset,
  ruleset: Ruleset,
  later: readonly Later[],
  random: Random,
  fresh: Fresh,
  ids: { last: number },
): Aiming {
  const ways = sendable(made);
  const apart = ways.flatMap(({ parts }) => parts.map(({ holds }) => holds));
  const space = createSpace(made.family, [{ ruleset, surroundings: surroundingsOf(lab.host), apart }]);
  const firewall = space.firewalls[0] as Firewall;
  const sets = new Map<
    Hook,
    { readonly parts: readonly { readonly about: string; readonly set: Node }[]; readonly whole: Node }
  >();
  for (const { hook, parts } of ways) {
    const own = parts.map(({ about, holds }) => ({ about, set: setOf(space, firewall, holds) }));
    sets.set(hook, { parts: own, whole: own.reduce<Node>((set, part) => space.diagram.mask(set, part.set), all) });
  }
  const liveness = livenessOf(space, firewall);
  // No program listens in the lab.
  const sockets = space.layout.variables.filter(({ text }) => text.startsWith('a transparent socket takes'));
  const unheard = sockets.reduce<Node>((set, { level }) => space.diagram.without(set, bitSet(space.diagram, level)), all);
  const dead = liveness.dead.map(({ table, chain, rule }) =>
    ruleName({ table: table.name, chain: chain.name, rule: rule.rule.number }),
  );
  return {
    dead: new Set(dead),
    vague: vagueRules(firewall, space),
    aim: (table, chain, rule) => aim(ruleName({ table, chain, rule }), liveness.hits(table, chain, rule)),
  };

  function aim(label: string, hits: readonly Hit[]): Aimed | string {
    let why = 'no packet at all';
    for (const { hook, packets: said } of hits) {
      const own = sets.get(hook);
      if (own === undefined) continue;
      const packets = space.diagram.mask(said, unheard);
      if (packets === none) {
        why = 'needs a socket that the lab lacks';
        continue;
      }
      const set = space.diagram.mask(packets, own.whole);
      const witness = set === none ? null : witnessOf(space, firewall, hook, set);
      // What iptables-nft reads where ports would be are the frame's own bytes, of which the witness says nothing.
      if (witness?.packet.fragment === true && witness.assumed.length > 0) {
        why = 'needs bytes of a later fragment that the lab does not choose';
        continue;
      }
      const shot = witness === null ? null : firstShot(space, set, witness, fresh, random, nextId());
      if (witness !== null && shot !== null) return { label, shot, witness };
      const found = later.find(({ packet }) => packet.hook === hook && contains(space, packets, packet));
      if (found !== undefined) return { label, shot: { ...found, id: nextId(), fragments: 1 }, witness: null };
      const within = space.diagram.mask(firewall.possible(hook), packets);
      const lacking = own.parts.find((part) => space.diagram.mask(within, part.set) === none)?.about ?? 'several things together';
      why = witness === null ? `needs ${lacking} that the lab lacks` : 'needs what was sent before';
    }
    return why;
  }

  function nextId(): number {
    ids.last = (ids.last + 1) & 0xffff;
    return ((random.below(0x10000) << 16) | ids.last) >>> 0;
  }
}

function rulesetOf({ backend }: Lab, { text, family }: MadeRuleset): Ruleset {
  return { ...must(parseRuleset(text, { file: 'made', family })), writer: { tool: 'iptables-save', version: '1.8.9', backend } };
}

/** The witness, or one that no rule tells from it and that is the first packet of its connection. */
function firstShot(space: Space, set: Node, { packet, assumed }: Witness, fresh: Fresh, random: Random, id: number): Shot | null {
  const answers = answersOf(assumed);
  for (let turn = 0; turn < 60; turn += 1) {
    const one = turn === 0 ? packet : twin(space, packet, random);
    if (contains(space, set, one, answers) && fresh(one, id)) return { packet: one, quoted: null, id, fragments: 1 };
  }
  return null;
}

/** Another packet of the same pieces of its fields. */
export function twin({ layout }: Space, packet: Packet, random: Random): Packet {
  const address = (field: 'src' | 'dst'): bigint => {
    const [lo, hi] = layout.addressesOf(field, layout.addressCode(field, packet[field]));
    return hi === lo ? lo : lo + (random.bits(64) % (hi - lo + 1n));
  };
  const within = packet.sport === null ? null : layout.numbersOf('sport', layout.numberCode('sport', packet.sport));
  return {
    ...packet,
    src: address('src'),
    dst: random.chance(0.5) ? packet.dst : address('dst'),
    sport: within === null ? null : within[0] + random.below(within[1] - within[0] + 1),
  };
}

/** By id: the rules that the kernel reports of each packet. */
async function sendAll(
  lab: Lab,
  { family }: MadeRuleset,
  aimed: readonly Aimed[],
): Promise<ReadonlyMap<number, readonly string[]>> {
  const byId = new Map(aimed.map(({ shot }) => [shot.id & 0xffff, shot]));
  for (const { packet, quoted, id } of byId.values()) {
    if (quoted === null) lab.send(packet, id);
    else lab.sendBytes(packet, unreachableBytes(packet, quoted, id));
  }
  const seen = new Map<number, string[]>();
  const take = async (): Promise<void> => {
    for (const one of await lab.logged(lastPacket(family))) {
      const shot = byId.get(idOf(one.payload));
      if (shot === undefined || !belongs(one, shot)) continue;
      const own = seen.get(shot.id);
      if (own === undefined) seen.set(shot.id, [one.prefix]);
      else own.push(one.prefix);
    }
  };
  await take();
  // A busy machine may be slow to report.
  if (aimed.some(({ label, shot }) => seen.get(shot.id)?.includes(label) !== true)) {
    await sleep(100);
    await take();
  }
  return seen;
}

function report(what: string, { packet }: Shot, witness: Witness | null, seen: readonly string[], { text }: MadeRuleset): string {
  const { path, verdict } = witness?.trace ?? { path: [], verdict: 'not asked' };
  const assumed = witness?.assumed.map(({ text: match, holds }) => `${holds ? '' : 'not '}${match}`) ?? [];
  return [
    what,
    shown(packet),
    `assumed:  ${assumed.join('; ')}`,
    `palisade: ${path.map((step) => `${ruleName(step)}${step.maybe ? '?' : ''}`).join(' ')} ${verdict}`,
    `kernel:   ${seen.join(' ')}`,
    text,
  ].join('\n');
}

function shown(packet: Packet): string {
  return JSON.stringify(packetToJson(packet));
}
