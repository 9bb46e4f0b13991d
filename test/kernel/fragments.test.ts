import { describe, expect, it } from 'vitest';
import { livenessOf } from '../../src/analysis/answers/index.ts';
import { surroundingsOf } from '../../src/analysis/evaluate/surroundings.ts';
import { createSpace } from '../../src/analysis/symbolic/index.ts';
import type { Backend } from '../../src/model/host/index.ts';
import type { Family } from '../../src/model/net/index.ts';
import { type Packet, packetFromJson } from '../../src/model/packet/index.ts';
import { parseRuleset } from '../../src/model/ruleset/index.ts';
import { isPossible } from '../space/comparison.ts';
import { GROUP, type Lab, must, openLab } from './lab.ts';
import { doneRule } from './rulesets.ts';
import { met } from './staged.ts';

/** A rule that no packet comes to, and whether fragments are put together as long as it is there. */
interface Presence {
  /** `table CHAIN rule`; the chain of filter is one that nothing leads to. */
  readonly rule: string;
  readonly six?: string;
  readonly assembles: boolean;
}

const presences: readonly Presence[] = [
  ...[
    '-m conntrack --ctstate NEW',
    '-m state --state NEW',
    '-m connmark --mark 1',
    '-m connbytes --connbytes 10 --connbytes-dir both --connbytes-mode packets',
    '-m connlimit --connlimit-above 3',
    '-m connlabel --label 1',
    '-m helper --helper ftp',
    '-m cluster --cluster-total-nodes 2 --cluster-local-node 1 --cluster-hash-seed 1',
    '-m socket',
  ].map((match): Presence => ({ rule: `filter unused ${match}`, assembles: true })),
  { rule: 'nat PREROUTING -p 253 -j DNAT --to-destination 10.50.0.9', six: 'fd50::9', assembles: true },
  { rule: 'nat POSTROUTING -p 253 -j SNAT --to-source 10.50.0.9', six: 'fd50::9', assembles: true },
  { rule: 'nat POSTROUTING -p 253 -j MASQUERADE', assembles: true },
  { rule: 'nat PREROUTING -p tcp -m tcp --dport 1 -j REDIRECT --to-ports 9', assembles: true },
  { rule: 'nat PREROUTING -p 253 -j NETMAP --to 10.50.0.9', six: 'fd50::9', assembles: true },
  { rule: 'mangle PREROUTING -p 253 -j CONNMARK --set-mark 1', assembles: true },
  { rule: 'mangle PREROUTING -p 253 -j CONNSECMARK --save', assembles: true },
  { rule: 'mangle PREROUTING -p tcp -j TPROXY --on-port 9', assembles: true },
  { rule: 'raw PREROUTING -p 253 -j CT --zone 1', assembles: true },
  { rule: 'filter unused -p tcp -j SYNPROXY', assembles: true },
  { rule: 'raw PREROUTING -p 253 -j CT --notrack', assembles: false },
  { rule: 'raw PREROUTING -p 253 -j NOTRACK', assembles: false },
  { rule: 'nat PREROUTING -p 253 -j ACCEPT', assembles: false },
  { rule: 'filter unused -p 253 -j MARK --set-mark 1', assembles: false },
  { rule: 'filter unused -p 253 -j REJECT', assembles: false },
];

function textOf(family: Family, rule: string): string {
  const [table, chain, words] = [rule.split(' ')[0], rule.split(' ')[1], rule.split(' ').slice(2).join(' ')];
  const report = (name: string): string => `-A ${name} -j NFLOG --nflog-group ${GROUP} --nflog-prefix ${name}`;
  const extra = (of: string): string[] => (table === of && chain !== undefined ? [`-A ${chain} ${words}`] : []);
  return [
    ...['*raw', ':PREROUTING ACCEPT [0:0]', doneRule(family), report('PREROUTING'), ...extra('raw'), 'COMMIT'],
    ...['*mangle', ':PREROUTING ACCEPT [0:0]', ...extra('mangle'), 'COMMIT'],
    ...['*nat', ':PREROUTING ACCEPT [0:0]', ':POSTROUTING ACCEPT [0:0]', ...extra('nat'), 'COMMIT'],
    ...['*filter', ':INPUT ACCEPT [0:0]', ':FORWARD ACCEPT [0:0]', ':OUTPUT ACCEPT [0:0]', ':unused - [0:0]'],
    ...[report('INPUT'), report('FORWARD'), ...extra('filter'), 'COMMIT', ''],
  ].join('\n');
}

