import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { livenessOf, witnessOf } from '../../src/analysis/answers/index.ts';
import { answersOf } from '../../src/analysis/answers/usual-packet.ts';
import { surroundingsOf } from '../../src/analysis/evaluate/surroundings.ts';
import { none } from '../../src/analysis/space/index.ts';
import { createSpace, type Firewall } from '../../src/analysis/symbolic/index.ts';
import { createKernel, type Observed, type Rehearsal, type RehearsalInput, rehearse } from '../../src/kernel/index.ts';
import { type Host, hostFromTexts } from '../../src/model/host/index.ts';
import type { Family } from '../../src/model/net/index.ts';
import {
  allOf,
  anyOf,
  type Constraint,
  type Hook,
  not,
  type Packet,
  packetToJson,
  states,
} from '../../src/model/packet/index.ts';
import { parseRuleset, type Ruleset } from '../../src/model/ruleset/index.ts';
import { must } from '../kernel/lab.ts';
import { seeded } from '../kernel/random.ts';
import { ruleName } from '../kernel/rulesets.ts';
import { stateOfFirst, unknownConnection } from '../kernel/sendable.ts';
import { freshness } from '../kernel/traffic.ts';
import { twin } from '../kernel/witness.ts';
import { contains, setOf } from '../space/constraint-set.ts';

/** What became of the live rules of one ruleset that another program wrote. */
export interface WitnessedReal {
  readonly rules: number;
  /** Rules that are live on one of the stages. */
  readonly live: number;
  /** Live rules that the kernel says their witness met. */
  readonly met: number;
  /** Live rules that no witness met, by why. */
  readonly unmet: ReadonlyMap<string, number>;
  /** What the kernel does not load here, or one report for each disagreement. */
  readonly refused: string | null;
  readonly wrong: readonly string[];
}

const root = join(import.meta.dirname, '../..');
const kernel = createKernel();
const tracked = `table inet tracked { ${['prerouting', 'output']
  .map((hook) => `chain ${hook} { type filter hook ${hook} priority -150; ct state new; };`)
  .join(' ')} }`;

/** Everything is this host's own, or everything is led on over one link. */
type Place = 'here' | { readonly over: string };

/**
 * Each live rule of a real ruleset is met by its own witness in a rehearsal: on a stage that has the links which the rules
 * name, where all addresses are local, and for each link once more where all packets leave by it.
 */
export async function playReal(path: string, mostLinks = 12): Promise<WitnessedReal> {
  const text = readFileSync(join(root, path), 'latin1');
  const family: Family = path.includes('v6') ? 6 : 4;
  const backend = path.includes('legacy') ? 'legacy' : 'nft';
  const ruleset = must(parseRuleset(text, { file: path, family }));
  const links = linksOf(text).slice(0, mostLinks);
  const met = new Set<string>();
  const live = new Set<string>();
  const why = new Map<string, string>();
  const wrong: string[] = [];
  const rules = ruleset.tables.reduce(
    (sum, table) => sum + [...table.chains.values()].reduce((count, chain) => count + chain.rules.length, 0),
    0,
  );
  const places: readonly Place[] = ['here', ...links.map((over) => ({ over }))];
  for (const place of places) {
    const input: RehearsalInput = {
      ...stageOf(links, place, family),
      backend,
      packets: true,
      rulesets: { [family]: text },
      ...setsBeside(path),
    };
    const rehearsed = await rehearse(kernel, input);
    if (!rehearsed.ok) {
      const refused = rehearsed.problems.map(({ message }) => message).join('; ');
      return { rules, live: 0, met: 0, unmet: new Map(), refused, wrong };
    }
    await using rehearsal = rehearsed.value;
    // Without any rule that asks for it nothing is tracked, and nat sees nothing.
    await rehearsal.namespace.run({ argv: ['nft', tracked] });
    const host = hostFromTexts(await kernel.read({ namespace: rehearsal.namespace }));
    wrong.push(...(await onStage(path, rehearsal, host, ruleset, links, place, { live, met, why })));
  }
  const unmet = new Map<string, number>();
  for (const label of live)
    if (!met.has(label)) {
      const reason = why.get(label) ?? 'nothing was sent';
      unmet.set(reason, (unmet.get(reason) ?? 0) + 1);
    }
  return { rules, live: live.size, met: met.size, unmet, refused: null, wrong };
}

