import { arrivalsOf } from '../../analysis/answers/arrivals.ts';
import { routingFactsOf } from '../../analysis/answers/routing.ts';
import { none } from '../../analysis/space/index.ts';
import { withoutField } from '../../analysis/space/split.ts';
import type { Decision } from '../../analysis/symbolic/index.ts';
import { bitsOfPacket } from '../../analysis/symbolic/packet-bits.ts';
import { isLoopback } from '../../model/host/index.ts';
import { type Ranges, TCP, UDP } from '../../model/net/index.ts';
import type { Constraint, Packet, RuleRef } from '../../model/packet/index.ts';
import { meaningsOf, type Ruleset } from '../../model/ruleset/index.ts';
import type { Subject } from '../check.ts';
import type { Engine } from '../engine.ts';
import type { Witness } from '../finding.ts';
import { usually } from '../usual.ts';
import { namedLinks, unnamedLink, vocabularyOf } from '../vocabulary.ts';
import type { Mode } from './course.ts';
import { type Door, doorsOf } from './doors.ts';
import { ported, type Shown, shown } from './exposed.ts';
import { createSight, sightOf } from './sight.ts';

/** Ports of the host's own addresses that nat leads on to another host, from anyone who comes by a door. */
export interface Published {
  readonly door: Door;
  readonly proto: 'tcp' | 'udp';
  /** As strangers ask for them. */
  readonly ports: Ranges<number>;
  /** Where they lead, as text; `null` where the rules leave it as it was. */
  readonly address: string | null;
  readonly port: string | null;
  readonly shown: Shown;
  /** The rule that gives the destination; `null` where it was not found on the way. */
  readonly by: RuleRef | null;
  /** A container runtime wrote it. */
  readonly container: boolean;
}

/** Chains that runtimes make for their ports: Docker, Podman (netavark, CNI), Kubernetes. */
const runtimes = /^(DOCKER|NETAVARK|CNI-|KUBE-)/;

/** Rules of nat that give destinations before routing. */
export function translates(ruleset: Ruleset): boolean {
  const nat = ruleset.tables.find(({ name }) => name === 'nat');
  const meanings = meaningsOf(ruleset);
  return (
    nat?.rules.some((rule) => {
      const effect = meanings.get(rule)?.effect;
      return (effect?.kind === 'translate' && effect.end === 'dst') || effect?.kind === 'netmap';
    }) === true
  );
}

const kept = new WeakMap<Engine, readonly Published[]>();

/** So many targets are followed one by one. */
const mostTargets = 64;

/** What anyone reaches behind the host by its own addresses. @throws OverBudget */
export function publishedOf(subject: Subject, engine: Engine): readonly Published[] {
  const before = kept.get(engine);
  if (before !== undefined) return before;
  const made = translates(engine.firewall.ruleset) ? followed(subject, engine) : [];
  kept.set(engine, made);
  return made;
}

function followed(subject: Subject, engine: Engine): readonly Published[] {
  const { space, firewall } = engine;
  const { diagram, layout, family } = space;
  const course = firewall.surroundings.routes === null ? 'host' : 'routed';
  const arrivals = arrivalsOf(space, firewall, routingFactsOf(subject.host, family), course);
  const found: Published[] = [];
  const values = [...diagram.leaves(arrivals.outcomes)].filter((value) => {
    if (value === 0) return false;
    const { verdict, goal } = arrivals.of(value);
    return verdict === 'ACCEPT' && goal.kind === 'published';
  });
  for (const value of values.slice(0, mostTargets)) {
    const { goal } = arrivals.of(value);
    if (goal.kind !== 'published') continue;
    const whole = diagram.where(arrivals.outcomes, (other) => other === value);
    const set = withoutField(diagram, whole, layout.axis('out'));
    if (set === none) continue;
    for (const door of doorsOf(subject, engine).filter(({ unread }) => unread === null)) {
      for (const [proto, number] of ported) {
        const one = open(subject, engine, door, number, set, goal.link);
        if (one !== null) found.push({ ...one, door, proto, address: goal.address, port: goal.port });
      }
    }
  }
  return found;
}

function open(
  subject: Subject,
  engine: Engine,
  door: Door,
  proto: number,
  set: number,
  link: string | null,
): Pick<Published, 'ports' | 'shown' | 'by' | 'container'> | null {
  const course = { hook: 'input', in: door.link, out: null, near: door.own, far: door.tcp.course.far } as const;
  const sight = createSight(engine, course, proto, set);
  for (const mode of ['certain', 'possible'] as const) {
    const ports = sight.openPorts(mode);
    if (ports.length === 0) continue;
    const seen = witnessed(subject, engine, door, proto, ports, link, mode);
    const by = seen.kind === 'yes' || seen.kind === 'maybe' ? givenBy(seen.witness) : null;
    return { ports, shown: seen, by, container: by !== null && runtimes.test(by.chain) };
  }
  return null;
}

