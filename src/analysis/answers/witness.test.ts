import { describe, expect, it } from 'vitest';
import { type Family, formatAddress, parseAddress, parsePrefix } from '../../model/net/index.ts';
import { tcpFlags } from '../../model/packet/index.ts';
import { parseRuleset } from '../../model/ruleset/index.ts';
import type { Surroundings } from '../evaluate/surroundings.ts';
import { all, type Node, none } from '../space/index.ts';
import { createSpace, type Firewall, type Space } from '../symbolic/index.ts';
import { bitsOfPacket } from '../symbolic/packet-bits.ts';
import { rulesetText, seeded } from './random-rules.fixture.ts';
import { type Witness, witnessOf } from './witness.ts';

const nothing: Surroundings = { sets: null, links: null, addresses: null, routes: null, listeners: null };

const link = (name: string): NonNullable<Surroundings['links']>[number] => ({
  name,
  loopback: name === 'lo',
  up: true,
  kind: null,
  master: null,
  vrfTable: null,
  xdp: [],
});

/** eth0 leads to the world, eth1 to an office. */
const server: Surroundings = {
  ...nothing,
  links: ['lo', 'eth1', 'eth0'].map(link),
  addresses: [
    { link: 'eth0', prefix: parsePrefix('198.51.100.7/24') as never, broadcast: null, peer: null, scope: 'global' },
    { link: 'eth1', prefix: parsePrefix('192.168.8.1/24') as never, broadcast: null, peer: null, scope: 'global' },
  ],
  routes: [
    {
      family: 4, table: 'main', type: 'unicast', prefix: parsePrefix('0.0.0.0/0') as never, link: 'eth0',
      gateway: parseAddress('198.51.100.1') as never, source: null, metric: 0, tos: null,
    }, // biome-ignore format: one route
  ],
};

function made(text: string, surroundings = nothing, family: Family = 4): { space: Space; firewall: Firewall } {
  const parsed = parseRuleset(text, { file: 'made', family });
  if (!parsed.ok) throw new Error(parsed.problems[0]?.message);
  const space = createSpace(family, [{ ruleset: parsed.value, surroundings }]);
  return { space, firewall: space.firewalls[0] as Firewall };
}

/** Packets that a rule of the filter table decides. */
function decidedBy(space: Space, firewall: Firewall, hook: 'input' | 'forward' | 'output', rule: number | 'policy'): Node {
  return space.diagram.where(firewall.way(hook).verdicts, (value) => {
    const ending = value === 0 ? null : space.endings.of(value);
    return ending?.kind === 'decided' && ending.decision.by.rule === rule;
  });
}

function shown(witness: Witness | null): Record<string, unknown> | null {
  if (witness === null) return null;
  const { packet } = witness;
  return {
    ...packet,
    src: formatAddress({ family: packet.family, value: packet.src }),
    dst: formatAddress({ family: packet.family, value: packet.dst }),
  };
}

const filter = (...rules: string[]): string => `*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n${rules.join('\n')}\nCOMMIT\n`;