interface Tally {
  readonly live: Set<string>;
  readonly met: Set<string>;
  readonly why: Map<string, string>;
}

async function onStage(
  path: string,
  rehearsal: Rehearsal,
  host: Host,
  ruleset: Ruleset,
  links: readonly string[],
  place: Place,
  { live, met, why }: Tally,
): Promise<readonly string[]> {
  const { family } = ruleset;
  const ways = new Map(
    (['input', 'forward', 'output'] as const).map((hook) => [
      hook,
      [firstPackets(family, hook, links, place), establishedPackets(family, hook, links, place)],
    ]),
  );
  const apart = [...ways.values()].flat();
  const space = createSpace(family, [{ ruleset, surroundings: surroundingsOf(host), apart }]);
  const firewall = space.firewalls[0] as Firewall;
  const liveness = livenessOf(space, firewall);
  const random = seeded(1);
  const fresh = freshness();
  const shots: { readonly label: string; readonly packet: Packet; readonly hangs: boolean }[] = [];
  for (const table of ruleset.tables) {
    for (const chain of table.chains.values()) {
      for (const { number } of chain.rules) {
        const label = ruleName({ table: table.name, chain: chain.name, rule: number });
        if (met.has(label) || !liveness.isLive(table.name, chain.name, number)) continue;
        live.add(label);
        const shot = aim(label, liveness.hits(table.name, chain.name, number));
        if (shot !== null) shots.push(shot);
      }
    }
  }
  const dead = new Set(
    liveness.dead.map(({ table, chain, rule }) => ruleName({ table: table.name, chain: chain.name, rule: rule.rule.number })),
  );
  const wrong: string[] = [];
  // Opening connections loads the rules anew: what must be new goes first.
  for (const state of ['first', 'later'] as const) {
    const own = shots.filter(({ packet }) => (packet.state === 'ESTABLISHED') === (state === 'later'));
    if (own.length === 0) continue;
    const packets = own.map(({ packet }) => packet);
    const seen: readonly Observed[] = must(await rehearsal.send(packets, { rules: true }));
    for (const [index, { label, packet, hangs }] of own.entries()) {
      const one = seen[index];
      if (one?.kind !== 'seen') {
        why.set(label, `the packet goes astray: ${one?.why}`);
        continue;
      }
      const rules = one.rules.map(ruleName);
      for (const name of rules) if (dead.has(name)) wrong.push(`${path}: ${name} is met, and said to be dead: ${shown(packet)}`);
      if (rules.includes(label)) met.add(label);
      else if (hangs) why.set(label, 'hangs on what no packet says');
      else wrong.push(`${path}: ${label} is live, and its witness meets ${rules.join(' ')}: ${shown(packet)}`);
    }
  }
  return wrong;

  function aim(label: string, hits: readonly { readonly hook: Hook; readonly packets: number }[]) {
    for (const { hook, packets } of hits) {
      for (const sendable of ways.get(hook) ?? []) {
        const set = space.diagram.mask(packets, setOf(space, firewall, sendable));
        const witness = set === none ? null : witnessOf(space, firewall, hook, set);
        if (witness === null) continue;
        const answers = answersOf(witness.assumed);
        for (let turn = 0; turn < 60; turn += 1) {
          const packet = turn === 0 ? witness.packet : twin(space, witness.packet, random);
          if (contains(space, set, packet, answers) && fresh(packet, turn << 16))
            return { label, packet, hangs: witness.assumed.length > 0 };
        }
        why.set(label, 'needs what was sent before');
        return null;
      }
    }
    if (!why.has(label)) why.set(label, 'needs a packet that is not sent here');
    return null;
  }
}

