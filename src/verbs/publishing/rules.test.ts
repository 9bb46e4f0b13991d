import { expect, test } from 'vitest';
import { exampleHost } from '../../audit/example-host.ts';
import { hardened6 } from '../../audit/examples.ts';
import { createKernel } from '../../kernel/index.ts';
import type { Host } from '../../model/host/index.ts';
import { createCounters } from '../../watch/counters/index.ts';
import { countedOf } from '../counted.ts';
import { chainsOf, createRuleTeller } from './rules.ts';
import { setSizes, sizesIn } from './set-sizes.ts';

const save = (...lines: readonly string[]): string =>
  `*filter\n:INPUT DROP [7:420]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [9:900]\n:own - [0:0]\n${lines.join('\n')}\nCOMMIT\n`;
const host = (...lines: readonly string[]): Host =>
  exampleHost({ v4: save(...lines), v6: hardened6.replace(/^-A/gm, '[0:0] -A') });

function teller() {
  const counters = createCounters([]);
  const { rules } = createRuleTeller();
  return (read: Host, at = 0) => {
    counters.take(at, countedOf(read));
    const told = rules(read, counters);
    return told.known ? told.value.filter(({ family }) => family === 4) : told.why;
  };
}

test('a rule keeps its name wherever it stands and whatever it has met; equal ones are numbered', () => {
  const tell = teller();
  const [ssh, log] = [
    '-A INPUT -p tcp -m tcp --dport 22 -m comment --comment "who \\"else\\" -j x" -j ACCEPT',
    '-A INPUT -j LOG --log-prefix "FW: "',
  ];
  const first = tell(host(`[5:300] ${ssh}`, `[1:60] ${log}`, `[0:0] ${log}`, '[0:0] -A INPUT -g own', '[3:180] -A own'), 1000);
  const second = tell(host(`[2:120] ${log}`, `[0:0] ${log}`, `[9:540] ${ssh}`), 61_000);
  if (typeof first === 'string' || typeof second === 'string') throw new Error(`${first} ${second}`);
  expect(first.map(({ target, comment, packets }) => [target, comment, packets])).toEqual([
    ['ACCEPT', 'who "else" -j x', 5],
    ['LOG', null, 1],
    ['LOG', null, 0],
    ['own', null, 0],
    ['', null, 3],
  ]);
  const ids = first.map(({ id }) => id);
  expect(new Set(ids).size).toBe(5);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{12}(-2)?$/);
  expect(ids[2]).toBe(`${ids[1]}-2`);
  expect(second.map(({ id }) => id)).toEqual([ids[1], ids[2], ids[0]]);
  expect(second[2]).toMatchObject({ packets: 9, lastHit: 61, since: 1 });
  // Other words make another rule.
  expect(
    new Set([...ids, ...(tell(host(`[0:0] ${ssh.replace('22', '23')}`)) as { id: string }[]).map(({ id }) => id)]).size,
  ).toBe(6);
});

test('of chains, policies have counters and others have none', () => {
  const told = chainsOf(host('[1:60] -A own -j RETURN'));
  expect(told.known && told.value.slice(0, 4)).toMatchObject([
    { chain: 'INPUT', policy: 'DROP', rules: 0, packets: 7, bytes: 420 },
    { chain: 'FORWARD', packets: 0 },
    { chain: 'OUTPUT', policy: 'ACCEPT', packets: 9 },
    { chain: 'own', policy: null, rules: 1, packets: null, bytes: null },
  ]);
});

test('where the rules of a family are not known, none are', () => {
  const half = exampleHost({ v4: save(), v6: null });
  expect(chainsOf(half)).toMatchObject({ known: false, why: expect.stringContaining('IPv6') });
  expect(createRuleTeller().rules(half, createCounters([]))).toMatchObject({ known: false });
});

test('rules without counters are unknown, not unused', () => {
  expect(teller()(host('-A INPUT -j ACCEPT'))).toMatch(/without their counters/);
});

test('sets are as full as the kernel says, each in its way', async () => {
  const kernel = createKernel();
  await using namespace = await kernel.namespace();
  const lines = [
    'create admins hash:ip maxelem 100',
    'add admins 192.0.2.1',
    'add admins 192.0.2.2',
    'create "two words" hash:net family inet6',
    'create ports bitmap:port range 0-1023',
    'add ports 22',
    'create all list:set size 5',
    'add all admins',
  ].join('\n');
  expect(await namespace.run({ argv: ['ipset', 'restore'], input: `${lines}\n` })).toMatchObject({ kind: 'exited', status: 0 });
  const known = { known: true, value: new Map([['admins', {}]]) } as unknown as Host['sets'];
  const told = await setSizes(namespace.run, { sets: known });
  expect(told.known && told.value.map(({ name, type, entries, most }) => [name, type, entries, most])).toEqual([
    ['admins', 'hash:ip', 2, 100],
    ['two words', 'hash:net', 0, 65_536],
    ['ports', 'bitmap:port', 1, null],
    ['all', 'list:set', 1, 5],
  ]);
  expect(told.known && told.value.every(({ bytes }) => bytes !== null && bytes > 0)).toBe(true);
});

test('what is none of ipset’s is unknown', async () => {
  expect(sizesIn('Name: x\nType: hash:ip\n')).toBeNull();
  const known = { known: true, value: new Map([['x', {}]]) } as unknown as Host['sets'];
  const failing = async () =>
    ({ kind: 'exited', status: 1, stdout: '', stderr: 'ipset: Operation not permitted\n', durationMs: 1 }) as const;
  expect(await setSizes(failing, { sets: known })).toMatchObject({ known: false, why: expect.stringContaining('not permitted') });
});
