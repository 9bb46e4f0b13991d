import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createKernel, rehearse } from '../../src/kernel/index.ts';
import { canonicalText, parseRuleset, type Ruleset } from '../../src/model/ruleset/index.ts';
import { aloneText, compile, readPolicy, setsText } from '../../src/policy/index.ts';
import { policyText } from '../../src/policy/random-policies.fixture.ts';
import { problemLine } from '../../src/result.ts';

/** What policies become is taken by the kernel, and printed back as it was written. */
const kernel = createKernel();
const policies = [
  ...fc.sample(policyText(true), { numRuns: 6, seed: 6 }),
  JSON.stringify({ palisade: 1, protect: { 'early-drop': true } }),
  JSON.stringify({
    palisade: 1,
    basics: { established: false },
    incoming: [
      { log: 'tcp', prefix: 'in: ', 'up-to': '3/minute', burst: 10, level: 6, details: ['ip-options', 'uid'] },
      {
        group: ['tcp', 'udp'],
        via: { 'any-except': 'lo' },
        note: 'outside',
        rest: 'leave',
        rules: [
          { leave: 'any', from: '192.0.2.0/24', state: ['new', 'invalid'] },
          { allow: 'tcp', flags: 'not SYN of FIN,SYN,RST,ACK', 'from-port': ['1024-65535', '123'] },
          { group: 'any', matches: '-m limit --limit 3/min', rules: [{ deny: 'any', 'to-kind': 'multicast', family: 'ipv4' }] },
          { allow: ['http', 'https'], 'up-to': '10/second', log: true },
        ],
      },
      { allow: ['icmp:3/4', 'icmpv6:1/4'], hops: 255 },
      { allow: 'any', state: 'related', helper: 'ftp' },
      { reject: 'any', answer: 'admin-prohibited' },
    ],
    iptables: [
      {
        table: 'mangle',
        chain: 'FORWARD',
        rule: '-i eth0',
        rules: ['-s 192.0.2.1/32 -j RETURN', '-j MARK --set-xmark 0x1/0x1'],
        family: 'ipv4',
      },
    ],
  }),
];

function linesOf(text: string, family: 4 | 6, backend: 'nft' | 'legacy'): readonly string[] {
  const read = parseRuleset(text, { family, file: 'rules' });
  if (!read.ok) throw new Error(read.problems.map(problemLine).join('\n'));
  const ruleset: Ruleset = read.value;
  return ruleset.tables
    .flatMap(({ name, chains }) =>
      [...chains.values()].flatMap((chain) => [
        `${name} :${chain.name} ${chain.policy ?? '-'}`,
        ...chain.rules.map((rule) => `${name} ${canonicalText(ruleset, rule, backend)}`),
      ]),
    )
    .toSorted();
}

describe.each(['nft', 'legacy'] as const)('iptables-%s', (backend) => {
  it.each(policies)('takes %s', async (text) => {
    const policy = readPolicy(text, 'policy.yaml', {
      now: 0,
      file: () => null,
      fetched: () => ({ addresses: [], lacking: 'nobody asked' }),
    });
    if (!policy.ok) throw new Error(policy.problems.map(problemLine).join('\n'));
    const digest = (one: string): string => createHash('sha256').update(one).digest('hex');
    const compiled = compile(policy.value, { digest, foreignLinks: [], spared: { 4: [], 6: [] }, sendsOn: false });
    const rulesets = { 4: aloneText(compiled, 4), 6: aloneText(compiled, 6) };
    const rehearsed = await rehearse(kernel, { backend, rulesets, sets: setsText(compiled.sets), policiesLeftOut: true });
    if (!rehearsed.ok) throw new Error(rehearsed.problems.map(problemLine).join('\n'));
    await using rehearsal = rehearsed.value;
    const back = await rehearsal.readBack();
    if (!back.ok) throw new Error(back.problems.map(problemLine).join('\n'));
    for (const family of [4, 6] as const)
      expect(linesOf(back.value[family] ?? '', family, backend)).toEqual(linesOf(rulesets[family], family, backend));
  });
});