function linksOf(text: string): readonly string[] {
  const named = [...text.matchAll(/ (?:-i|-o) ([^\s"]+)/g)].map(([, name = '']) =>
    name.endsWith('+') ? `${name.slice(0, -1)}0` : name,
  );
  const usable = named.filter((name) => name !== 'lo' && /^[\w.-]{1,15}$/.test(name));
  return [...new Set(['eth0', ...usable])];
}

function stageOf(links: readonly string[], place: Place, family: Family): Pick<RehearsalInput, 'links' | 'addresses' | 'routes'> {
  const addresses = links.flatMap((link, index) => [
    { link, address: `198.18.${index}.1/24` },
    { link, address: `fd77:${index + 1}::1/64` },
  ]);
  const route =
    place === 'here'
      ? { to: 'default', type: 'local', link: 'lo', table: 'local', family }
      : { to: 'default', link: place.over, family };
  return { links: links.map((name) => ({ name })), addresses, routes: [route] };
}

function setsBeside(path: string): { readonly sets?: string } {
  try {
    return { sets: readFileSync(join(root, path, '../sets.save'), 'latin1') };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

/** Plain addresses, of no network that the stage is on. */
function plain(field: 'src' | 'dst', family: Family): Constraint {
  const ranges: readonly (readonly [bigint, bigint])[] =
    family === 4
      ? [[0x01000000n, 0x7effffffn], [0x80000000n, 0xc611ffffn], [0xc6140000n, 0xdfffffffn]] // biome-ignore format: ranges
      : [[0x2n << 124n, (0x4n << 124n) - 1n], [0xfd00n << 112n, (0xfd77n << 112n) - 1n]]; // biome-ignore format: ranges
  return { kind: 'address', field, ranges };
}

function number(field: Extract<Constraint, { kind: 'number' }>['field'], ...range: readonly [number, number]): Constraint {
  return { kind: 'number', field, ranges: [range] };
}

function link(field: 'in' | 'out', name: string): Constraint {
  return { kind: 'interface', field, name, prefix: false };
}

function anyPackets(family: Family, hook: Hook, links: readonly string[], place: Place): Constraint {
  const here = place === 'here';
  if ((hook === 'input') !== here && hook !== 'output') return { kind: 'never' };
  const out = hook === 'input' ? '' : here ? 'lo' : place.over;
  const ported = anyOf(...[6, 17].map((proto) => number('proto', proto, proto)));
  return allOf(
    hook === 'output' ? link('in', '') : anyOf(...links.map((name) => link('in', name))),
    link('out', out),
    plain('src', family),
    plain('dst', family),
    anyOf(ported, ...[family === 4 ? 1 : 58, 47].map((proto) => number('proto', proto, proto))),
    anyOf(not(ported), allOf(number('sport', 1, 65_535), number('dport', 1, 65_535))),
    number('fragment', 0, 0),
    number('length', 64, 1500),
    number('ttl', 2, 254),
    { kind: 'bits', field: 'mark', mask: 0xffffffff, value: 0 },
    unknownConnection,
  );
}

function firstPackets(family: Family, hook: Hook, links: readonly string[], place: Place): Constraint {
  return allOf(anyPackets(family, hook, links, place), stateOfFirst(family, hook));
}

function establishedPackets(family: Family, hook: Hook, links: readonly string[], place: Place): Constraint {
  return allOf(
    anyPackets(family, hook, links, place),
    number('state', states.indexOf('ESTABLISHED'), states.indexOf('ESTABLISHED')),
    anyOf(number('proto', 17, 17), allOf(number('proto', 6, 6), { kind: 'bits', field: 'flags', mask: 63, value: 16 })),
  );
}

function shown(packet: Packet): string {
  return JSON.stringify(packetToJson(packet));
}
