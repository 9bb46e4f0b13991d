import fc from 'fast-check';
import { expect, it } from 'vitest';
import { backends, certainMeaning, inNamespace, loaded, parsed, tool } from '../../../test/ruleset/real-tools.ts';
import { canonicalText, parseRuleset, printRuleset, type Rule, type Ruleset, ruleMeaning, unreadTables } from './index.ts';

it('has the real tools', () => {
  expect(backends.length).toBeGreaterThan(0);
  expect(inNamespace('iptables-nft-save --version', '').status).toBe(0);
});

it.each(backends)('iptables-%s-save prints what palisade prints, whatever bytes a comment or prefix holds', (backend) => {
  // Any byte but NUL; newlines have a test of their own.
  const bytes = fc.string({
    unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)),
    minLength: 1,
    maxLength: 28,
  });
  const texts = fc.sample(bytes, { numRuns: 150, seed: 7 }).map((text) => text.replace(/[\n\r]/g, '-'));
  const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;
  const rules = texts.map(
    (text, index) => `-A X -m mark --mark ${index} -m comment --comment ${quoted(text)} -j LOG --log-prefix ${quoted(text)}\n`,
  );
  const saved = loaded(4, backend, `*filter\n:X - [0:0]\n${rules.join('')}COMMIT\n`);
  expect(saved).toBeDefined();
  const ruleset = parsed(saved ?? '');
  expect(printRuleset(ruleset)).toBe(saved);
  const comments = ruleset.tables[0]?.rules.map((rule) => ruleMeaning(ruleset, rule).comment);
  expect(comments).toEqual(texts.map((text) => Buffer.from(text, 'latin1').toString('utf8')));
});

it.each(backends)('iptables-%s: a comment with a line end is one rule, as in the kernel', (backend) => {
  const name = tool(4, backend);
  const comment = 'x\n-A INPUT -s 6.6.6.6 -j ACCEPT\n-A INPUT -m comment --comment "y';
  const run = inNamespace(
    `${name} -A INPUT -m comment --comment '${comment}' -j DROP && ${name} -A INPUT -j ACCEPT && ${name}-save -c`,
    '',
  );
  expect(run.status).toBe(0);
  const ruleset = parsed(run.stdout);
  expect(ruleset.tables[0]?.rules.map((rule) => [rule.number, rule.line])).toEqual([
    [1, 6],
    [2, 9],
  ]);
  expect(ruleMeaning(ruleset, ruleset.tables[0]?.rules[0] as Rule)).toMatchObject({
    comment,
    effect: { kind: 'verdict', verdict: 'DROP' },
  });
  expect(printRuleset(ruleset)).toBe(run.stdout);
});