function laterFragment(family: Family, hook: 'input' | 'forward'): Packet {
  const four = { src: '192.0.2.7', dst: hook === 'input' ? '10.50.0.5' : '203.0.113.5' };
  const six = { src: '2001:db8:a::7', dst: hook === 'input' ? 'fd50::5' : '2001:db8:f::5' };
  const out = hook === 'forward' ? 'lan0' : null;
  const json = { hook, in: 'eth0', out, proto: 'udp', fragment: true, length: 100, ...(family === 4 ? four : six) };
  return must(packetFromJson(json, { link: null }));
}

function engineOf({ host }: Lab, family: Family, text: string) {
  const ruleset = must(parseRuleset(text, { file: 'made', family }));
  const space = createSpace(family, [{ ruleset, surroundings: surroundingsOf(host) }]);
  const [firewall] = space.firewalls;
  if (firewall === undefined) throw new Error('a space of one firewall has none');
  return { space, firewall };
}

describe.each<Backend>(['nft', 'legacy'])('later fragments with iptables-%s', (backend) => {
  it.each<Family>([4, 6])('come to rules of IPv%s where the engine says that they can', { timeout: 240_000 }, async (family) => {
    await using lab = await openLab(backend);
    let id = 0x1000;
    for (const { rule, six, assembles } of presences) {
      const text = textOf(family, family === 6 && six !== undefined ? rule.replace('10.50.0.9', six) : rule);
      await lab.load(family, text);
      const { space, firewall } = engineOf(lab, family, text);
      for (const hook of ['input', 'forward'] as const) {
        const packet = laterFragment(family, hook);
        id += 1;
        const behind = hook === 'forward' ? ['FORWARD'] : family === 6 ? ['INPUT'] : [];
        expect({ rule, hook, met: await met(lab, packet, id) }).toEqual({
          ...{ rule, hook },
          met: assembles ? [] : ['PREROUTING', ...behind],
        });
        expect({ rule, hook, possible: isPossible(space, firewall, packet) }).toEqual({ rule, hook, possible: !assembles });
      }
    }
  });
});

/** Rules of a table that no packet meets, as `CHAIN rule`. */
function dead(rules: readonly string[], links: readonly string[] = []): readonly string[] {
  const text = [
    ...['*raw', ':PREROUTING ACCEPT [0:0]', ':OUTPUT ACCEPT [0:0]', ...rules.filter((rule) => rule.startsWith('raw '))],
    ...['COMMIT', '*filter', ':INPUT ACCEPT [0:0]', ':FORWARD ACCEPT [0:0]', ':OUTPUT ACCEPT [0:0]'],
    ...[...rules.filter((rule) => !rule.startsWith('raw ')), 'COMMIT', ''],
  ].map((line) => line.replace(/^raw /, ''));
  const ruleset = must(parseRuleset(text.join('\n'), { file: 'made', family: 4 }));
  const known = links.map((name) => ({ name, kind: 'vrf', loopback: false, up: true, master: null, vrfTable: null, xdp: [] }));
  const surroundings = { sets: null, links: links.length === 0 ? null : known, addresses: null, routes: null, listeners: null };
  const space = createSpace(4, [{ ruleset, surroundings }]);
  const [firewall] = space.firewalls;
  if (firewall === undefined) throw new Error('a space of one firewall has none');
  return livenessOf(space, firewall).dead.map(({ table, chain, rule }) => `${table.name} ${chain.name} ${rule.rule.number}`);
}

describe('a rule for later fragments is dead', () => {
  it('in INPUT, where IPv4 has put them together, whatever stands before it', () => {
    expect(dead(['-A INPUT -f -j DROP'])).toEqual(['filter INPUT 1']);
    expect(dead(['raw -A PREROUTING -p 17 -j ACCEPT', 'raw -A PREROUTING -f -j DROP', '-A INPUT -f -j DROP'])).toEqual([
      'filter INPUT 1',
    ]);
    expect(dead(['-A INPUT ! -f -j ACCEPT', '-A INPUT -s 10.0.0.0/8 -j DROP'])).toEqual(['filter INPUT 2']);
  });

  it('wherever connections are tracked, but over loopback, and from sockets that say so', () => {
    const tracking = '-A INPUT -m conntrack --ctstate NEW -j DROP';
    expect(dead(['-A FORWARD -f -j DROP', '-A OUTPUT -f -j DROP'])).toEqual([]);
    expect(dead([tracking, '-A FORWARD -i eth0 -f -j DROP', '-A OUTPUT -f -j DROP'])).toEqual(['filter FORWARD 1']);
    expect(dead([tracking, 'raw -A PREROUTING -i eth0 -f -j DROP', 'raw -A PREROUTING -i lo -f -j DROP'])).toEqual([
      'raw PREROUTING 1',
    ]);
    expect(dead([tracking, 'raw -A PREROUTING -i red -f -j DROP'])).toEqual(['raw PREROUTING 1']);
    expect(dead([tracking, 'raw -A PREROUTING -i red -f -j DROP'], ['red'])).toEqual([]);
  });
});
