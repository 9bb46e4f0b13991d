import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { type Family, parseAddress, parsePrefix, prefixRange, type Ranges, ranges } from '../model/net/index.ts';
import { packetFromJson } from '../model/packet/index.ts';
import { problemLine } from '../result.ts';
import { compile } from './compile/compile.ts';
import { decide } from './decide.ts';
import { readPolicy } from './load/read.ts';
import type { Policy } from './policy.ts';
import { aloneHost, prove } from './prove.ts';
import { type Left, sparing } from './sparing.ts';
import { runTests } from './tests.ts';

const span = (text: string): readonly [bigint, bigint] => prefixRange(parsePrefix(text) ?? { family: 4, value: 0n, length: 32 });
/** Somebody manages the host from there now, and that network is connected. */
const spared: Readonly<Record<Family, Ranges<bigint>>> = { 4: ranges(span('203.0.113.9'), span('10.0.0.0/8')), 6: [] };
const listed = ['192.0.2.0/24', '203.0.113.0/24', '10.1.0.0/16', '198.51.100.0/24', '2001:db8:7::/48'];

function read(text: string, addresses: readonly string[] = listed): { policy: Policy; left: readonly Left[] } {
  const loaded = readPolicy(`palisade: 1\n${text}`, 'policy.yaml', {
    now: 0,
    file: () => null,
    fetched: () => ({ addresses, lacking: null }),
  });
  if (!loaded.ok) throw new Error(loaded.problems.map(problemLine).join('\n'));
  return sparing(loaded.value, spared);
}

function fate(policy: Policy, src: string, dport = 80): string | null {
  const dst = src.includes(':') ? '2001:db8::1' : '198.18.0.1';
  const packet = packetFromJson({ hook: 'input', in: 'eth0', src, dst, proto: 'tcp', dport }, { link: null });
  if (!packet.ok) throw new Error(problemLine(packet.problems[0] ?? { code: 'usage', message: '', hint: '' }));
  return decide(policy, packet.value, { foreignLinks: [], spared, sendsOn: false });
}

const said = ({ left }: { left: readonly Left[] }): readonly string[] =>
  left.map(
    ({ at, text, family, ranges: out }) => `${at.line} ${text} ${family} ${out.map(([lo, hi]) => `${lo}-${hi}`).join(' ')}`,
  );
const value = (text: string): bigint => parseAddress(text)?.value ?? 0n;

const sets = `sets: { admins: ["192.0.2.7", "2001:db8:7::1"], bad: { feed: "https://example.net/list" }, here: { country: CH } }\n`;

it('a feed shuts out neither whom the policy lets in by name, nor who is here now', () => {
  const made = read(`${sets}incoming:
  - { deny: any, from: bad }
  - { allow: ssh, from: [admins, "198.51.100.3"] }
  - { allow: http }
`);
  for (const src of ['192.0.2.7', '203.0.113.9', '10.1.2.3', '198.51.100.3', '2001:db8:7::1', '8.8.8.8'])
    expect(fate(made.policy, src), src).toBe('accept');
  for (const src of ['192.0.2.8', '203.0.113.8', '198.51.100.4', '2001:db8:7::2'])
    expect(fate(made.policy, src), src).toBe('drop');
  expect(said(made)).toHaveLength(2);
  expect(said(made)[0]).toContain(
    `4 bad 4 ${value('10.1.0.0')}-${value('10.1.255.255')} ${value('192.0.2.7')}-${value('192.0.2.7')} `,
  );
});

it('what the policy denies by itself stays denied', () => {
  const made = read(`${sets}incoming:
  - { deny: any, from: [bad, "203.0.113.9"] }
  - { deny: any, from: ["10.0.0.0/8"] }
  - { allow: http }
`);
  for (const src of ['203.0.113.9', '10.2.3.4', '192.0.2.7']) expect(fate(made.policy, src), src).toBe('drop');
});

it('everybody but a list is let in, or shut out, with the same care', () => {
  const made = read(`${sets}incoming:
  - { allow: http, from: { anyone-except: bad } }
  - { deny: any, from: { anyone-except: here } }
  - { allow: ssh, from: ["192.0.2.7", "8.8.8.8"] }
  - { allow: [http, https] }
`);
  expect(fate(made.policy, '203.0.113.9', 80)).toBe('accept');
  // In the list of the first, and of the second.
  expect(fate(made.policy, '203.0.113.8', 443)).toBe('accept');
  // Not in the list of the second: those alone whom the policy names come in.
  expect(fate(made.policy, '8.8.4.4', 443)).toBe('drop');
  expect(fate(made.policy, '8.8.8.8', 22)).toBe('accept');
});

it('tests that say cannot speak of what is left of a list, and rules mean what the policy does', () => {
  const { policy } = read(`${sets}incoming:
  - { deny: any, from: bad }
  - { allow: http }
  - { allow: ssh, from: admins }
protect: { bogons: true }
tests:
  - cannot: { from: bad, reach: http }
  - can: { from: admins, reach: ssh }
`);
  const digest = (one: string): string => createHash('sha256').update(one).digest('hex');
  const situation = { foreignLinks: [], spared, sendsOn: false };
  const compiled = compile(policy, { ...situation, digest });
  expect(prove(policy, compiled, situation).ways.filter(({ kind }) => kind !== 'equal')).toEqual([]);
  const results = runTests(policy, aloneHost(compiled));
  expect(results.known && results.value.map(({ holds }) => holds)).toEqual([true, true]);
});

it('a list that is denied makes nobody an honest sender where bogons are dropped', () => {
  const { policy } = read(
    `${sets}incoming:
  - { deny: ssh, from: bad }
  - { allow: http }
protect: { bogons: true }
`,
    ['172.16.0.0/12'],
  );
  expect(fate(policy, '172.16.1.1')).toBe('drop');
});