/** One packet that is led on, by the link that routes say, or by the first of those that rules name and let it out. */
function witnessed(
  subject: Subject,
  engine: Engine,
  door: Door,
  proto: number,
  ports: Ranges<number>,
  link: string | null,
  mode: Mode,
): Shown {
  const vocabulary = vocabularyOf(subject.host, engine.firewall.ruleset);
  const known = subject.host.links.known ? subject.host.links.value.map(({ name }) => name) : [];
  const candidates =
    link !== null ? [link] : [...new Set([...namedLinks(vocabulary, 'out'), ...known, unnamedLink(vocabulary, [door.link])])];
  let answer: Shown = { kind: 'no' };
  for (const out of candidates.slice(0, mostLinks)) {
    if (out === door.link && candidates.length > 1) continue;
    const far = door.tcp.course.far;
    const sight = sightOf(engine, { hook: 'forward', in: door.link, out, near: door.own, far, published: true }, proto);
    const seen = shown(subject, sight.packet(mode, ports));
    if ((seen.kind === 'yes' || seen.kind === 'maybe') && givenBy(seen.witness) !== null) return seen;
    if (seen.kind === 'unknown') answer = seen;
  }
  return answer;
}

const mostLinks = 16;

function givenBy({ trace }: Witness): RuleRef | null {
  return trace.path.find(({ table, effect }) => table === 'nat' && effect === 'dnat') ?? null;
}

/** Whether a container runtime keeps the chain. */
export function isRuntime(chain: string): boolean {
  return runtimes.test(chain);
}

/** Whether a container runtime has chains in the ruleset. */
export function hasRuntime(ruleset: Ruleset): boolean {
  return ruleset.tables.some(({ chains }) => [...chains.keys()].some((name) => runtimes.test(name)));
}

/** `8080/tcp → 172.17.0.2:80`. */
export function sayPublished({ proto, ports, address, port }: Published): string {
  const asked = ports.map(([lo, hi]) => (lo === hi ? `${lo}` : `${lo}-${hi}`)).join(', ');
  return `${asked}/${proto} → ${address ?? 'the same address'}${port === null ? '' : `:${port}`}`;
}

/**
 * What INPUT would decide of a packet if it were for the host, with the usual answers of matches: that is what whoever wrote INPUT
 * believes of the port. `null` without such a chain.
 */
export function inputVerdict({ space, firewall }: Engine, packet: Packet): Decision | null {
  const { diagram, layout, endings } = space;
  const stop = firewall.way('input').stops.find(({ station }) => station.table === 'filter' && station.chain === 'INPUT');
  if (stop === undefined) return null;
  const bits = new Uint8Array(layout.firstVariable + layout.variables.length);
  bitsOfPacket({ ...packet, hook: 'input', out: null }, layout, bits);
  let node = stop.through;
  while (node >= 0) {
    const level = diagram.level(node);
    const isOne = level >= layout.firstVariable ? usually(layout.variableAt(level).text) === true : bits[level] === 1;
    node = isOne ? diagram.hi(node) : diagram.lo(node);
  }
  if (node === none) return null;
  const ending = endings.of(~node);
  return ending.kind === 'decided' ? ending.decision : null;
}

/** A port that a runtime publishes on the loopback alone: the rule of nat, and where it leads. */
export interface OwnPort {
  readonly rule: RuleRef & { readonly line: number | null };
  readonly proto: 'tcp' | 'udp';
  readonly asked: number;
  readonly address: bigint;
  readonly port: number;
}

export function loopbackPorts(ruleset: Ruleset): readonly OwnPort[] {
  const nat = ruleset.tables.find(({ name }) => name === 'nat');
  const meanings = meaningsOf(ruleset);
  return (nat?.rules ?? []).flatMap((rule): readonly OwnPort[] => {
    const meaning = meanings.get(rule);
    if (meaning?.effect.kind !== 'translate' || meaning.effect.to.kind !== 'range' || meaning.effect.to.address === null)
      return [];
    if (!runtimes.test(rule.chain)) return [];
    const parts = meaning.constraint.kind === 'all' ? meaning.constraint.of : [meaning.constraint];
    const toLoopback = parts.some(
      (part) => part.kind === 'address' && part.field === 'dst' && part.ranges.every(([lo, hi]) => isOwn(lo) && isOwn(hi)),
    );
    const proto = single(parts, 'proto');
    const asked = single(parts, 'dport');
    if (!toLoopback || asked === null || (proto !== TCP && proto !== UDP)) return [];
    const place = { family: ruleset.family, table: 'nat', chain: rule.chain, rule: rule.number, line: rule.line };
    const { address, port } = meaning.effect.to;
    return [{ rule: place, proto: proto === TCP ? 'tcp' : 'udp', asked, address: address[0], port: port?.[0] ?? asked }];
  });

  function isOwn(value: bigint): boolean {
    return isLoopback({ family: ruleset.family, value });
  }
}

/** The one value that the conditions leave the field. */
function single(parts: readonly Constraint[], field: 'proto' | 'dport'): number | null {
  for (const part of parts) {
    const [only] = part.kind === 'number' && part.field === field && part.ranges.length === 1 ? part.ranges : [];
    if (only !== undefined && only[0] === only[1]) return only[0];
  }
  return null;
}