it.each(backends)('iptables-%s: insertions end where the kernel puts them', (backend) => {
  const text = `*filter
:INPUT ACCEPT [0:0]
:X - [0:0]
-A X -s 10.0.0.1
-A X -s 10.0.0.2
-I X -s 10.0.0.3
-I X 2 -s 10.0.0.4,10.0.0.5 -d 10.1.0.1,10.1.0.2
-A X -s 10.0.0.6,10.0.0.7
-P INPUT DROP
-N Y
-A Y -j X
COMMIT
`;
  const saved = loaded(4, backend, text);
  const mine = parsed(text);
  const kernels = parsed(saved ?? '');
  const order = (ruleset: Ruleset): unknown =>
    ['INPUT', 'X', 'Y'].map((chain) => {
      const found = ruleset.tables[0]?.chains.get(chain);
      return [found?.policy, found?.rules.map((rule) => [rule.number, certainMeaning(ruleset, rule)])];
    });
  expect(order(mine)).toEqual(order(kernels));
  // And the printed form loads to the same.
  expect(loaded(4, backend, printRuleset(mine))?.replace(/^#.*$/gm, '')).toBe(saved?.replace(/^#.*$/gm, ''));
});

it.each(backends)('iptables-%s: counters of rules and chains', (backend) => {
  const text = `*filter
:INPUT ACCEPT [18446744073709551615:7]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [1:2]
:X - [0:0]
[12345678901234:98765432109876] -A INPUT -j X
[0:0] -A X -j RETURN
COMMIT
`;
  const saved = loaded(4, backend, text, '-c') ?? '';
  const ruleset = parsed(saved);
  expect(printRuleset(ruleset)).toBe(saved);
  expect(ruleset.tables[0]?.chains.get('INPUT')?.rules[0]?.counters).toEqual({
    packets: 12345678901234n,
    bytes: 98765432109876n,
  });
});

it.skipIf(!backends.includes('nft'))('iptables-nft-save: tables that it cannot show are named', () => {
  const foreign = `iptables-nft -A INPUT -j ACCEPT; iptables-nft -t nat -A OUTPUT -j RETURN
nft add set ip filter s '{ type ipv4_addr; flags interval; }'; nft add rule ip filter INPUT ip saddr @s ct count 5 drop
nft add table ip raw; nft add chain ip raw PREROUTING '{ type filter hook prerouting priority 7; policy drop; }'
iptables-nft-save`;
  const { stdout } = inNamespace(foreign, '');
  expect(stdout).toContain('*nat');
  expect([...unreadTables(stdout)].sort()).toEqual(['filter', 'raw']);
});

it.each(backends)('iptables-%s: names with blanks come out without quotes, and their rules are kept as they stand', (backend) => {
  const name = tool(4, backend);
  const rules = [
    '-i "a b" -j ACCEPT',
    '-m recent --set --name "x y" -j DROP',
    '-m hashlimit --hashlimit-upto 5/s --hashlimit-name "x  y" -j DROP',
    '-s 192.0.2.1 -j ACCEPT',
  ];
  const { stdout } = inNamespace(`${rules.map((rule) => `${name} -A INPUT ${rule} 2>/dev/null`).join('; ')}; ${name}-save`, '');
  const ruleset = parsed(stdout);
  expect(printRuleset(ruleset)).toBe(stdout);
  const meanings = ruleset.tables[0]?.rules.map((rule) => ruleMeaning(ruleset, rule)) ?? [];
  expect(meanings.map(({ effect }) => effect.kind)).toEqual(['unknown', 'unknown', 'unknown', 'verdict']);
  expect(meanings[0]?.notUnderstood[0]).toBe(
    '-A INPUT -i a b -j ACCEPT ("b" belongs to no option; iptables-save prints names with blanks without quotes)',
  );
  expect(ruleset.tables[0]?.rules.map((rule) => rule.number)).toEqual([1, 2, 3, 4]);
  const lines = stdout.split('\n').filter((line) => line.startsWith('-A'));
  expect(ruleset.tables[0]?.rules.map((rule) => canonicalText(ruleset, rule, backend).split(/ +/))).toEqual(
    lines.map((line) => line.split(/ +/)),
  );
  // Whoever writes such a line meant something else: iptables-restore takes none of it.
  expect(parseRuleset(stdout.replace(/^#.*$/gm, ''), { file: 'test', family: 4 }).ok).toBe(false);
  expect(loaded(4, backend, stdout)).toBeUndefined();
});

it.each(backends)('iptables-%s skips rules of the other family, which stay where they stand in the text', (backend) => {
  const text = `*filter
:INPUT ACCEPT [0:0]
-A INPUT -s 192.0.2.1/32 -j DROP
-6 -A INPUT -s 2001:db8::1/128 -j DROP
-4 -A INPUT -s 192.0.2.2/32 -j DROP
-A INPUT -p ipv6-icmp -6 -m icmp6 --icmpv6-type 135 -j ACCEPT
COMMIT
`;
  const mine = parsed(text, 4);
  expect(printRuleset(mine)).toBe(text);
  const kernels = parsed(loaded(4, backend, text) ?? '');
  const rules = (ruleset: Ruleset): unknown => ruleset.tables[0]?.rules.map((rule) => certainMeaning(ruleset, rule));
  expect(rules(mine)).toEqual(rules(kernels));
  expect(mine.tables[0]?.rules).toHaveLength(2);
});