describe('a witness', () => {
  it('looks like a packet that a person would send', () => {
    const { space, firewall } = made(filter('-A INPUT -p tcp -m multiport --dports 1:1024 -j ACCEPT'), server);
    const witness = witnessOf(space, firewall, 'input', decidedBy(space, firewall, 'input', 1));
    expect(shown(witness)).toMatchObject({
      hook: 'input', in: 'eth0', out: null, src: '203.0.113.9', dst: '198.51.100.7', proto: 6, sport: 40000, dport: 22,
      flags: tcpFlags.SYN, state: 'NEW', mark: 0, length: 60, ttl: 64, original: null, fragment: false, mac: null, status: 0,
    }); // biome-ignore format: one packet
    expect(witness?.checked).toBe(true);
    expect(witness?.trace.decidedBy).toMatchObject({ chain: 'INPUT', rule: 1 });
  });

  it('takes a first sensible address where the set allows no usual one', () => {
    const { space, firewall } = made(filter('-A INPUT -s 10.9.8.0/24 -j ACCEPT', '-A INPUT -s 0.0.0.0/5 -j ACCEPT'), server);
    expect(shown(witnessOf(space, firewall, 'input', decidedBy(space, firewall, 'input', 1)))).toMatchObject({ src: '10.9.8.1' });
    expect(shown(witnessOf(space, firewall, 'input', decidedBy(space, firewall, 'input', 2)))).toMatchObject({ src: '1.0.0.1' });
  });

  it('takes what there is where the set allows only odd ones', () => {
    const { space, firewall } = made(filter('-A INPUT -s 224.0.0.0/4 -j ACCEPT'), server);
    const witness = witnessOf(space, firewall, 'input', decidedBy(space, firewall, 'input', 1));
    expect(shown(witness)).toMatchObject({ src: '224.0.0.0' });
    expect(witness?.checked).toBe(true);
  });

  it('comes from the network of the link that it arrives on', () => {
    const { space, firewall } = made(filter('-A FORWARD -i eth1 -j ACCEPT'), server);
    const witness = witnessOf(space, firewall, 'forward', decidedBy(space, firewall, 'forward', 1));
    expect(shown(witness)).toMatchObject({ in: 'eth1', out: 'eth0', src: '192.168.8.9', dst: '198.51.100.1', state: 'NEW' });
  });

  it('says what matches that no field tells had to answer', () => {
    const { space, firewall } = made(filter('-A INPUT -m limit --limit 3/min -m string --string x --algo bm -j ACCEPT'));
    const witness = witnessOf(space, firewall, 'input', decidedBy(space, firewall, 'input', 1));
    expect(witness?.assumed.map(({ holds }) => holds)).toEqual([true, true]);
    expect(witness?.trace.verdict).toBe('DEPENDS');
    expect(witness?.checked).toBe(true);
    const refused = witnessOf(space, firewall, 'input', decidedBy(space, firewall, 'input', 'policy'));
    expect(refused?.assumed.some(({ holds }) => holds)).toBe(false);
  });

  it('is not there for an empty set, nor for packets that cannot be', () => {
    const { space, firewall } = made(filter('-A INPUT -j RETURN', '-A INPUT -m mark --mark 3 -j ACCEPT'));
    expect(witnessOf(space, firewall, 'input', none)).toBeNull();
    expect(witnessOf(space, firewall, 'input', decidedBy(space, firewall, 'input', 2))).toBeNull();
    expect(witnessOf(space, firewall, 'input', all)?.checked).toBe(true);
  });

  it('carries the tuple of its connection where that is not its own', () => {
    const { space, firewall } = made(
      filter('-A INPUT -m conntrack --ctstate ESTABLISHED --ctorigdst 203.0.113.80 -d 10.0.0.1 -j ACCEPT'),
    );
    const witness = witnessOf(space, firewall, 'input', decidedBy(space, firewall, 'input', 1));
    expect(witness?.packet.original?.dst).toBe(parseAddress('203.0.113.80')?.value);
    expect(witness?.checked).toBe(true);
  });
});

describe('a witness of random rules', () => {
  it('is always in its set, and the interpreter says so too', () => {
    const wrong: string[] = [];
    let count = 0;
    for (let seed = 1; seed <= 60; seed += 1) {
      const random = seeded(seed);
      const family = seed % 3 === 0 ? 6 : 4;
      const text = rulesetText(random, family);
      const { space, firewall } = made(text, seed % 2 === 0 && family === 4 ? server : nothing, family);
      for (const hook of ['input', 'forward', 'output'] as const) {
        const { verdicts } = firewall.way(hook);
        for (const wanted of space.diagram.leaves(verdicts)) {
          const set = space.diagram.where(verdicts, (value) => value === wanted);
          const witness = witnessOf(space, firewall, hook, set);
          if (witness === null) continue;
          count += 1;
          if (!isWithin(space, set, witness) || !witness.checked) {
            wrong.push(
              `seed ${seed} ${hook} leaf ${wanted}: within ${isWithin(space, set, witness)}, checked ${witness.checked}`,
            );
          }
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(count).toBeGreaterThan(300);
  });
});

function isWithin({ diagram, layout }: Space, set: Node, { packet, assumed }: Witness): boolean {
  const bits = new Uint8Array(layout.firstVariable + layout.variables.length);
  bitsOfPacket(packet, layout, bits);
  const answers = new Map(assumed.map(({ level, holds }) => [level, holds]));
  let node = set;
  while (node >= 0) {
    const level = diagram.level(node);
    const isOne = level >= layout.firstVariable ? answers.get(level) === true : bits[level] === 1;
    node = isOne ? diagram.hi(node) : diagram.lo(node);
  }
  return node === all;
}
