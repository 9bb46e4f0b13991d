import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Family } from '../../model/net/index.ts';
import { type Packet, packetFromJson } from '../../model/packet/index.ts';
import { parseRuleset } from '../../model/ruleset/index.ts';
import { createAnswering, createSpace } from './index.ts';

const root = join(import.meta.dirname, '../../..');
const nothing = { sets: null, links: null, addresses: null, routes: null, listeners: null };

function spaceOf(family: Family, text: string): ReturnType<typeof createSpace> {
  const parsed = parseRuleset(text, { file: 'made', family });
  if (!parsed.ok) throw new Error(parsed.problems[0]?.message);
  return createSpace(family, [{ ruleset: parsed.value, surroundings: nothing }]);
}

function packet(over: object): Packet {
  const read = packetFromJson(
    { hook: 'input', in: 'eth0', src: '203.0.113.9', dst: '198.51.100.1', proto: 'tcp', dport: 22, ...over },
    { link: null },
  );
  if (!read.ok) throw new Error(read.problems[0]?.message);
  return { ...read.value, mac: 0x020000000001 };
}

describe('rules as functions', () => {
  it('say the verdict and the rule that gives it', () => {
    const space = spaceOf(4, '*filter\n:INPUT DROP [0:0]\n-A INPUT -s 203.0.113.0/24 -p tcp --dport 22 -j ACCEPT\nCOMMIT\n');
    const answer = createAnswering(space, (space.firewalls[0] as (typeof space.firewalls)[0]).way('input'));
    expect(answer(packet({}))).toMatchObject({ verdict: 'ACCEPT', decision: { by: { rule: 1 } } });
    expect(answer(packet({ dport: 23 }))).toMatchObject({ verdict: 'DROP', decision: { by: { rule: 'policy' } } });
  });

  it('carry what earlier tables did to the packet', () => {
    const space = spaceOf(
      4,
      '*mangle\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -s 203.0.113.9 -j MARK --set-mark 5\nCOMMIT\n' +
        '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m mark --mark 5 -j DROP\nCOMMIT\n',
    );
    const answer = createAnswering(space, (space.firewalls[0] as (typeof space.firewalls)[0]).way('input'));
    expect(answer(packet({})).verdict).toBe('DROP');
    expect(answer(packet({ src: '203.0.113.8' })).verdict).toBe('ACCEPT');
  });

  it('depend on matches that no field tells', () => {
    const space = spaceOf(4, '*filter\n:INPUT DROP [0:0]\n-A INPUT -m limit --limit 1/sec -j ACCEPT\nCOMMIT\n');
    const answer = createAnswering(space, (space.firewalls[0] as (typeof space.firewalls)[0]).way('input'));
    const { verdict, verdicts } = answer(packet({}));
    expect(verdict).toBe('DEPENDS');
    expect([...verdicts].sort()).toEqual(['ACCEPT', 'DROP']);
  });

  it('read what orchestrators write', () => {
    const text = readFileSync(join(root, 'testdata/rulesets/kubernetes/nft-v4.save'), 'latin1');
    const space = spaceOf(4, text);
    expect((space.firewalls[0] as (typeof space.firewalls)[0]).way('forward').stops.length).toBeGreaterThan(2);
  });
});
